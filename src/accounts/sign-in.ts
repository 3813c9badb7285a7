import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { randomText, type Random } from '../domain/random.js'
import { Secret } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import { beginAttempt, type Attempts } from './attempts.js'
import { requireAdminPassword, type AdminUser, type ApiToken, type Session } from './account.js'
import { ALL_SITES, narrowed, rightsOf, type Rights } from './permissions.js'
import type { AccountStore, AccountWrites } from './store.js'
import { TOKEN_LENGTH, changeOf, draftUser, withoutTotp, type PasswordHasher } from './use-cases.js'

/** Codes of an authenticator app (RFC 6238). */
export interface Totp {
  newSecret(): string
  /** For a QR code: `otpauth://totp/…`. */
  uri(secret: string, account: string): string
  /** The time step the code belongs to, one before and after included; undefined when it is wrong. */
  stepOf(secret: string, code: string, now: number): number | undefined
}

export interface SignInParts {
  store: AccountStore
  hasher: PasswordHasher
  totp: Totp
  attempts: Attempts
  secrets: SecretBox
  clock: Clock
  random: Random
}

/** Where a sign-in comes from. */
export interface Visitor {
  peer: string
  userAgent?: string | undefined
}

export interface Credentials {
  login: string
  password: string
  code?: string | undefined
  /** SIP domain of the site, for those whose sign-in name ends in `@` and this domain. */
  domain?: string | undefined
}

/** Somebody whose session or token was found good. */
export interface Authenticated {
  user: AdminUser
  rights: Rights
  /** Absent for a token. */
  session?: Session
  token?: ApiToken
}

/** A new session: its id goes into the cookie. */
export interface SignedIn extends Authenticated {
  sessionId: Secret
  session: Session
}

const HOUR_MS = 3_600_000
/** A session ends when nothing was asked for so long. */
export const IDLE_MS = 12 * HOUR_MS
/** And in any case after so long. */
export const SESSION_MS = 7 * 24 * HOUR_MS
/** Sessions and tokens are noted as seen at most so often. */
const TOUCH_MS = 60_000

/** Signing in and out, and who is behind a session or a token. */
export interface SignIn {
  /** Throws SIGN_IN_FAILED, SIGN_IN_CODE_NEEDED, TOO_MANY_ATTEMPTS. */
  withPassword(credentials: Credentials, visitor: Visitor): Promise<SignedIn>
  /** Whose session this is; undefined when it has ended. */
  session(sessionId: string): Promise<Authenticated | undefined>
  /** Whose API token this is; undefined when it has ended. */
  apiToken(token: string): Promise<Authenticated | undefined>
  signOut(sessionId: string): Promise<void>
  /** The first owner. Throws LINK_INVALID, NAME_INVALID, EMAIL_INVALID, PASSWORD_INVALID, TOO_MANY_ATTEMPTS. */
  setUp(token: string, input: { name: string; email?: string; password: string }, visitor: Visitor): Promise<SignedIn>
  /** Sets the password by a one-time link. Throws LINK_INVALID, PASSWORD_INVALID, TOO_MANY_ATTEMPTS. */
  usePasswordLink(token: string, password: string, visitor: Visitor): Promise<SignedIn>
  /** Sets one's own password; all sessions end and a new one begins. Throws SIGN_IN_FAILED, PASSWORD_INVALID. */
  changePassword(user: AdminUser, old: string, password: string, visitor: Visitor): Promise<SignedIn>
  /** A new secret for the app, not used before `confirmTotp`. Throws TOTP_INVALID when one is confirmed already. */
  startTotp(user: AdminUser): Promise<{ secret: Secret; uri: Secret }>
  /** Throws TOTP_INVALID. */
  confirmTotp(user: AdminUser, code: string): Promise<void>
  /** Takes the app away; needs the password. Throws SIGN_IN_FAILED. */
  dropTotp(user: AdminUser, password: string, visitor: Visitor): Promise<void>
}

/** What a page or script must send along with a change: known only to who knows the session, and no way back to it. */
export function csrfTokenOf(sessionId: string): string {
  return sha256Hex(`csrf ${sessionId}`).slice(0, 43)
}

export function createSignIn(parts: SignInParts): SignIn {
  const { store, hasher, totp, secrets, clock, random } = parts
  let decoy: Promise<string> | undefined
  /** An unknown name takes as long as a wrong password. */
  const verify = async (user: AdminUser | undefined, password: string): Promise<boolean> => {
    const hash = user?.passwordHash ?? (await (decoy ??= hasher.hash('nobody')))
    const right = await hasher.verify(password, hash)
    return right && user?.passwordHash !== undefined && user.enabled
  }
  const guarded = async (login: string, { peer }: Visitor): Promise<() => Promise<void>> => {
    const who = { login, peer }
    await beginAttempt(parts.attempts, who)
    return () => parts.attempts.succeeded(who)
  }
  const reprove = async (user: AdminUser, password: string, visitor: Visitor): Promise<void> => {
    const succeeded = await guarded(user.name, visitor)
    if (!(await verify(user, password))) throw failed()
    await succeeded()
  }
  const authenticated = async (user: AdminUser): Promise<Authenticated> => ({
    user,
    rights: rightsOf(user.grants, await store.roles()),
  })
  const begin = async (
    writes: AccountWrites,
    user: AdminUser,
    { peer, userAgent }: Visitor,
  ): Promise<{ sessionId: Secret; session: Session }> => {
    const sessionId = randomText(random, TOKEN_LENGTH)
    const now = clock.now()
    const session: Session = {
      idHash: sha256Hex(sessionId),
      userId: user.id,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + SESSION_MS,
      peer,
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 256) }),
    }
    await writes.insertSession(session, own(user, 'sign-in', { peer }))
    return { sessionId: new Secret(sessionId), session }
  }
  const own = (user: AdminUser, action: string, after?: object): Change => ({
    ...changeOf({ actor: actorOf(user) }, clock, action, user),
    ...(after ? { after } : {}),
  })
  const signedIn = async (user: AdminUser, begun: { sessionId: Secret; session: Session }): Promise<SignedIn> => ({
    ...(await authenticated(user)),
    ...begun,
  })
  const checkCode = async (user: AdminUser, code: string | undefined): Promise<void> => {
    if (!user.totpConfirmed || user.sealedTotp === undefined) return
    if (code === undefined || code === '') {
      throw new AppError('SIGN_IN_CODE_NEEDED', 'the code of the authenticator app is needed', { field: 'code' })
    }
    const secret = secrets.open(user.sealedTotp, SEAL_CONTEXTS.adminTotp(user.id)).reveal()
    const step = totp.stepOf(secret, code, clock.now())
    if (step === undefined || !(await store.takeTotpStep(user.id, step))) throw failed()
  }
  const usable = async (token: string, purpose: 'setup' | 'password', visitor: Visitor) => {
    const succeeded = await guarded('', visitor)
    const tokenHash = sha256Hex(token)
    return async (writes: AccountWrites) => {
      const link = await writes.link(tokenHash)
      if (!link || link.purpose !== purpose || link.expiresAt <= clock.now()) throw linkInvalid()
      await writes.removeLink(tokenHash)
      await succeeded()
    }
  }
  const withNewPassword = async (
    writes: AccountWrites,
    user: AdminUser,
    passwordHash: string,
    action: string,
    visitor: Visitor,
  ): Promise<{ sessionId: Secret; session: Session }> => {
    await writes.replaceUser({ ...user, passwordHash }, own(user, action))
    await writes.endSessions(user.id)
    return begin(writes, user, visitor)
  }

  return {
    withPassword: async ({ login, password, code, domain = '' }, visitor) => {
      const place = domain.trim() === '' ? '' : `@${domain.trim()}`
      const name = `${login.trim()}${place}`.toLowerCase().slice(0, 254)
      const succeeded = await guarded(name, visitor)
      const user = await store.userByLogin(name)
      if (!(await verify(user, password)) || !user) throw failed()
      await checkCode(user, code)
      await succeeded()
      await store.removeExpired(clock.now())
      return signedIn(user, await store.change((writes) => begin(writes, user, visitor)))
    },
    session: async (sessionId) => {
      const session = await store.session(sha256Hex(sessionId))
      const now = clock.now()
      if (!session || session.expiresAt <= now || session.lastSeenAt + IDLE_MS <= now) return undefined
      const user = await store.user(session.userId)
      if (!user?.enabled) return undefined
      if (session.lastSeenAt + TOUCH_MS <= now) await ifWritable(store.touchSession(session.idHash, now))
      return { ...(await authenticated(user)), session }
    },
    apiToken: async (text) => {
      const token = await store.tokenByHash(sha256Hex(text))
      const now = clock.now()
      if (!token || token.expiresAt <= now) return undefined
      const user = await store.user(token.userId)
      if (!user?.enabled) return undefined
      if ((token.lastUsedAt ?? 0) + TOUCH_MS <= now) await ifWritable(store.touchToken(token.id, now))
      const found = await authenticated(user)
      return { ...found, rights: narrowed(found.rights, token), token }
    },
    signOut: (sessionId) => store.endSession(sha256Hex(sessionId)),
    setUp: async (token, input, visitor) => {
      const take = await usable(token, 'setup', visitor)
      const user = await draftUser(parts, { ...input, grants: [{ siteId: ALL_SITES, role: 'owner' }] })
      const begun = await store.change(async (writes) => {
        await take(writes)
        if ((await writes.users()).length > 0) throw linkInvalid()
        await writes.insertUser(user, own(user, 'set-up'))
        return begin(writes, user, visitor)
      })
      return signedIn(user, begun)
    },
    usePasswordLink: async (token, password, visitor) => {
      const take = await usable(token, 'password', visitor)
      const found = await store.link(sha256Hex(token))
      const user = found?.userId === undefined ? undefined : await store.user(found.userId)
      if (!user?.enabled) throw linkInvalid()
      const passwordHash = await hasher.hash(requireAdminPassword(password, user.name))
      const begun = await store.change(async (writes) => {
        await take(writes)
        // A lost authenticator app is taken away by an admin, never by a link.
        return withNewPassword(writes, user, passwordHash, 'use-password-link', visitor)
      })
      return signedIn({ ...user, passwordHash }, begun)
    },
    changePassword: async (user, old, password, visitor) => {
      await reprove(user, old, visitor)
      const passwordHash = await hasher.hash(requireAdminPassword(password, user.name))
      const begun = await store.change((writes) =>
        withNewPassword(writes, user, passwordHash, 'change-password', visitor),
      )
      return signedIn({ ...user, passwordHash }, begun)
    },
    startTotp: async (user) => {
      if (user.totpConfirmed) throw totpInvalid('there is an authenticator app already')
      const secret = totp.newSecret()
      const sealedTotp = secrets.seal(secret, SEAL_CONTEXTS.adminTotp(user.id))
      await store.change((writes) => writes.replaceUser({ ...user, sealedTotp }, own(user, 'start-totp')))
      return { secret: new Secret(secret), uri: new Secret(totp.uri(secret, user.name)) }
    },
    confirmTotp: async (user, code) => {
      if (user.sealedTotp === undefined || user.totpConfirmed) throw totpInvalid('there is no app to confirm')
      const secret = secrets.open(user.sealedTotp, SEAL_CONTEXTS.adminTotp(user.id)).reveal()
      const step = totp.stepOf(secret, code, clock.now())
      if (step === undefined) throw totpInvalid('the code is wrong')
      const after = { ...user, totpConfirmed: true, totpStep: step }
      await store.change((writes) => writes.replaceUser(after, own(user, 'confirm-totp')))
    },
    dropTotp: async (user, password, visitor) => {
      await reprove(user, password, visitor)
      await store.change((writes) => writes.replaceUser(withoutTotp(user), own(user, 'drop-totp')))
    },
  }
}

/** Who did it, for the audit log. */
export function actorOf({ name }: AdminUser, token?: ApiToken): string {
  return token ? `admin:${name} (token ${token.label})` : `admin:${name}`
}

/** The same words for an unknown name, a wrong password and a wrong code. */
function failed(): AppError {
  return new AppError('SIGN_IN_FAILED', 'name, password or code is wrong', { field: 'password' })
}

/** Whoever only looks is not refused because nothing can be written just now. */
const ifWritable = (touched: Promise<void>): Promise<void> =>
  touched.catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'DATABASE_UNUSABLE')) throw error
  })

function linkInvalid(): AppError {
  return new AppError('LINK_INVALID', 'the link was used already or has expired', { field: 'token' })
}

function totpInvalid(what: string): AppError {
  return new AppError('TOTP_INVALID', what, { field: 'code' })
}
