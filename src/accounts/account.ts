import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Sealed } from '../domain/secret.js'
import { problemWithLine } from '../settings/vocabulary.js'
import type { Grant, Permission, Rights } from './permissions.js'

/** Somebody who may sign in. Has nothing to do with SIP: an extension's password opens nothing here. */
export interface AdminUser {
  readonly id: Id
  /** Sign-in name, lower case. */
  readonly name: string
  /** Signs in as well; lower case. */
  readonly email?: string
  /** Absent: nobody has set a password yet, only a link opens the account. */
  readonly passwordHash?: string
  /** Secret of the authenticator app; sealed. */
  readonly sealedTotp?: Sealed
  /** The app was proven; before that no code is asked for. */
  readonly totpConfirmed: boolean
  /** Time step of the last code that was taken: no code counts twice. */
  readonly totpStep?: number
  readonly enabled: boolean
  readonly grants: readonly Grant[]
  readonly lastSignInAt?: Millis
  readonly createdAt: Millis
  readonly revision: number
}

/** A browser that is signed in. The id itself is only in its cookie. */
export interface Session {
  readonly idHash: string
  readonly userId: Id
  readonly createdAt: Millis
  readonly lastSeenAt: Millis
  readonly expiresAt: Millis
  readonly peer: string
  readonly userAgent?: string
}

/** A token for programs; acts as its user, within its scopes. The token itself is shown once. */
export interface ApiToken {
  readonly id: Id
  readonly userId: Id
  readonly tokenHash: string
  readonly label: string
  /** Absent: all that the user may. */
  readonly scopes?: readonly Permission[]
  /** Absent: every site of the user. */
  readonly siteId?: Id
  readonly createdAt: Millis
  readonly expiresAt: Millis
  readonly lastUsedAt?: Millis
}

/** A link that works once: the first owner makes himself known, or somebody sets his password. */
export interface Link {
  readonly tokenHash: string
  readonly purpose: 'setup' | 'password'
  readonly userId?: Id
  readonly createdAt: Millis
  readonly expiresAt: Millis
}

/** On whose behalf a use case runs. `actor` goes into the audit log. */
export interface Acting {
  readonly actor: string
  readonly rights: Rights
  /** The admin himself: his own tokens are his affair. */
  readonly userId?: Id
}

const NAME = /^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$/
/** A longer one costs the server time and nobody any safety. */
const PASSWORD_MAX = 200
const PASSPHRASE_MIN = 20
const PASSWORD_MIN = 10

/** The sign-in name in lower case. Throws NAME_INVALID. */
export function requireLoginName(text: string, field = 'name'): string {
  const name = text.trim().toLowerCase()
  if (!NAME.test(name)) {
    throw new AppError('NAME_INVALID', `${field}: 1 to 64 letters, digits, and . _ @ + - inside are wanted`, { field })
  }
  return name
}

/** Throws PASSWORD_INVALID: 10 characters with digit, upper and lower case, or 20 of any kind. */
export function requireAdminPassword(password: string, name: string, field = 'password'): string {
  const refuse = (what: string): AppError =>
    new AppError('PASSWORD_INVALID', `${field}: the password ${what}`, { field })
  const length = [...password].length
  if (length > PASSWORD_MAX) throw refuse(`is longer than ${PASSWORD_MAX} characters`)
  if (/[\u0000-\u001f\u007f]/.test(password) || !password.isWellFormed()) throw refuse('holds a control character')
  if (length < PASSWORD_MIN) throw refuse(`is shorter than ${PASSWORD_MIN} characters`)
  if (new Set(password).size < 5) throw refuse('repeats too few characters')
  if (name.length > 2 && password.toLowerCase().includes(name)) throw refuse('holds the name')
  const kinds: readonly [RegExp, string][] = [
    [/\p{Nd}/u, 'a digit'],
    [/\p{Lu}/u, 'an upper-case letter'],
    [/\p{Ll}/u, 'a lower-case letter'],
  ]
  const missing = kinds.filter(([kind]) => !kind.test(password)).map(([, word]) => word)
  if (length < PASSPHRASE_MIN && missing.length > 0) {
    throw refuse(`needs ${missing.join(' and ')}, or ${PASSPHRASE_MIN} characters of any kind`)
  }
  return password
}

/** A label of a token or name of a role. Throws NAME_INVALID. */
export function requireLabel(text: string, field: string): string {
  const label = text.trim()
  const problem = label === '' ? 'is empty' : problemWithLine(label, 80)
  if (problem !== undefined) throw new AppError('NAME_INVALID', `${field}: ${problem}`, { field })
  return label
}

/** What the audit log keeps of an admin. */
export function describeUser(user: AdminUser): Record<string, unknown> {
  const { name, email, enabled, grants, totpConfirmed } = user
  return { name, ...(email === undefined ? {} : { email }), enabled, grants, totp: totpConfirmed }
}
