import type {
  Device,
  DeviceState,
  Extension,
  Id,
  KeyKind,
  Layer,
  Line,
  LineKey,
  SettingValue,
  Site,
} from '../../domain/entities.js'
import type { ExtensionNumber } from '../../domain/extension-number.js'
import type { Mac } from '../../domain/mac-address.js'
import type { Sealed } from '../../domain/secret.js'
import type { Millis } from '../../domain/clock.js'

/*
 * Rows of the tables and the entities they hold, both ways. A column that is null is a property that is absent.
 * Rows to insert have every column: SQLite writes NULL into a column that other rows of the statement have.
 */

/** Names of a table's columns; the compiler asks for each one of its row. */
function namesOf<Row>(columns: Readonly<Record<keyof Row, true>>): readonly (keyof Row & string)[] {
  return Object.keys(columns) as (keyof Row & string)[]
}

export interface SiteRow {
  id: Id
  slug: string
  name: string
  sip_domain: string | null
  revision: number
}

export function toSite(row: SiteRow): Site {
  const { id, slug, name, sip_domain: sipDomain, revision } = row
  return { id, slug, name, ...(sipDomain === null ? {} : { sipDomain }), revision }
}

export interface ExtensionRow {
  id: Id
  site_id: Id
  number: ExtensionNumber
  display_name: string
  email: string | null
  auth_username: string
  sealed_password: Sealed
  max_contacts: number | null
  enabled: number
  revision: number
}

export const EXTENSION_COLUMNS = namesOf<ExtensionRow>({
  id: true,
  site_id: true,
  number: true,
  display_name: true,
  email: true,
  auth_username: true,
  sealed_password: true,
  max_contacts: true,
  enabled: true,
  revision: true,
})

export function toExtension(row: ExtensionRow): Extension {
  return {
    id: row.id,
    siteId: row.site_id,
    number: row.number,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    authUsername: row.auth_username,
    sealedPassword: row.sealed_password,
    ...(row.max_contacts === null ? {} : { maxContacts: row.max_contacts }),
    enabled: row.enabled === 1,
    revision: row.revision,
  }
}

export function extensionRow(extension: Extension): ExtensionRow {
  return {
    id: extension.id,
    site_id: extension.siteId,
    number: extension.number,
    display_name: extension.displayName,
    email: extension.email ?? null,
    auth_username: extension.authUsername,
    sealed_password: extension.sealedPassword,
    max_contacts: extension.maxContacts ?? null,
    enabled: extension.enabled ? 1 : 0,
    revision: extension.revision,
  }
}

export interface DeviceRow {
  id: Id
  site_id: Id
  mac: Mac
  model: string
  name: string | null
  state: DeviceState
  group_id: Id | null
  retired_at: Millis | null
  sealed_token: Sealed
  token_hash: string
  sealed_admin_password: Sealed
  firmware_version: string | null
  last_seen_at: Millis | null
  last_seen_ip: string | null
  revision: number
}

export const DEVICE_COLUMNS = namesOf<DeviceRow>({
  id: true,
  site_id: true,
  mac: true,
  model: true,
  name: true,
  state: true,
  group_id: true,
  retired_at: true,
  sealed_token: true,
  token_hash: true,
  sealed_admin_password: true,
  firmware_version: true,
  last_seen_at: true,
  last_seen_ip: true,
  revision: true,
})

export function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    siteId: row.site_id,
    mac: row.mac,
    model: row.model,
    ...(row.name === null ? {} : { name: row.name }),
    state: row.state,
    ...(row.group_id === null ? {} : { groupId: row.group_id }),
    ...(row.retired_at === null ? {} : { retiredAt: row.retired_at }),
    sealedToken: row.sealed_token,
    tokenHash: row.token_hash,
    sealedAdminPassword: row.sealed_admin_password,
    ...(row.firmware_version === null ? {} : { firmwareVersion: row.firmware_version }),
    ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at }),
    ...(row.last_seen_ip === null ? {} : { lastSeenIp: row.last_seen_ip }),
    revision: row.revision,
  }
}

export function deviceRow(device: Device): DeviceRow {
  return {
    id: device.id,
    site_id: device.siteId,
    mac: device.mac,
    model: device.model,
    name: device.name ?? null,
    state: device.state,
    group_id: device.groupId ?? null,
    retired_at: device.retiredAt ?? null,
    sealed_token: device.sealedToken,
    token_hash: device.tokenHash,
    sealed_admin_password: device.sealedAdminPassword,
    firmware_version: device.firmwareVersion ?? null,
    last_seen_at: device.lastSeenAt ?? null,
    last_seen_ip: device.lastSeenIp ?? null,
    revision: device.revision,
  }
}

export interface LineRow {
  id: Id
  site_id: Id
  device_id: Id
  position: number
  extension_id: Id
  label: string | null
  auth_username: string
  sealed_password: Sealed
  sealed_former: Sealed | null
  former_until: Millis | null
}

export const LINE_COLUMNS = namesOf<LineRow>({
  id: true,
  site_id: true,
  device_id: true,
  position: true,
  extension_id: true,
  label: true,
  auth_username: true,
  sealed_password: true,
  sealed_former: true,
  former_until: true,
})

export function toLine(row: LineRow): Line {
  return {
    id: row.id,
    deviceId: row.device_id,
    position: row.position,
    extensionId: row.extension_id,
    ...(row.label === null ? {} : { label: row.label }),
    authUsername: row.auth_username,
    sealedPassword: row.sealed_password,
    ...(row.sealed_former === null || row.former_until === null
      ? {}
      : { former: { sealed: row.sealed_former, until: row.former_until } }),
  }
}

export function lineRow(line: Line, siteId: Id): LineRow {
  return {
    id: line.id,
    site_id: siteId,
    device_id: line.deviceId,
    position: line.position,
    extension_id: line.extensionId,
    label: line.label ?? null,
    auth_username: line.authUsername,
    sealed_password: line.sealedPassword,
    sealed_former: line.former?.sealed ?? null,
    former_until: line.former?.until ?? null,
  }
}

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

export interface SettingRow {
  layer: Layer
  owner: string
  key: string
  /** JSON. */
  value: string
}

export function toSettingValue({ layer, owner, key, value }: SettingRow): SettingValue {
  return { layer, owner, key, value: JSON.parse(value) as unknown }
}
