import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type request from 'supertest'
import { DEFAULT_SITE } from '../support/admins.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

let bench: AdminBench
let owner: AdminClient

const MAC = '001565000077'
const blf = (value: string, position: number): object => ({ position, kind: 'blf', value })
const etagOf = (answer: request.Response): string => String(answer.headers.etag)
const codeOf = (answer: request.Response): unknown => [answer.status, (answer.body as { code: string }).code]

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
  for (const [number, name] of [
    ['101', 'Anna Berg'],
    ['102', 'Jörg Müller'],
    ['103', 'Zoë Lindström'],
  ]) {
    await owner.post('/extensions', { number, name })
  }
  await owner.post('/groups', { name: 'Hall' })
  await owner.post('/devices', {
    ...{ mac: MAC, model: 'yealink/t21p-e2', group: 'Hall' },
    lines: [{ extension: '101' }],
  })
})
afterAll(() => bench.remove())

interface Layout {
  model: string
  keys: { bank: string; position: number; kind: string; value?: string; shown?: string; of?: string }[]
  overflow: { value?: string; of: string; why: string }[]
  repeated: { value?: string; of: string }[]
}

async function layoutAt(path: string): Promise<Layout> {
  return (await owner.get(path)).body as Layout
}

describe('keys by the API', () => {
  test('a person’s are read with an entity tag, replaced with it, and refused to whoever saw older ones', async () => {
    const first = await owner.get('/extensions/101/keys')
    expect([first.status, first.body]).toEqual([200, []])
    const keys = [blf('102', 1), { position: 2, kind: 'speed-dial', value: '0301234', label: 'Taxi' }]
    const set = await owner.put('/extensions/101/keys', keys).set('If-Match', etagOf(first))
    expect(set.status).toBe(200)
    const again = await owner.put('/extensions/101/keys', []).set('If-Match', etagOf(first))
    expect(codeOf(again)).toEqual([412, 'REVISION_CONFLICT'])
    const now = await owner.get('/extensions/101/keys')
    expect([now.body, etagOf(now)]).toEqual([keys, etagOf(set)])
    expect(codeOf(await owner.put('/extensions/101/keys', keys))).toEqual([428, 'REVISION_NEEDED'])
  })

  test('the same key twice is refused, and the answer names which', async () => {
    const answer = await owner.put('/extensions/103/keys', [blf('101', 1), blf('101', 2)]).set('If-Match', '*')
    expect(codeOf(answer)).toEqual([422, 'KEY_REPEATED'])
    expect(answer.body).toMatchObject({ problems: [{ column: 'keys.1' }] })
  })

  test('the layout tells where each key lands on the phone, what it shows, and what is left out and why', async () => {
    await owner.put('/groups/Hall/keys', [blf('102', 1), blf('103', 2)]).set('If-Match', '*')
    await owner.put('/extensions/101/keys', [blf('102', 1)]).set('If-Match', '*')
    const layout = await layoutAt('/extensions/101/keys/layout')
    expect(layout).toMatchObject({ model: 'yealink/t21p-e2', mac: MAC })
    expect(layout.keys.filter(({ bank }) => bank === 'linekey')).toEqual([
      { bank: 'linekey', position: 1, kind: 'line', line: 1, shown: 'Anna Berg', of: 'account' },
      { bank: 'linekey', position: 2, kind: 'blf', value: '102', shown: 'Jörg Müller', of: 'extension' },
    ])
    expect(layout.overflow).toEqual([{ position: 2, kind: 'blf', value: '103', of: 'group', why: 'full' }])
    expect(layout.repeated).toEqual([{ position: 1, kind: 'blf', value: '102', of: 'group' }])
    expect(await layoutAt(`/devices/${MAC}/keys/layout`)).toEqual(layout)
  })

  test('and as it would be on another model: a T19P watches nobody', async () => {
    const layout = await layoutAt('/extensions/101/keys/layout?model=yealink/t19p-e2')
    expect(layout.overflow.map(({ value, why }) => [value, why])).toEqual([
      ['102', 'kind'],
      ['103', 'kind'],
    ])
    const group = await layoutAt('/groups/Hall/keys/layout?model=yealink/t28p')
    expect(group.keys.flatMap(({ value, of }) => (value === undefined ? [] : [[value, of]]))).toEqual([
      ['102', 'group'],
      ['103', 'group'],
    ])
    expect(codeOf(await owner.get('/extensions/102/keys/layout'))).toEqual([422, 'MODEL_UNKNOWN'])
    expect(codeOf(await owner.get('/extensions/102/keys/layout?model=no/such'))).toEqual([422, 'MODEL_UNKNOWN'])
  })

  test('a key of a person may be locked: the lock is kept, and keys of phones and groups have none', async () => {
    await owner.post('/extensions', { number: '778', name: 'Locked' })
    const keys = [{ ...blf('102', 1), locked: true }, blf('103', 2)]
    const saved = await owner.put('/extensions/778/keys', keys).set('If-Match', '*')
    expect(saved.status).toBe(200)
    expect((await owner.get('/extensions/778/keys')).body).toEqual(keys)
    const refused = await owner.put('/groups/Hall/keys', [{ ...blf('102', 1), locked: true }]).set('If-Match', '*')
    expect(codeOf(refused)).toEqual([422, 'KEY_INVALID'])
  })

  test('expansion modules make room: as if some were attached, and for good by the setting', async () => {
    const mac = '805ec0000077'
    await owner.post('/extensions', { number: '777', name: 'Front desk' })
    await owner.post('/devices', { mac, model: 'yealink/t28p', lines: [{ extension: '777' }] })
    const many = Array.from({ length: 20 }, (_, index) => blf(String(200 + index), index + 1))
    await owner.put('/extensions/777/keys', many).set('If-Match', '*')
    const bare = await layoutAt(`/devices/${mac}/keys/layout`)
    expect(bare.overflow.map(({ why }) => why)).toEqual(Array(5).fill('module'))
    expect((await layoutAt(`/devices/${mac}/keys/layout?modules=1`)).overflow).toEqual([])
    await owner.put(`/settings/device/${mac}/keyModules`, { value: 1 }).set('If-Match', '*')
    const equipped = await layoutAt(`/devices/${mac}/keys/layout`)
    expect(equipped.keys.filter(({ bank, of }) => bank === 'expansion' && of === 'extension')).toHaveLength(5)
    const file = await owner.get(`/devices/${mac}/files/${mac}.cfg`)
    expect(file.text).toContain('expansion_module.1.key.2.value = 215')
    expect(file.text).not.toContain('expansion_module.2.')
  })

  test('the file of a phone in the group has the group’s keys after those of its person', async () => {
    await owner.put('/extensions/101/keys', []).set('If-Match', '*')
    const file = await owner.get(`/devices/${MAC}/files/${MAC}.cfg`)
    expect(file.text).toContain('linekey.2.value = 102')
    expect(file.text).toContain('linekey.2.label = Jörg Müller')
    const empty = await owner.put('/groups/Hall/keys', []).set('If-Match', '*')
    expect(empty.body).toEqual([])
    expect((await owner.get(`/devices/${MAC}/files/${MAC}.cfg`)).text).not.toContain('linekey.2.value = 102')
  })

  test('a model tells what its keys can be and where they lie', async () => {
    const model = await owner.get('/models/yealink/t19p-e2')
    expect(model.body).toMatchObject({
      id: 'yealink/t19p-e2',
      keys: { softkey: { auto: true, count: 4 } },
      front: { blocks: [{ name: 'softkey', at: 'below', columns: 4 }, { name: 'function' }] },
    })
    expect(codeOf(await owner.get('/models/no/such'))).toEqual([404, 'MODEL_NOT_FOUND'])
  })

  test('a viewer reads them and sets none', async () => {
    const viewer = bench.as(await bench.tokenFor('viewer', DEFAULT_SITE))
    expect((await viewer.get('/extensions/101/keys/layout')).status).toBe(200)
    expect((await viewer.get('/groups/Hall/keys')).status).toBe(200)
    for (const path of ['/extensions/101/keys', `/devices/${MAC}/keys`, '/groups/Hall/keys']) {
      expect(codeOf(await viewer.put(path, []).set('If-Match', '*'))).toEqual([403, 'FORBIDDEN'])
    }
  })
})
