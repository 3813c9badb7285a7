import { shownLabel, type KeyLayout, type PlacedKey } from '../catalog/key-bank.js'
import { moduleOf } from '../catalog/key-modules.js'
import type { KeyField, PhoneModel } from '../catalog/manifest.js'
import { Secret } from '../domain/secret.js'
import type { Resolved } from '../settings/resolve.js'
import type { SettingScalar } from '../settings/vocabulary.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { FileView, KeyView, LineView } from './file-view.js'
import { shared } from './shared-item.js'

/** Every key of the phone with the vendor fields of its kind, by bank. */
export function keyViews(
  snapshot: Snapshot,
  model: PhoneModel,
  device: DeviceRecord,
  layout: KeyLayout,
  lines: readonly LineView[],
  base: FileView,
  resolved: Resolved,
): Record<string, KeyView[]> {
  const views: Record<string, KeyView[]> = Object.fromEntries(model.banks.map((name) => [name, []]))
  for (const [name, placed] of Object.entries(layout.banks)) {
    const bank = model.keys[name]
    const free = freeKeys(model, name)
    const view = (key: PlacedKey): KeyView => {
      const line = lines[(key.line ?? 1) - 1]
      const target = key.value === undefined ? undefined : snapshot.extensionByNumber(device.siteId, key.value)
      const label = shownLabel(key, line?.label, target?.displayName, bank?.labelMax)
      return keyView(model, bank, key, label, placesOf(key, line, base, resolved))
    }
    views[name] = placed.map((key) => {
      if (key.kind !== 'none') return view(key)
      let unused = free.get(key.position)
      if (!unused) free.set(key.position, (unused = shared(keyView(model, bank, key, null, NO_PLACES))))
      return unused
    })
  }
  return views
}

const FREE_KEYS = new WeakMap<PhoneModel, Map<string, Map<number, KeyView>>>()

/** Unused keys of a bank by position: a phone may have two hundred of which three are used. */
function freeKeys(model: PhoneModel, bank: string): Map<number, KeyView> {
  const banks = FREE_KEYS.get(model) ?? new Map<string, Map<number, KeyView>>()
  FREE_KEYS.set(model, banks)
  const keys = banks.get(bank) ?? new Map<number, KeyView>()
  banks.set(bank, keys)
  return keys
}

function keyView(
  model: PhoneModel,
  bank: PhoneModel['keys'][string] | undefined,
  key: PlacedKey,
  label: string | null,
  places: Places,
): KeyView {
  const view: Record<string, unknown> = {}
  const kind = bank?.keyKinds?.[key.kind] ?? model.keyKinds[key.kind]
  for (const field in model.keyFields) view[field] = fillField(model.keyFields[field] ?? null, places)
  for (const field in kind) view[field] = fillField(kind[field] ?? null, places)
  const slot = bank?.slots?.[key.position - 1] ?? NO_SLOT
  if (bank?.module) Object.assign(view, moduleOf(bank.module, key.position))
  return Object.assign(view, { n: key.position, index: key.index, kind: key.kind, label, slot })
}

type Places = Readonly<Record<string, string | number | Secret | null>>

const NO_PLACES: Places = {}
const NO_SLOT: Readonly<Record<string, string>> = {}

function placesOf(key: PlacedKey, line: LineView | undefined, base: FileView, { values }: Resolved): Places {
  const settings = line?.settings ?? values
  const scalar = (value: SettingScalar | undefined): string | null => (typeof value === 'string' ? value : null)
  const number = key.value ?? (key.kind === 'voicemail' ? scalar(settings.voicemailNumber) : null)
  return {
    number,
    line: key.line ?? 1,
    line0: (key.line ?? 1) - 1,
    pickup: scalar(settings.pickupCode),
    groupPickup: key.value ?? scalar(settings.groupPickupCode),
    domain: line?.server ?? base.server.host,
    phonebook: base.phonebook?.url ?? null,
  }
}

/** Fills `{number}`-like places; a field whose place has no value is cleared, one with a secret in it is a secret. */
function fillField(field: KeyField, places: Places): KeyField | Secret {
  if (typeof field !== 'string') return field
  let missing = false
  let secret = false
  const filled = field.replace(/\{(\w+)\}/g, (_place, name: string) => {
    const value = places[name]
    if (value === null || value === undefined) missing = true
    if (!(value instanceof Secret)) return String(value)
    secret = true
    return value.reveal()
  })
  return missing ? null : secret ? new Secret(filled) : filled
}
