import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import type { Sealed } from '../../domain/secret.js'
import type { AdminUser, ApiToken, Link, Session } from '../account.js'
import { PERMISSIONS, type CustomRole, type Grant, type Permission } from '../permissions.js'

/* Rows of the accounts' tables and what they hold, both ways; null is absent. */

export interface UserRow {
  id: Id
  name: string
  email: string | null
  password_hash: string | null
  sealed_totp: Sealed | null
  totp_confirmed: number
  totp_step: number | null
  enabled: number
  last_sign_in_at: Millis | null
  revision: number
  created_at: Millis
}

export function toUser(row: UserRow, grants: readonly Grant[]): AdminUser {
  return {
    id: row.id,
    name: row.name,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.password_hash === null ? {} : { passwordHash: row.password_hash }),
    ...(row.sealed_totp === null ? {} : { sealedTotp: row.sealed_totp }),
    totpConfirmed: row.totp_confirmed === 1,
    ...(row.totp_step === null ? {} : { totpStep: row.totp_step }),
    enabled: row.enabled === 1,
    grants,
    ...(row.last_sign_in_at === null ? {} : { lastSignInAt: row.last_sign_in_at }),
    createdAt: row.created_at,
    revision: row.revision,
  }
}

export function userRow(user: AdminUser): UserRow {
  return {
    id: user.id,
    name: user.name,
    email: user.email ?? null,
    password_hash: user.passwordHash ?? null,
    sealed_totp: user.sealedTotp ?? null,
    totp_confirmed: user.totpConfirmed ? 1 : 0,
    totp_step: user.totpStep ?? null,
    enabled: user.enabled ? 1 : 0,
    last_sign_in_at: user.lastSignInAt ?? null,
    revision: user.revision,
    created_at: user.createdAt,
  }
}

export interface RoleRow {
  id: Id
  site_id: Id
  name: string
  /** JSON. */
  permissions: string
  revision: number
}

/** A permission that this version does not know any more is left out. */
export function toRole({ id, site_id: siteId, name, permissions, revision }: RoleRow): CustomRole {
  const known = (JSON.parse(permissions) as string[]).filter((one) => Object.hasOwn(PERMISSIONS, one))
  return { id, siteId, name, permissions: known as Permission[], revision }
}

export function roleRow({ id, siteId, name, permissions, revision }: CustomRole): RoleRow {
  return { id, site_id: siteId, name, permissions: JSON.stringify(permissions), revision }
}

export interface SessionRow {
  id_hash: string
  user_id: Id
  created_at: Millis
  last_seen_at: Millis
  expires_at: Millis
  peer: string
  user_agent: string | null
}

export function toSession(row: SessionRow): Session {
  return {
    idHash: row.id_hash,
    userId: row.user_id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    peer: row.peer,
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
  }
}

export function sessionRow(session: Session): SessionRow {
  return {
    id_hash: session.idHash,
    user_id: session.userId,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    peer: session.peer,
    user_agent: session.userAgent ?? null,
  }
}

export interface TokenRow {
  id: Id
  user_id: Id
  token_hash: string
  label: string
  /** JSON. */
  scopes: string | null
  site_id: Id | null
  created_at: Millis
  expires_at: Millis
  last_used_at: Millis | null
}

export function toToken(row: TokenRow): ApiToken {
  return {
    id: row.id,
    userId: row.user_id,
    tokenHash: row.token_hash,
    label: row.label,
    ...(row.scopes === null ? {} : { scopes: JSON.parse(row.scopes) as Permission[] }),
    ...(row.site_id === null ? {} : { siteId: row.site_id }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  }
}

export function tokenRow(token: ApiToken): TokenRow {
  return {
    id: token.id,
    user_id: token.userId,
    token_hash: token.tokenHash,
    label: token.label,
    scopes: token.scopes === undefined ? null : JSON.stringify(token.scopes),
    site_id: token.siteId ?? null,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: token.lastUsedAt ?? null,
  }
}

export interface LinkRow {
  token_hash: string
  purpose: Link['purpose']
  user_id: Id | null
  created_at: Millis
  expires_at: Millis
}

export function toLink(row: LinkRow): Link {
  return {
    tokenHash: row.token_hash,
    purpose: row.purpose,
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

export function linkRow(link: Link): LinkRow {
  return {
    token_hash: link.tokenHash,
    purpose: link.purpose,
    user_id: link.userId ?? null,
    created_at: link.createdAt,
    expires_at: link.expiresAt,
  }
}
