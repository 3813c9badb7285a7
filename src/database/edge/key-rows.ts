import type { Id, KeyKind, LineKey } from '../../domain/entities.js'
import { namesOf } from './rows.js'

export interface LineKeyRow {
  id: Id
  site_id: Id
  extension_id: Id | null
  device_id: Id | null
  bank: string | null
  position: number
  kind: KeyKind
  value: string | null
  label: string | null
  line: number | null
  locked: 0 | 1
}

export const LINE_KEY_COLUMNS = namesOf<LineKeyRow>({
  id: true,
  site_id: true,
  extension_id: true,
  device_id: true,
  bank: true,
  position: true,
  kind: true,
  value: true,
  label: true,
  line: true,
  locked: true,
})

export function toLineKey(row: LineKeyRow): LineKey {
  return {
    id: row.id,
    owner:
      row.extension_id === null
        ? { kind: 'device', id: row.device_id ?? '' }
        : { kind: 'extension', id: row.extension_id },
    position: row.position,
    ...(row.bank === null ? {} : { bank: row.bank }),
    kind: row.kind,
    ...(row.value === null ? {} : { value: row.value }),
    ...(row.label === null ? {} : { label: row.label }),
    ...(row.line === null ? {} : { line: row.line }),
    ...(row.locked === 1 ? { locked: true } : {}),
  }
}

export function lineKeyRow(key: LineKey, siteId: Id): LineKeyRow {
  return {
    id: key.id,
    site_id: siteId,
    extension_id: key.owner.kind === 'extension' ? key.owner.id : null,
    device_id: key.owner.kind === 'device' ? key.owner.id : null,
    bank: key.bank ?? null,
    position: key.position,
    kind: key.kind,
    value: key.value ?? null,
    label: key.label ?? null,
    line: key.line ?? null,
    locked: key.locked ? 1 : 0,
  }
}

export interface GroupKeyRow extends Omit<LineKeyRow, 'extension_id' | 'device_id' | 'bank' | 'locked'> {
  group_id: Id
}

export function toGroupKey(row: GroupKeyRow): LineKey {
  const { group_id: id, ...key } = row
  return {
    ...toLineKey({ ...key, extension_id: null, device_id: null, bank: null, locked: 0 }),
    owner: { kind: 'group', id },
  }
}

export function groupKeyRow(key: LineKey, siteId: Id): GroupKeyRow {
  const { id, kind, position, value, label, line } = key
  const content = { kind, position, value: value ?? null, label: label ?? null, line: line ?? null }
  return { id, site_id: siteId, group_id: key.owner.id, ...content }
}
