import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { loadPhones } from '../support/phone-catalog.js'
import { sampleOf } from '../support/setting-samples.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

let bench: AdminBench
let owner: AdminClient
const { vocabulary } = loadPhones()
/** Fields of people that no phone is told. */
const personal = [...vocabulary].filter(
  ([, { actedOnBy, layers }]) => actedOnBy !== 'phone' && layers.includes('extension'),
)

beforeAll(async () => {
  bench = await adminBench()
  owner = bench.as(await bench.tokenFor('owner'))
})
afterAll(() => bench.remove())

describe('fields of a person', () => {
  test('each is set and read by the API as it was given, a secret one is sealed and masked, and no phone is told', async () => {
    await owner.post('/extensions', { number: '201', name: 'Anna' })
    const mac = '001565000001'
    await owner.post('/devices', { mac, model: 'yealink/t21p-e2', lines: [{ extension: '201' }] })
    await bench.parts.refresh()
    const file = (): Promise<string> => owner.get(`/devices/${mac}/files/${mac}.cfg`).then(({ text }) => text)
    const before = await file()
    expect(before).toContain('account.1.user_name = 201')
    expect(personal.length).toBeGreaterThan(45)
    for (const [key, definition] of personal) {
      const set = await owner
        .put(`/settings/extension/201/${key}`, { value: sampleOf(key, definition) })
        .set('If-Match', '*')
      expect([key, set.status]).toEqual([key, 200])
    }
    const { values } = (await owner.get('/settings/extension/201')).body as { values: Record<string, unknown> }
    expect(values).toEqual(
      Object.fromEntries(personal.map(([key, one]) => [key, one.type === 'secret' ? '[secret]' : sampleOf(key, one)])),
    )
    const stored = (await bench.fresh.databases.main('setting_values').where({ key: 'voicemailPin' })) as {
      value: string
    }[]
    expect(stored[0]?.value).toMatch(/^"v1\./)
    expect(JSON.stringify((await owner.get('/audit?limit=500')).body)).not.toContain('0042')
    await bench.parts.refresh()
    expect(await file()).toBe(before)
  })

  test('a wrong value is refused with the name of the field, and nothing is kept', async () => {
    await owner.post('/extensions', { number: '202', name: 'Bert' })
    const wrong: [string, unknown][] = [
      ['voicemailEmail', 'nobody'],
      ['allowedNetworks', ['10.0.0.0/99']],
      ['forwardingRules', [{ action: 'forward' }]],
      ['recordCalls', 'perhaps'],
      ['voicemailPin', '[secret]'],
    ]
    for (const [key, value] of wrong) {
      const refused = await owner.put(`/settings/extension/202/${key}`, { value }).set('If-Match', '*')
      expect([refused.status, refused.body]).toEqual([
        422,
        expect.objectContaining({ code: 'SETTING_VALUE_INVALID', field: key }),
      ])
    }
    expect((await owner.get('/settings/extension/202')).body).toMatchObject({ values: {} })
  })

  test('the vocabulary says who acts on each', async () => {
    const { body } = (await owner.get('/vocabulary')) as { body: { key: string; actedOnBy: string }[] }
    const by = Object.fromEntries(body.map(({ key, actedOnBy }) => [key, actedOnBy]))
    expect(by).toMatchObject({ dtmf: 'phone', allowedNetworks: 'server', recordCalls: 'pbx' })
  })
})
