import type { Change } from '../database/change.js'
import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { AdminUser, ApiToken, Link, Session } from './account.js'
import type { CustomRole } from './permissions.js'

/** Reads. Each may throw DATABASE_UNUSABLE. */
export interface AccountReads {
  /** By name. */
  users(): Promise<AdminUser[]>
  user(id: Id): Promise<AdminUser | undefined>
  /** By sign-in name or e-mail address, both lower case. */
  userByLogin(login: string): Promise<AdminUser | undefined>
  roles(): Promise<CustomRole[]>
  /** Newest first. */
  tokens(userId: Id): Promise<ApiToken[]>
  token(id: Id): Promise<ApiToken | undefined>
  link(tokenHash: string): Promise<Link | undefined>
}

/** Writes inside one transaction; each change leaves its audit row in it. */
export interface AccountWrites extends AccountReads {
  /** Throws ADMIN_EXISTS for a taken name or e-mail. */
  insertUser(user: AdminUser, change: Change): Promise<void>
  /** Replaces row and grants. Throws REVISION_CONFLICT, ADMIN_EXISTS. */
  replaceUser(user: AdminUser, change: Change): Promise<void>
  /** With sessions, tokens and links. */
  removeUser(user: AdminUser, change: Change): Promise<void>
  /** Throws ROLE_EXISTS. */
  insertRole(role: CustomRole, change: Change): Promise<void>
  /** Throws REVISION_CONFLICT. */
  replaceRole(role: CustomRole, change: Change): Promise<void>
  removeRole(role: CustomRole, change: Change): Promise<void>
  insertToken(token: ApiToken, change: Change): Promise<void>
  removeToken(token: ApiToken, change: Change): Promise<void>
  /** Links of the same purpose and user die. */
  insertLink(link: Link, change?: Change): Promise<void>
  removeLink(tokenHash: string): Promise<void>
  insertSession(session: Session, change: Change): Promise<void>
  /** All of the user's sessions but one. */
  endSessions(userId: Id, exceptHash?: string): Promise<void>
  /** Only the audit row. */
  note(change: Change): Promise<void>
}

export interface AccountStore extends AccountReads {
  /** Runs `work` in one transaction that holds the write lock; what it throws undoes everything. */
  change<T>(work: (writes: AccountWrites) => Promise<T>): Promise<T>
  session(idHash: string): Promise<Session | undefined>
  /** Of one user, newest first. */
  sessions(userId: Id): Promise<Session[]>
  touchSession(idHash: string, lastSeenAt: Millis): Promise<void>
  endSession(idHash: string): Promise<void>
  tokenByHash(tokenHash: string): Promise<ApiToken | undefined>
  touchToken(id: Id, lastUsedAt: Millis): Promise<void>
  /** Stores the time step of a code that was taken; false when this or a later one was taken before. */
  takeTotpStep(userId: Id, step: number): Promise<boolean>
  /** Removes sessions, tokens and links that ended before `now`. */
  removeExpired(now: Millis): Promise<void>
}
