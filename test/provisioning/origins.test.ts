import { beforeEach, describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'
import { originsOf, type OriginLine } from '../../src/provisioning/origins.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MAC = '001565aabb01'
let bench: ProvisioningBench

beforeEach(() => {
  bench = new ProvisioningBench()
  const { content } = bench.snapshot
  const blf = { id: 'k1', owner: { kind: 'extension', id: 'e101' }, position: 1, kind: 'blf', value: '102' } as const
  content.putExtension(extensionRecord('101', { keys: [blf] }))
  content.putExtension(extensionRecord('102'))
})

async function lines(model = 'yealink/t21p-e2', people = ['101', '102']): Promise<OriginLine[]> {
  const { catalog, vocabulary, zones } = bench.phones
  const render = createRenderer(catalog, READERS)
  const device = phone(MAC, people, { model, groupId: 'g1' })
  bench.snapshot.content.putDevice(device)
  const found = catalog.model(model)
  const file = catalog.files(model).find(({ key }) => key === 'device')
  if (!found || !file) throw new Error('no such file')
  const viewSources = { snapshot: bench.snapshot, vocabulary, zones, open: (sealed: string) => new Secret(sealed) }
  return originsOf({ viewSources, render, turns: () => undefined }, found, file, device, SERVER)
}

const set = (layer: 'global' | 'group' | 'device' | 'line', owner: string, values: Record<string, unknown>): void =>
  bench.snapshot.content.putLayer(layer, owner, { revision: 1, values: new Map(Object.entries(values)) })

const of = (all: readonly OriginLine[], parameter: string): OriginLine => {
  const line = all.find((one) => one.parameter === parameter)
  if (!line) throw new Error(`no ${parameter}`)
  return line
}

describe('where a line comes from', () => {
  test('a value that was set: the setting, its layer, and the shipped default where nobody set any', async () => {
    set('group', 'g1', { language: 'de' })
    const all = await lines()
    expect(of(all, 'lang.gui')).toMatchObject({
      from: 'setting',
      settings: [{ key: 'language', origin: { layer: 'group', owner: 'g1' }, value: 'de' }],
    })
    const zone = all.filter(({ settings }) => settings.some(({ key }) => key === 'timezone'))
    expect(zone.length).toBeGreaterThan(1)
    expect(zone[0]?.settings[0]?.origin).toEqual({ layer: 'shipped', owner: '' })
  })

  test('a value of one line is told of that line only', async () => {
    set('line', `l${MAC}-2`, { transport: 'tcp' })
    const all = await lines()
    const layerOf = (n: number): string | undefined =>
      all
        .find(
          ({ parameter, settings }) =>
            parameter?.startsWith(`account.${n}.`) && settings.some(({ key }) => key === 'transport'),
        )
        ?.settings.find(({ key }) => key === 'transport')?.origin.layer
    expect([layerOf(1), layerOf(2)]).toEqual(['shipped', 'line'])
  })

  test('names come from people, keys from keys, the token from the phone, the registrar from this server', async () => {
    const all = await lines('yealink/t21p-e2', ['101'])
    expect(of(all, 'account.1.display_name').from).toBe('person')
    expect(of(all, 'account.1.user_name').from).toBe('person')
    expect(all.filter(({ from }) => from === 'key').length).toBeGreaterThan(0)
    expect(
      all
        .filter(({ from }) => from === 'phone')
        .map(({ text }) => text)
        .join(),
    ).toContain('********')
    expect(of(all, 'account.1.sip_server.1.address').settings.map(({ key }) => key)).toContain('sipServer')
  })

  test("a maker's own parameter is told with its layer", async () => {
    set('device', `d${MAC}`, { 'raw.yealink.phone_setting.backlight_time': '60' })
    expect(of(await lines(), 'phone_setting.backlight_time')).toMatchObject({
      from: 'raw',
      settings: [{ key: 'raw.yealink.phone_setting.backlight_time', origin: { layer: 'device' }, value: '60' }],
    })
  })

  test.each(['yealink/t28p', 'snom/d120', 'grandstream/gxp1628', 'grandstream/grp2614'])(
    'every parameter of %s is on some line, and no line shows a secret',
    async (model) => {
      const all = await lines(model)
      expect(all.filter(({ parameter }) => parameter !== undefined).length).toBeGreaterThan(30)
      expect(all.map(({ text }) => text).join('\n')).not.toMatch(/password-of-|admin-of-/)
      for (const { parameter, from } of all) if (parameter !== undefined) expect(from).toBeDefined()
    },
  )
})
