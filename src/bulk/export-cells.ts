import type { Id, LineKey } from '../domain/entities.js'
import type { OwnerLayer } from './settings-change.js'
import { SETTING_OWNERS, type SettingOwner } from './columns.js'
import type { Exportable, ExportItem, ExportOptions } from './export-rows.js'
import { groupNameCell, groupsCell } from './group-names.js'
import { keyCell } from './key-cell.js'
import { phoneKeyPlace, settingOwner } from './mapping.js'
import { placeOf } from './plan-keys.js'
import { settingText } from './plan-settings.js'
import { CLEARED } from './row-cells.js'

export interface CellParts {
  isSecret(key: string): boolean
  /** A person's password; who takes it is kept in the audit log. */
  password(number: string): Promise<string>
  /** The text of a sealed setting. */
  openSetting(layer: OwnerLayer, owner: Id, key: string, sealed: unknown): string
}

/** What stands in the cells of one column. */
export type CellOf = (item: ExportItem) => string | Promise<string>

/** Cells of what is asked for by its name as an import knows it: a field, key or setting. */
export function cellsOf(name: string, all: Exportable, parts: CellParts, options: ExportOptions): CellOf {
  const { passwords = false } = options
  const nameOf = (id: Id): string | undefined => all.groups.find((group) => group.id === id)?.name
  const fixed: Readonly<Record<string, CellOf>> = {
    mac: ({ phone }) => phone?.mac ?? '',
    model: ({ phone }) => phone?.model ?? '',
    vendor: ({ phone }) => phone?.model.split('/')[0] ?? '',
    phoneName: ({ phone }) => phone?.name ?? '',
    phoneState: ({ phone }) => phone?.state ?? '',
    phoneGroup: ({ phone }) => (phone?.groupId === undefined ? '' : groupNameCell(nameOf(phone.groupId))),
    line: ({ line }) => (line === undefined ? '' : String(line.position)),
    lineLabel: ({ line }) => line?.label ?? '',
    number: ({ person, waiting }) => person?.number ?? (waiting ? CLEARED : ''),
    name: ({ person, waiting }) => (person ?? waiting)?.displayName ?? '',
    email: ({ person, waiting }) => (person ?? waiting)?.email ?? '',
    username: ({ person }) => person?.authUsername ?? '',
    enabled: ({ person }) => (person ? String(person.enabled) : ''),
    groups: ({ person }) => groupsCell((person?.groups ?? []).flatMap((id) => nameOf(id) ?? [])),
    keysOfGroup: ({ group }) => group?.name ?? '',
    // One by one, because each look at a password is an audit row of its own.
    password: ({ person }) => (passwords && person ? parts.password(person.number) : ''),
  }
  const field = Object.hasOwn(fixed, name) ? fixed[name] : undefined
  return field ?? keyCells(name) ?? settingCells(name, all, parts, passwords)
}

/** Cells of a column of keys; undefined: it is none. */
function keyCells(name: string): CellOf | undefined {
  const ofPhone = phoneKeyPlace(name)
  if (ofPhone) return ({ phone }) => keyAt(phone?.keys, placeOf(ofPhone))
  const place = /^key(\d+)$/.exec(name)?.[1]
  return place === undefined ? undefined : ({ person, group }) => keyAt((person ?? group)?.keys, place)
}

function keyAt(keys: readonly LineKey[] | undefined, place: string): string {
  const key = keys?.find((one) => placeOf(one) === place)
  return key ? keyCell(key) : ''
}

function settingCells(name: string, all: Exportable, parts: CellParts, passwords: boolean): CellOf {
  const { of, key } = settingOwner(name) ?? { of: undefined, key: name }
  const isSecret = parts.isSecret(key)
  return (item) => {
    if (of === undefined && item.waiting) return shown(item.waiting.settings.get(key))
    const place = ownerIn(item, of)
    if (!place) return ''
    const { layer, owner } = place
    const value = all.layer(layer, owner).values.get(key)
    if (!isSecret || value === undefined || value === null) return isSecret && !passwords ? '' : shown(value)
    return passwords ? parts.openSetting(layer, owner, key, value) : ''
  }
}

function shown(value: unknown): string {
  return value === undefined ? '' : settingText(value)
}

/** Whose settings a row has; undefined: it is not about any such. */
export function ownerIn(
  { person, phone, line, group }: ExportItem,
  of: SettingOwner | undefined,
): { layer: OwnerLayer; owner: Id } | undefined {
  if (of === undefined) return person && { layer: 'extension', owner: person.id }
  const owner = { phone, line, group }[of]?.id
  return owner === undefined ? undefined : { layer: SETTING_OWNERS[of], owner }
}
