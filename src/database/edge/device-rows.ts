import type { Device, DeviceState, Id, Line } from '../../domain/entities.js'
import type { Mac } from '../../domain/mac-address.js'
import type { Sealed } from '../../domain/secret.js'
import type { Millis } from '../../domain/clock.js'
import { namesOf } from './rows.js'

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
