import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { SettingDefinition } from '../../src/settings/vocabulary.js'
import { loadPhones } from '../support/phone-catalog.js'
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

const STRUCTURES: Record<string, unknown> = {
  forwardingRules: [
    { status: 'away', action: 'forward', target: { kind: 'queue', number: '6000' } },
    { action: 'ring' },
  ],
  officeHours: { mon: [{ from: '00:00', to: '23:59' }], sun: [{ from: '00:00', to: '00:00' }] },
  holidays: [{ name: '<b>Advent & "more"</b>', from: '2026-12-01', to: '2026-12-24' }],
  followMe: [{ number: '203', seconds: 10 }, { number: '202' }],
  callerIdByTrunk: [
    { trunk: 'B', number: '+49 30 2' },
    { trunk: 'A', number: '+49 30 1' },
  ],
}

/** Some value that the field takes and that is not its default. */
function sample(key: string, definition: SettingDefinition): unknown {
  switch (definition.type) {
    case 'boolean':
      return definition.default !== true
    case 'integer':
      return definition.max
    case 'enum':
      return definition.values?.at(-1)
    case 'networks':
      return ['192.168.7.0/24', '2001:db8::/32']
    case 'email':
      return 'box+1@example.org'
    case 'telephone':
      return '+7 (999) 123-45-67'
    case 'number':
      return '*97'
    case 'secret':
      return '0042'
    case 'lines':
      return '[section]\r\n\tpermit = 10.0.0.0/8 ; "quoted"\n'
    case 'structure':
      return STRUCTURES[definition.structure ?? '']
    default:
      return `${key} <i>&amp;</i> 'ä'`
  }
}

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
        .put(`/settings/extension/201/${key}`, { value: sample(key, definition) })
        .set('If-Match', '*')
      expect([key, set.status]).toEqual([key, 200])
    }
    const { values } = (await owner.get('/settings/extension/201')).body as { values: Record<string, unknown> }
    expect(values).toEqual(
      Object.fromEntries(personal.map(([key, one]) => [key, one.type === 'secret' ? '[secret]' : sample(key, one)])),
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
