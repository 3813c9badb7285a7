import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { newId, randomText, type Random } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { Secret } from '../domain/secret.js'
import { generatePassword, requireEmail } from '../extensions/rules.js'
import {
  describeUser,
  requireAdminPassword,
  requireLabel,
  requireLoginName,
  type Acting,
  type AdminUser,
  type ApiToken,
} from './account.js'
import { ALL_SITES, may, mayAll, narrowed, rightsOf, type Grant, type Permission } from './permissions.js'
import { requireGrants, requireKeepsAnOwner, visibleIn, requireManages } from './rules.js'
import type { AccountReads, AccountStore, AccountWrites } from './store.js'

/** Makes and checks password hashes; slow on purpose. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  verify(password: string, hash: string): Promise<boolean>
}

export interface AccountAdminParts {
  store: AccountStore
  hasher: Pick<PasswordHasher, 'hash'>
  clock: Clock
  random: Random
}

/** 160 bits. */
export const TOKEN_LENGTH = 32
const API_TOKEN_PREFIX = 'pbt_'
const DAY_MS = 86_400_000
/** How long a link to set a password is good. */
const LINK_DAYS = 3
/** How long the link of a start is good; the next start tells another one. */
const SETUP_LINK_DAYS = 7
const TOKEN_DAYS = 90
const TOKEN_DAYS_MAX = 3_650

interface NewUser {
  name: string
  email?: string | undefined
  grants: readonly Grant[]
  /** Absent: nobody knows one; `link` or `resetPassword` opens the account. */
  password?: string | undefined
}

interface NewToken {
  label: string
  scopes?: readonly Permission[] | undefined
  siteId?: Id | undefined
  /** Default 90, most 3650. */
  days?: number | undefined
}

/** What admins may do with admins. Every call refuses with FORBIDDEN what goes beyond the rights of the one who acts. */
export interface AccountAdmin {
  /** Throws ADMIN_EXISTS, NAME_INVALID, EMAIL_INVALID, PASSWORD_INVALID, ROLE_NOT_FOUND. */
  create(by: Acting, input: NewUser): Promise<AdminUser>
  /** Those with a role in a site where `by` may see accounts; by name. */
  list(by: Acting): Promise<AdminUser[]>
  /** By id or sign-in name. Throws ADMIN_NOT_FOUND, as all below. */
  show(by: Acting, idOrName: string): Promise<AdminUser>
  /** `email: ''` takes the address away. Throws LAST_OWNER, REVISION_CONFLICT when `seen` is stale. */
  update(
    by: Acting,
    id: string,
    changes: {
      email?: string | undefined
      enabled?: boolean | undefined
      grants?: readonly Grant[] | undefined
      seen?: Seen | undefined
    },
  ): Promise<AdminUser>
  /** Throws LAST_OWNER. */
  remove(by: Acting, id: string, seen?: Seen): Promise<void>
  /** Sets a password, made when absent, and ends all sessions. */
  resetPassword(by: Acting, id: string, password?: string): Promise<Secret>
  /** Takes the authenticator app away. */
  resetTotp(by: Acting, id: string): Promise<AdminUser>
  /** A token for a link that sets the password, once, within LINK_DAYS. */
  passwordLink(by: Acting, id: string): Promise<{ token: Secret; expiresAt: number }>
  /** A token for the link by which the first owner makes himself known, while there is no admin; earlier ones die. */
  setupLink(): Promise<Secret | undefined>
  /** A token for a user; its scopes must be among the rights of user and `by`. */
  createToken(by: Acting, userId: string, input: NewToken): Promise<{ token: Secret; record: ApiToken }>
  tokens(by: Acting, userId: string): Promise<ApiToken[]>
  /** Throws TOKEN_NOT_FOUND. */
  revokeToken(by: Acting, tokenId: string): Promise<void>
}

export function createAccountAdmin(parts: AccountAdminParts): AccountAdmin {
  const { store, clock, random } = parts
  const edit = (
    by: Acting,
    action: string,
    idOrName: string,
    work: (before: AdminUser, writes: AccountWrites) => AdminUser | Promise<AdminUser>,
  ): Promise<AdminUser> =>
    store.change(async (writes) => {
      const before = await managed(by, writes, idOrName)
      const after = await work(before, writes)
      await writes.replaceUser(after, {
        ...changeOf(by, clock, action, before),
        before: describeUser(before),
        after: describeUser(after),
      })
      return { ...after, revision: before.revision + 1 }
    })

  return {
    create: async (by, input) => {
      const user = await draftUser(parts, input)
      await store.change(async (writes) => {
        requireGrants(by, user.grants, await writes.roles())
        await writes.insertUser(user, { ...changeOf(by, clock, 'add', user), after: describeUser(user) })
      })
      return user
    },
    list: async (by) => (await store.users()).filter((user) => visibleIn(by, user, 'accounts.read')),
    show: (by, idOrName) => visible(by, store, idOrName),
    update: (by, id, { email, enabled, grants, seen }) =>
      edit(by, 'update', id, async (before, writes) => {
        refuseStale(before, seen)
        const { email: oldEmail, ...rest } = before
        const newEmail = email === undefined ? oldEmail : email === '' ? undefined : requireEmail(email).toLowerCase()
        if (grants) requireGrants(by, grants, await writes.roles())
        const after: AdminUser = {
          ...rest,
          ...(newEmail === undefined ? {} : { email: newEmail }),
          enabled: enabled ?? before.enabled,
          grants: grants ?? before.grants,
        }
        await requireKeepsAnOwner(writes, before, after)
        if (grants !== undefined || enabled === false) await writes.endSessions(before.id)
        return after
      }),
    remove: (by, id, seen) =>
      store.change(async (writes) => {
        const user = await managed(by, writes, id)
        refuseStale(user, seen)
        await requireKeepsAnOwner(writes, user, undefined)
        await writes.removeUser(user, { ...changeOf(by, clock, 'remove', user), before: describeUser(user) })
      }),
    resetPassword: async (by, id, given) => {
      const { name, id: userId } = await managed(by, store, id)
      const password = given === undefined ? generatePassword(random) : requireAdminPassword(given, name)
      const passwordHash = await parts.hasher.hash(password)
      await edit(by, 'reset-password', userId, async (before, writes) => {
        await writes.endSessions(before.id)
        return { ...before, passwordHash }
      })
      return new Secret(password)
    },
    resetTotp: (by, id) => edit(by, 'reset-totp', id, withoutTotp),
    passwordLink: (by, id) =>
      store.change(async (writes) => {
        const user = await managed(by, writes, id)
        const token = randomText(random, TOKEN_LENGTH)
        const expiresAt = clock.now() + LINK_DAYS * DAY_MS
        await writes.insertLink(
          { tokenHash: sha256Hex(token), purpose: 'password', userId: user.id, createdAt: clock.now(), expiresAt },
          changeOf(by, clock, 'password-link', user),
        )
        return { token: new Secret(token), expiresAt }
      }),
    setupLink: () =>
      store.change(async (writes) => {
        if ((await writes.users()).length > 0) return undefined
        const token = randomText(random, TOKEN_LENGTH)
        const createdAt = clock.now()
        const link = { tokenHash: sha256Hex(token), purpose: 'setup' as const, createdAt }
        await writes.insertLink({ ...link, expiresAt: createdAt + SETUP_LINK_DAYS * DAY_MS })
        return new Secret(token)
      }),
    createToken: (by, userId, input) =>
      store.change(async (writes) => {
        const user = await selfOrManaged(by, writes, userId)
        const { token, record } = draftToken(parts, user, input)
        await requireScopes(by, user, record, writes)
        const { label, scopes, siteId, expiresAt } = record
        await writes.insertToken(record, {
          ...changeOf(by, clock, 'add-token', user),
          after: { label, ...(scopes ? { scopes } : {}), ...(siteId === undefined ? {} : { siteId }), expiresAt },
        })
        return { token, record }
      }),
    tokens: async (by, userId) => store.tokens((await selfOrVisible(by, store, userId)).id),
    revokeToken: (by, tokenId) =>
      store.change(async (writes) => {
        const token = await writes.token(tokenId)
        const user = token && (await writes.user(token.userId))
        if (!token || !user || (user.id !== by.userId && !visibleIn(by, user, 'accounts.read'))) {
          throw new AppError('TOKEN_NOT_FOUND', 'there is no such token', { field: 'token' })
        }
        if (user.id !== by.userId) requireManages(by, user, await writes.roles())
        await writes.removeToken(token, {
          ...changeOf(by, clock, 'revoke-token', user),
          before: { label: token.label },
        })
      }),
  }
}

export function withoutTotp(user: AdminUser): AdminUser {
  const bare: { -readonly [Key in keyof AdminUser]: AdminUser[Key] } = { ...user, totpConfirmed: false }
  delete bare.sealedTotp
  delete bare.totpStep
  return bare
}

/** The audit row of a change to an admin; it belongs to the site when he has roles in no other. */
export function changeOf({ actor }: Pick<Acting, 'actor'>, clock: Clock, action: string, user: AdminUser): Change {
  const [site, ...others] = new Set(user.grants.map(({ siteId }) => siteId))
  return {
    author: { actor, at: clock.now() },
    action: `admin.${action}`,
    entity: 'admin',
    entityId: user.id,
    ...(site === undefined || site === ALL_SITES || others.length > 0 ? {} : { siteId: site }),
    feed: [],
  }
}

/** A new user with hashed password; for `create` and for the first owner. */
export async function draftUser(
  { hasher, clock, random }: Pick<AccountAdminParts, 'hasher' | 'clock' | 'random'>,
  input: NewUser,
): Promise<AdminUser> {
  const name = requireLoginName(input.name)
  const email = input.email ? requireEmail(input.email).toLowerCase() : undefined
  const password = input.password === undefined ? undefined : requireAdminPassword(input.password, name)
  const now = clock.now()
  return {
    id: newId(random, now),
    name,
    ...(email === undefined ? {} : { email }),
    ...(password === undefined ? {} : { passwordHash: await hasher.hash(password) }),
    totpConfirmed: false,
    enabled: true,
    grants: input.grants,
    createdAt: now,
    revision: 1,
  }
}

function draftToken(
  { clock, random }: AccountAdminParts,
  user: AdminUser,
  { label, scopes, siteId, days = TOKEN_DAYS }: NewToken,
): { token: Secret; record: ApiToken } {
  if (!Number.isInteger(days) || days < 1 || days > TOKEN_DAYS_MAX) {
    throw new AppError('REQUEST_INVALID', `days: 1 to ${TOKEN_DAYS_MAX} are wanted`, { field: 'days' })
  }
  const token = `${API_TOKEN_PREFIX}${randomText(random, TOKEN_LENGTH)}`
  const record: ApiToken = {
    id: newId(random, clock.now()),
    userId: user.id,
    tokenHash: sha256Hex(token),
    label: requireLabel(label, 'label'),
    ...(scopes === undefined ? {} : { scopes: [...new Set(scopes)] }),
    ...(siteId === undefined ? {} : { siteId }),
    createdAt: clock.now(),
    expiresAt: clock.now() + days * DAY_MS,
  }
  return { token: new Secret(token), record }
}

/** A token can never do what its user, or the one who makes it, cannot do. */
async function requireScopes(by: Acting, user: AdminUser, token: ApiToken, reads: AccountReads): Promise<void> {
  const own = rightsOf(user.grants, await reads.roles())
  for (const [siteId, permissions] of narrowed(own, token)) {
    if (mayAll(by.rights, [...permissions], siteId)) continue
    throw new AppError('FORBIDDEN', 'the token could do more than you may', { field: 'scopes' })
  }
  const beyond = token.scopes?.find((scope) => ![...own.keys()].some((siteId) => may(own, scope, siteId)))
  if (beyond === undefined) return
  throw new AppError('FORBIDDEN', `scopes: ${user.name} has no right to ${beyond}`, { field: 'scopes' })
}

async function visible(by: Acting, reads: AccountReads, idOrName: string): Promise<AdminUser> {
  const wanted = idOrName.trim().toLowerCase()
  const user = (await reads.user(wanted)) ?? (await reads.userByLogin(wanted))
  if (user && visibleIn(by, user, 'accounts.read')) return user
  throw new AppError('ADMIN_NOT_FOUND', 'there is no such admin', { field: 'admin' })
}

async function managed(by: Acting, reads: AccountReads, idOrName: string): Promise<AdminUser> {
  const user = await visible(by, reads, idOrName)
  requireManages(by, user, await reads.roles())
  return user
}

async function selfOrVisible(by: Acting, reads: AccountReads, id: string): Promise<AdminUser> {
  const self = by.userId === id ? await reads.user(id) : undefined
  return self ?? visible(by, reads, id)
}

async function selfOrManaged(by: Acting, reads: AccountReads, id: string): Promise<AdminUser> {
  const self = by.userId === id ? await reads.user(id) : undefined
  return self ?? managed(by, reads, id)
}
