import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createKnexApplyBulk } from '../../src/bulk/edge/knex-apply.js'
import { AT_ONCE } from '../../src/domain/turns.js'
import { CountedTurns } from '../support/counted-turns.js'
import { importNote } from '../support/imports.js'
import { deviceRecord, extensionRecord } from '../support/records.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

/** Devices and people; each person has one phone. */
const COUNT = 10_000

let bench: AdminBench
let owner: AdminClient

beforeAll(async () => {
  bench = await adminBench()
  const people = Array.from({ length: COUNT }, (_, index) => extensionRecord(String(10_000 + index)))
  const phones = people.map(({ number }, index) =>
    deviceRecord(`0015650${index.toString(16).padStart(5, '0')}`, [number], { model: 'yealink/t21p-e2' }),
  )
  const plan = {
    createExtensions: people,
    updateExtensions: [],
    purgeDevices: [],
    createDevices: phones,
    updateDevices: [],
    settings: [],
  }
  await createKnexApplyBulk(bench.fresh.databases.main)(plan, { actor: 'cli:test', at: 0 }, importNote('long-lists'))
  await bench.parts.refresh()
  owner = bench.as(await bench.tokenFor('owner'))
}, 120_000)
afterAll(() => bench.remove())

interface Page {
  items: { mac: string; number: string }[]
  nextCursor?: string
  total: number
}

/** Every page of a list. How fast they come is a question for `npm run bench -- admin-pages`. */
async function pages(path: string): Promise<Page[]> {
  const got: Page[] = []
  let cursor: string | undefined
  do {
    const { status, body } = await owner.get(`${path}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    expect(status).toBe(200)
    const page = body as Page
    got.push(page)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return got
}

test('10,000 phones are listed page by page, each once', async () => {
  const all = await pages('/devices?limit=200')
  const macs = all.flatMap(({ items }) => items.map(({ mac }) => mac))
  expect([macs.length, new Set(macs).size, all.length]).toEqual([COUNT, COUNT, COUNT / 200])
  expect(macs).toEqual([...macs].sort())
})

test('people likewise, by name, backwards', async () => {
  const people = await pages('/extensions?limit=500&sort=-name')
  const numbers = people.flatMap(({ items }) => items.map(({ number }) => number))
  expect(numbers).toEqual([...numbers].sort().reverse())
  expect(numbers.length).toBe(COUNT)
})

test.each([
  ['person 19999', 1],
  ['1999', 11],
  ['PERSÖN 1500', 10],
])('a search for %s finds %d people', async (text, found) => {
  const all = await pages(`/extensions?limit=7&q=${encodeURIComponent(text)}`)
  expect(all.flatMap(({ items }) => items).length).toBe(found)
})

test.each(['person 14660', '00:15:65:00:12:34', '0015.6500.1234'])('a search for %s finds one phone', async (text) => {
  const [page] = await pages(`/devices?q=${encodeURIComponent(text)}`)
  expect(page?.items.map(({ mac }) => mac)).toEqual(['001565001234'])
})

test.each(['/extensions', '/devices', '/phonebook'])(
  'a search in %s lets phones have their turn after each twenty of 10,000 texts that are made the first time',
  async (list) => {
    const turns = new CountedTurns()
    bench.parts.turns = () => turns.next
    const { body } = await owner.get(`${list}?q=${encodeURIComponent('перс')}`)
    bench.parts.turns = () => AT_ONCE
    expect((body as Page).total).toBe(COUNT)
    expect(turns.waited).toBe((2 * COUNT) / 20)
  },
)

test('a list that changes between two pages shows nothing twice', async () => {
  const first = (await owner.get('/extensions?limit=3')).body as Page
  await owner.delete('/extensions/10001?force=true').set('If-Match', '*')
  await owner.post('/extensions', { number: '9', name: 'First of all' })
  const next = (await owner.get(`/extensions?limit=3&cursor=${first.nextCursor ?? ''}`)).body as Page
  const numbers = [...first.items, ...next.items].map(({ number }) => number)
  expect(numbers).toEqual(['10000', '10001', '10002', '10003', '10004', '10005'])
})
