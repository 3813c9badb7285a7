import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Mac } from '../../src/domain/mac-address.js'
import { Secret } from '../../src/domain/secret.js'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import type { LayerEdit } from '../../src/provisioning/edits.js'
import { findEffect, type Effect, type EffectParts } from '../../src/provisioning/effect.js'
import { previewFiles } from '../../src/provisioning/preview.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { phone, ProvisioningBench, SERVER } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'
import { DEFAULT_SITE } from '../support/admins.js'

const [ANNA, BERT, CARL, GERD] = ['001565aabb01', '001565aabb02', '000413aabb03', '000b82aabb04'] as Mac[]

let bench: ProvisioningBench
let parts: { -readonly [Name in keyof EffectParts]: EffectParts[Name] }
let rendered: number

beforeEach(() => {
  bench = new ProvisioningBench()
  const { content } = bench.snapshot
  for (const number of ['101', '102', '103', '104']) content.putExtension(extensionRecord(number))
  content.putDevice(phone(ANNA ?? '', ['101']))
  content.putDevice(phone(BERT ?? '', ['102'], { groupId: 'g1' }))
  content.putDevice(phone(CARL ?? '', ['103'], { model: 'snom/d120' }))
  content.putDevice(phone(GERD ?? '', ['104'], { model: 'grandstream/gxp1628' }))
  const { catalog, vocabulary, zones } = bench.phones
  const render = createRenderer(catalog, READERS)
  rendered = 0
  parts = {
    catalog,
    render: (input) => {
      rendered += 1
      return render(input)
    },
    viewSources: { snapshot: bench.snapshot, vocabulary, zones, open: (sealed) => new Secret(sealed) },
    serverAddress: () => SERVER,
    turns: () => undefined,
  }
})

const effect = (...edits: LayerEdit[]): Promise<Effect> => findEffect(parts, bench.snapshot.allDevices(), edits)
const changedBy = async (...edits: LayerEdit[]): Promise<string[]> =>
  (await effect(...edits)).changed.map(({ mac }) => mac).sort()

describe('what a change of settings would do', () => {
  test('reaches the phones of its layer, and changes those whose bytes change', async () => {
    expect(await changedBy({ layer: 'global', owner: '', key: 'language', value: 'de' })).toHaveLength(4)
    expect(await changedBy({ layer: 'group', owner: 'g1', key: 'language', value: 'de' })).toEqual([BERT])
    expect(await changedBy({ layer: 'vendor', owner: 'snom', key: 'transport', value: 'tcp' })).toEqual([CARL])
    expect(await changedBy({ layer: 'extension', owner: 'e101', key: 'dtmf', value: 'info' })).toEqual([ANNA])
    expect(await changedBy({ layer: 'line', owner: `l${ANNA}-1`, key: 'dtmf', value: 'info' })).toEqual([ANNA])
  })

  test('leaves out phones where a stronger layer says something else', async () => {
    const values = new Map([['language', 'fr']])
    bench.snapshot.content.putLayer('group', 'g1', { revision: 1, values })
    expect(await changedBy({ layer: 'site', owner: DEFAULT_SITE, key: 'language', value: 'de' })).toEqual(
      [ANNA, CARL, GERD].sort(),
    )
  })

  test('leaves out what a phone is not told: the same value as the default, and what its vendor has no word for', async () => {
    expect(await changedBy({ layer: 'global', owner: '', key: 'language', value: 'en' })).toEqual([])
    const tones = await changedBy({ layer: 'global', owner: '', key: 'toneCountry', value: 'de' })
    expect(tones).not.toContain(GERD)
    expect(tones).toContain(ANNA)
  })

  test('others have their turn after each file that was rendered', async () => {
    let [since, most] = [0, 0]
    parts.turns = () => {
      most = Math.max(most, rendered - since)
      since = rendered
      return undefined
    }
    await effect({ layer: 'global', owner: '', key: 'language', value: 'de' })
    expect([most, rendered > 8, rendered - since]).toEqual([1, true, 0])
  })

  test('counts a value that is taken away', async () => {
    const values = new Map([['language', 'fr']])
    bench.snapshot.content.putLayer('group', 'g1', { revision: 1, values })
    expect(await changedBy({ layer: 'group', owner: 'g1', key: 'language' })).toEqual([BERT])
  })

  test('says that phones restart for a VLAN, and not for a language', async () => {
    expect((await effect({ layer: 'global', owner: '', key: 'vlanId', value: 20 })).restarts).toBe(true)
    expect((await effect({ layer: 'global', owner: '', key: 'language', value: 'de' })).restarts).toBe(false)
  })

  test('shows one phone line by line, without its secrets', async () => {
    const { sample } = await effect({ layer: 'device', owner: `d${ANNA}`, key: 'language', value: 'de' })
    const lines = sample?.files.flatMap(({ diff }) => diff) ?? []
    expect(lines.filter(({ kind }) => kind === 'gone').length).toBeGreaterThan(0)
    expect(lines.filter(({ kind }) => kind === 'new').some(({ text }) => /German/i.test(text))).toBe(true)
    expect(JSON.stringify(sample?.files)).not.toContain('password-of-')
  })

  test('takes a vendor parameter of a password typed in the clear', async () => {
    const key = 'raw.yealink.account.1.password'
    expect(await changedBy({ layer: 'device', owner: `d${ANNA}`, key, value: 'typed' })).toEqual([ANNA])
  })

  test('renders one of each sort of phones, however many there are', async () => {
    for (let index = 0; index < 500; index += 1) {
      const number = String(2_000 + index)
      bench.snapshot.content.putExtension(extensionRecord(number))
      bench.snapshot.content.putDevice(phone((0x001565bb0000 + index).toString(16).padStart(12, '0'), [number]))
    }
    const found = await effect({ layer: 'global', owner: '', key: 'language', value: 'de' })
    expect(found.changed).toHaveLength(504)
    expect(rendered).toBeLessThan(60)
  })

  test('a phone whose file cannot be made is told apart', async () => {
    parts = {
      ...parts,
      render: () => {
        throw new Error('broken')
      },
    }
    const found = await effect({ layer: 'global', owner: '', key: 'language', value: 'de' })
    expect([found.changed.length, found.failing, found.failure]).toEqual([0, 4, 'internal error'])
  })
})

const SETTINGS: fc.Arbitrary<readonly [string, unknown]> = fc.oneof(
  fc.tuple(fc.constant('language'), fc.constantFrom('de', 'en', 'fr')),
  fc.tuple(fc.constant('dtmf'), fc.constantFrom('info', 'rfc4733')),
  fc.tuple(fc.constant('voicemailNumber'), fc.constantFrom('*97', null)),
  fc.tuple(fc.constant('webAccess'), fc.constantFrom('off', 'both')),
  fc.tuple(fc.constant('pickupCode'), fc.constantFrom('**', null)),
)
const PLACES = fc.constantFrom(
  ['global', ''],
  ['site', DEFAULT_SITE],
  ['vendor', 'yealink'],
  ['model', 'yealink/t21p-e2'],
  ['group', 'g1'],
  ['extension', 'e101'],
  ['device', `d${BERT}`],
  ['line', `l${CARL}-1`],
) as fc.Arbitrary<[LayerEdit['layer'], string]>

test('whatever is set where, the phones foretold are just those whose bytes change', async () => {
  const digests = (): Map<string, string> =>
    new Map(
      [...bench.snapshot.allDevices()].map((device) => [
        device.mac,
        sha256Hex(JSON.stringify(previewFiles(parts, device, { secrets: true }))),
      ]),
    )
  await fc.assert(
    fc.asyncProperty(PLACES, SETTINGS, fc.boolean(), async ([layer, owner], [key, value], isUnset) => {
      const edit: LayerEdit = isUnset ? { layer, owner, key } : { layer, owner, key, value }
      const foretold = await changedBy(edit)
      const before = digests()
      const { revision, values } = bench.snapshot.layer(layer, owner)
      const after = new Map(values)
      if (isUnset) after.delete(key)
      else after.set(key, value)
      bench.snapshot.content.putLayer(layer, owner, { revision: revision + 1, values: after })
      const now = digests()
      expect(foretold).toEqual([...now.keys()].filter((mac) => now.get(mac) !== before.get(mac)).sort())
    }),
    { numRuns: 60 },
  )
})
