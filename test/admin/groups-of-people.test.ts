import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type request from 'supertest'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

const MAC = '001565000201'
let bench: AdminBench
let owner: AdminClient

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
  for (const name of ['Sales', 'Support', 'Hall']) await owner.post('/groups', { name })
  await owner.post('/extensions', { number: '201', name: 'Ann' })
  await owner.post('/extensions', { number: '202', name: 'Bob' })
  const lines = [{ extension: '201' }, { extension: '202' }]
  await owner.post('/devices', { mac: MAC, model: 'yealink/t28p', lines, group: 'Hall' })
})
afterAll(() => bench.remove())

const set = (path: string, value: unknown): request.Test =>
  owner.put(`/settings/${path}`, { value }).set('If-Match', '*')
const join = (number: string, groups: string[]): request.Test =>
  owner.put(`/extensions/${number}/groups`, groups).set('If-Match', '*')
const codeOf = ({ status, body }: request.Response): [number, string] => [status, (body as { code: string }).code]

async function file(): Promise<string> {
  await bench.parts.refresh()
  return (await owner.get(`/devices/${MAC}/files/${MAC}.cfg`)).text
}

interface Explained {
  key: string
  candidates: { origin: { layer: string; owner: string }; value: unknown }[]
}

/** Layers that set a value of the phone, the weakest first. */
async function explained(key: string): Promise<string[]> {
  await bench.parts.refresh()
  const { body } = await owner.get(`/devices/${MAC}/settings`)
  const { items } = body as { items: Explained[] }
  const candidates = items.find((one) => one.key === key)?.candidates ?? []
  return candidates.map(({ origin, value }) => `${origin.layer} ${String(value)}`)
}

test('a person in two groups: the first is the stronger, the person is stronger than both, the group of the phone weaker', async () => {
  await set('group/Hall/timezone', 'Europe/Paris')
  await set('group/Support/timezone', 'Europe/Madrid')
  await set('group/Sales/timezone', 'Asia/Tokyo')
  const joined = await join('201', ['sales', 'Support'])
  expect([joined.status, joined.body]).toMatchObject([200, { groups: ['Sales', 'Support'] }])
  expect((await explained('timezone')).slice(-3)).toEqual([
    'group Europe/Paris',
    'group Europe/Madrid',
    'group Asia/Tokyo',
  ])
  const japanese = await file()
  await join('201', ['Support', 'Sales'])
  expect((await explained('timezone')).at(-1)).toBe('group Europe/Madrid')
  expect(await file()).not.toBe(japanese)
  await set('extension/201/timezone', 'Europe/Berlin')
  expect((await explained('timezone')).at(-1)).toBe('extension Europe/Berlin')
  await owner.delete('/settings/extension/201/timezone').set('If-Match', '*')
})

test('the origin of a line in the file names the group it comes from', async () => {
  await join('201', ['Sales', 'Support'])
  await bench.parts.refresh()
  const { body } = await owner.get(`/devices/${MAC}/files/${MAC}.cfg/origins`)
  const { lines } = body as { lines: { settings: { key: string; layer: string; owner?: string }[] }[] }
  const found = lines.flatMap(({ settings }) => settings).filter(({ key }) => key === 'timezone')
  const groups = (await owner.get('/groups')).body as { items: { id: string; name: string }[] }
  const sales = groups.items.find(({ name }) => name === 'Sales')
  expect(found.length).toBeGreaterThan(0)
  for (const one of found) expect(one).toMatchObject({ layer: 'group' })
  expect(JSON.stringify(found[0])).toMatch(new RegExp(`Sales|${sales?.id ?? '-'}`))
})

test('a line of somebody else takes the groups of that one', async () => {
  await set('group/Support/dtmf', 'info')
  await join('202', ['Support'])
  await join('201', [])
  const text = await file()
  expect(text).toContain('account.2.dtmf.type = 2')
  expect(text).not.toContain('account.1.dtmf.type = 2')
})

test('keys of both groups are laid on, the stronger first, and one that both have once', async () => {
  const keys = (name: string, values: string[]): request.Test =>
    owner
      .put(
        `/groups/${name}/keys`,
        values.map((value, index) => ({ position: index + 1, kind: 'speed-dial', value })),
      )
      .set('If-Match', '*')
  await keys('Sales', ['901', '900'])
  await keys('Support', ['900', '902'])
  await join('201', ['Support', 'Sales'])
  const text = await file()
  const dialled = [...text.matchAll(/^(?:memory|line)key\.\d+\.value = (90\d)/gm)].map(([, value]) => value)
  expect(dialled).toEqual(['900', '902', '901'])
})

test('a change for a group reaches the phones of its people, and the preview says so', async () => {
  await join('201', ['Sales'])
  await join('202', [])
  await bench.parts.refresh()
  const { body } = await owner.post('/settings/group/Sales/language/preview', { value: 'fr' })
  expect(JSON.stringify(body)).toContain('"changed":1')
})

test('a group that is not there is refused, a stale page too, and a group with people is not removed', async () => {
  expect(codeOf(await join('201', ['Sales', 'Nowhere']))).toEqual([404, 'GROUP_NOT_FOUND'])
  expect((await owner.get('/extensions/201')).body).toMatchObject({ groups: ['Sales'] })
  const stale = await owner.put('/extensions/201/groups', ['Support']).set('If-Match', '"1"')
  expect(codeOf(stale)).toEqual([412, 'REVISION_CONFLICT'])
  const gone = await owner.delete('/groups/Sales').set('If-Match', '*')
  expect(codeOf(gone)).toEqual([409, 'GROUP_IN_USE'])
  expect((await owner.get('/groups/Sales')).body).toMatchObject({ people: 1, devices: 0 })
  expect((await owner.get('/extensions?group=sales')).body).toMatchObject({ items: [{ number: '201' }], total: 1 })
})

test('a copy has the groups, and who comes back after being removed has them too', async () => {
  await join('201', ['Support', 'Sales'])
  await owner.post('/extensions/201/duplicate', { number: '203', name: 'Cy' })
  expect((await owner.get('/extensions/203')).body).toMatchObject({ groups: ['Support', 'Sales'] })
  await owner.delete('/extensions/203').set('If-Match', '*')
  const { items } = (await owner.get('/removed-extensions')).body as { items: { id: string; number: string }[] }
  await owner.post(`/removed-extensions/${items.find(({ number }) => number === '203')?.id ?? ''}/restore`)
  expect((await owner.get('/extensions/203')).body).toMatchObject({ groups: ['Support', 'Sales'] })
})
