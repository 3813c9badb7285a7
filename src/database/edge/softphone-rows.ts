import type { Millis } from '../../domain/clock.js'
import type { Id, Softphone, SoftphoneToken, SoftphoneTransport } from '../../domain/entities.js'
import type { Sealed } from '../../domain/secret.js'

/** Columns of `softphones` that the program acts on; who made it and when is for people. */
export interface SoftphoneRow {
  id: Id
  site_id: Id
  extension_id: Id
  app: string
  name: string | null
  auth_username: string
  sealed_password: Sealed
  transport: SoftphoneTransport
  address: string
}

export const SOFTPHONE_COLUMNS = [
  'id',
  'site_id',
  'extension_id',
  'app',
  'name',
  'auth_username',
  'sealed_password',
  'transport',
  'address',
] as const satisfies readonly (keyof SoftphoneRow)[]

export interface SoftphoneTokenRow {
  id: Id
  softphone_id: Id
  token_hash: string
  uses_left: number
  expires_at: Millis
}

export const SOFTPHONE_TOKEN_COLUMNS = [
  'id',
  'softphone_id',
  'token_hash',
  'uses_left',
  'expires_at',
] as const satisfies readonly (keyof SoftphoneTokenRow)[]

export function toSoftphone(row: SoftphoneRow): Softphone {
  return {
    id: row.id,
    siteId: row.site_id,
    extensionId: row.extension_id,
    app: row.app,
    ...(row.name === null ? {} : { name: row.name }),
    authUsername: row.auth_username,
    sealedPassword: row.sealed_password,
    transport: row.transport,
    address: row.address,
  }
}

export function softphoneRow(softphone: Softphone): SoftphoneRow {
  return {
    id: softphone.id,
    site_id: softphone.siteId,
    extension_id: softphone.extensionId,
    app: softphone.app,
    name: softphone.name ?? null,
    auth_username: softphone.authUsername,
    sealed_password: softphone.sealedPassword,
    transport: softphone.transport,
    address: softphone.address,
  }
}

export function toSoftphoneToken(row: SoftphoneTokenRow): SoftphoneToken {
  return {
    id: row.id,
    softphoneId: row.softphone_id,
    tokenHash: row.token_hash,
    usesLeft: row.uses_left,
    // PostgreSQL gives bigint as text unless told otherwise.
    expiresAt: Number(row.expires_at),
  }
}

/** A token that was not used up or revoked; whether it has expired is for the clock of whoever asks. */
export function isLive({ uses_left: usesLeft }: Pick<SoftphoneTokenRow, 'uses_left'>): boolean {
  return usesLeft > 0
}
