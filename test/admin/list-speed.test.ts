import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createKnexApplyBulk } from '../../src/bulk/edge/knex-apply.js'
import { deviceRecord, extensionRecord } from '../support/records.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

/** Devices and people; each person has one phone. */
const COUNT = 10_000
/** What a page may take at the server, in milliseconds. */
const PAGE_MS = 100

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
  }
  await createKnexApplyBulk(bench.fresh.databases.main)(plan, { actor: 'cli:test', at: 0 })
  await bench.parts.refresh()
  owner = bench.as(await bench.tokenFor('owner'))
}, 120_000)
afterAll(() => bench.remove())

interface Page {
  items: { mac: string; number: string }[]
  nextCursor?: string
  total: number
}

/** Every page of a list, with the CPU time that each took: others use the machine too. */
async function pages(path: string): Promise<{ pages: Page[]; cpuMs: number[] }> {
  const got: { pages: Page[]; cpuMs: number[] } = { pages: [], cpuMs: [] }
  let cursor: string | undefined
  do {
    const began = process.cpuUsage()
    const { status, body } = await owner.get(`${path}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    const { user, system } = process.cpuUsage(began)
    expect(status).toBe(200)
    const page = body as Page
    got.pages.push(page)
    got.cpuMs.push((user + system) / 1_000)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return got
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? Infinity

test('10,000 phones are listed page by page, each once, within 100 ms a page', async () => {
  const all = await pages('/devices?limit=200')
  const macs = all.pages.flatMap(({ items }) => items.map(({ mac }) => mac))
  expect([macs.length, new Set(macs).size, all.pages.length]).toEqual([COUNT, COUNT, COUNT / 200])
  expect(macs).toEqual([...macs].sort())
  expect(percentile(all.cpuMs, 0.95)).toBeLessThan(PAGE_MS)
})

test('people likewise, by name, backwards, and searched', async () => {
  // What is searched and sorted by is made ready once for each record.
  for (const list of ['extensions', 'devices']) await owner.get(`/${list}?limit=1&sort=-name&q=nobody`)
  const people = await pages('/extensions?limit=500&sort=-name')
  const numbers = people.pages.flatMap(({ items }) => items.map(({ number }) => number))
  expect(numbers).toEqual([...numbers].sort().reverse())
  expect(numbers.length).toBe(COUNT)
  const searches = ['person 19999', '1999', 'PERSÖN 1500', '00:15:65:00:12:34'].map((q) => encodeURIComponent(q))
  const took: number[] = []
  for (const q of [...searches, ...searches, ...searches, ...searches, ...searches]) {
    for (const list of ['extensions', 'devices']) took.push(...(await pages(`/${list}?limit=100&q=${q}`)).cpuMs)
  }
  expect(percentile([...took, ...people.cpuMs], 0.95)).toBeLessThan(PAGE_MS)
}, 120_000)

test('a list that changes between two pages shows nothing twice', async () => {
  const first = (await owner.get('/extensions?limit=3')).body as Page
  await owner.delete('/extensions/10001?force=true').set('If-Match', '*')
  await owner.post('/extensions', { number: '9', name: 'First of all' })
  const next = (await owner.get(`/extensions?limit=3&cursor=${first.nextCursor ?? ''}`)).body as Page
  const numbers = [...first.items, ...next.items].map(({ number }) => number)
  expect(numbers).toEqual(['10000', '10001', '10002', '10003', '10004', '10005'])
})
