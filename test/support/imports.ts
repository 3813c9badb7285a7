import type { ImportNote } from '../../src/bulk/apply.js'
import type { OwnerLayer } from '../../src/bulk/settings-change.js'
import { exportPeople } from '../../src/bulk/export.js'
import type { ExportOptions } from '../../src/bulk/export-rows.js'
import { profilesIn } from '../../src/bulk/edge/load-profiles.js'
import { isExactColumn } from '../../src/bulk/mapping.js'
import { createModelFinder } from '../../src/bulk/model-names.js'
import { NO_PAUSE } from '../../src/bulk/pace.js'
import type { ImportPlan } from '../../src/bulk/plan.js'
import type { Existing } from '../../src/bulk/plan-parts.js'
import type { ImportOptions, PrepareParts } from '../../src/bulk/import-options.js'
import { prepare, type Prepared } from '../../src/bulk/prepare.js'
import { answerKey } from '../../src/bulk/value-questions.js'
import { checkDeviceKeys } from '../../src/catalog/key-bank.js'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import type { Mac } from '../../src/domain/mac-address.js'
import type { Sealed } from '../../src/domain/secret.js'
import { NO_POLICY } from '../../src/extensions/policy.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { checkSetting } from '../../src/settings/vocabulary.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../../src/snapshot/snapshot.js'
import { FakeClock } from './fake-clock.js'
import { loadPhones } from './phone-catalog.js'
import { seededRandom } from './seeded-random.js'
import { DEFAULT_SITE } from './admins.js'

/** Profiles, vocabulary and phone models as shipped; secrets of a key of its own. */
export function importParts(): PrepareParts {
  const random = seededRandom()
  const { catalog, vocabulary } = loadPhones()
  return {
    siteId: DEFAULT_SITE,
    secrets: createSecretBox(createKeyRing([{ id: 'k1', key: random.bytes(32) }]), random),
    clock: new FakeClock(),
    random,
    models: (id) => {
      const model = catalog.model(id)
      return (
        model && {
          accounts: model.lines,
          adminPassword: model.adminPassword,
          checkKeys: (keys) => checkDeviceKeys(model, keys),
        }
      )
    },
    vocabulary,
    profiles: [...profilesIn([shippedTemplates()])],
    findModel: createModelFinder(catalog.models()),
    isSecret: (key) => vocabulary.get(key)?.type === 'secret',
    checkSetting: (key, value, layer = 'extension') => checkSetting(vocabulary, key, layer, value),
  }
}

export const NOTHING_THERE: Existing = {
  extensions: new Map(),
  devices: new Map(),
  foreign: new Set(),
  policy: NO_POLICY,
  siteLayers: [],
  unnumbered: [],
  places: {
    site: { slug: 'main', name: 'Main' },
    groups: [{ id: 'group-1', name: 'Warehouse', revision: 1, keys: [] }],
    roles: ['admin', 'operator', 'viewer'],
    remembered: new Map(),
  },
  settings: () => ({ revision: 0, values: new Map() }),
}

/** What a file would do. */
export async function prepared(
  file: string | Uint8Array,
  parts: PrepareParts,
  existing: Existing = NOTHING_THERE,
  options: ImportOptions = {},
): Promise<Prepared> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file
  return prepare(bytes, options, existing, parts, { pace: NO_PAUSE, progress: () => undefined })
}

/** What there is after a plan was written over what there was. */
export function afterPlan({ plan }: ImportPlan, before: Existing = NOTHING_THERE): Existing {
  const { seals } = plan
  const person = (one: ExtensionRecord): ExtensionRecord => seals?.extension(one) ?? one
  const phone = (one: DeviceRecord): DeviceRecord =>
    seals ? { ...seals.device(one), lines: one.lines.map((line) => seals.line(line)) } : one
  const extensions = new Map<string, ExtensionRecord>(before.extensions)
  for (const one of plan.createExtensions) extensions.set(one.number, person(one))
  for (const one of plan.updateExtensions) extensions.set(one.number, { ...person(one), revision: one.revision + 1 })
  const devices = new Map<Mac, DeviceRecord>(before.devices)
  for (const one of plan.createDevices) devices.set(one.mac, phone(one))
  for (const one of plan.updateDevices) devices.set(one.mac, { ...phone(one), revision: one.revision + 1 })
  const layers = new Map<string, LayerValues>()
  for (const change of plan.settings) {
    const { layer, owner, revision, set, unset } = seals?.settings(change) ?? change
    const values = new Map([...before.settings(owner, layer).values, ...set])
    for (const key of unset) values.delete(key)
    layers.set(owner, { revision: revision + 1, values })
  }
  const unnumbered = new Map(before.unnumbered.map((one) => [one.id, one]))
  for (const one of plan.putUnnumbered ?? []) unnumbered.set(one.id, { ...one, revision: one.revision + 1 })
  for (const { id } of plan.takeUnnumbered ?? []) unnumbered.delete(id)
  const remembered = new Map([
    ...before.places.remembered,
    ...(plan.answers ?? []).map((one): [string, string] => [answerKey(one), one.answer]),
  ])
  const groups = new Map(before.places.groups.map((one) => [one.id, one]))
  for (const { id, name, keys, revision } of plan.putGroups ?? [])
    groups.set(id, { id, name, keys, revision: revision + 1 })
  const places = { ...before.places, remembered, groups: [...groups.values()] }
  return {
    ...before,
    extensions,
    devices,
    unnumbered: [...unnumbered.values()],
    places,
    settings: (id, layer) => layers.get(id) ?? before.settings(id, layer),
  }
}

/** An import that is only noted, for tests of what is written. */
export function importNote(id: string): ImportNote {
  const none = { added: 0, changed: 0, unchanged: 0 }
  return {
    done: {
      id,
      siteId: DEFAULT_SITE,
      state: 'done',
      actor: 'import:test',
      startedAt: 0,
      summary: {
        rows: 0,
        outcomes: { new: 0, changed: 0, same: 0, exists: 0, left: 0, duplicate: 0, error: 0 },
        warnings: 0,
        people: none,
        phones: none,
        kept: [],
        unknown: [],
        left: [],
        repairs: [],
      },
      runner: 'test',
    },
    results: [],
    progress: () => Promise.resolve(),
  }
}

/** The file that an export of all this is. */
export function exportedFrom(existing: Existing, parts: PrepareParts, options: ExportOptions = {}): Promise<string> {
  const all = {
    extensions: [...existing.extensions.values()],
    devices: [...existing.devices.values()],
    unnumbered: existing.unnumbered,
    groups: existing.places.groups,
    layer: (layer: OwnerLayer, owner: string) => existing.settings(owner, layer),
  }
  const password = (number: string): Promise<string> => {
    const one = existing.extensions.get(number)
    if (!one) throw new Error(`no ${number}`)
    return Promise.resolve(parts.secrets.open(one.sealedPassword, SEAL_CONTEXTS.extensionPassword(one.id)).reveal())
  }
  const openSetting = (layer: OwnerLayer, owner: string, key: string, sealed: unknown): string =>
    parts.secrets.open(sealed as Sealed, SEAL_CONTEXTS.settingValue(layer, owner, key)).reveal()
  const isExact = (column: string): boolean => isExactColumn(column, parts.vocabulary)
  return exportPeople(all, { ...parts, isExact, password, openSetting, pace: NO_PAUSE }, options)
}
