import type { Change } from '../database/change.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Extension, Id } from '../domain/entities.js'
import { sha256Hex } from '../domain/fingerprint.js'
import { randomText, type Random } from '../domain/random.js'
import { Secret } from '../domain/secret.js'

/** Crockford's base32: 160 bits, and masked in logs as tokens of phones are. */
const TOKEN_LENGTH = 32
/** A session ends so long after its link was used, however busy it is. */
const SESSION_MS = 8 * 3_600_000
/** How long a link waits in a mail. */
const LINK_MINUTES = 3 * 24 * 60

/** Path of the phones' HTTPS listener where people find their own page. */
export const OWN_PATH = '/me/'

/** One-time links to people's own pages and the sessions they begin; both are known by SHA-256 only. */
export interface OwnAccessStore {
  addLink(link: { tokenHash: string; extensionId: Id; createdAt: Millis; expiresAt: Millis }): Promise<void>
  /** Takes the link away, so that it works once, and begins the session in one transaction; undefined: no such link. */
  redeem(tokenHash: string, session: { idHash: string; createdAt: Millis; expiresAt: Millis }): Promise<Id | undefined>
  /** Hashes of all links and sessions that have not expired, with whose they are. */
  live(now: Millis): Promise<ReadonlyMap<string, Id>>
  begin(extensionId: Id, session: { idHash: string; createdAt: Millis; expiresAt: Millis }): Promise<void>
  endSession(idHash: string): Promise<void>
  /** Hash of the password; undefined: none was set. */
  password(extensionId: Id): Promise<string | undefined>
  setPassword(extensionId: Id, hash: string, change: Change): Promise<void>
  /** All links and sessions of a person but this session. */
  endOthers(extensionId: Id, idHash: string): Promise<void>
  /** All links and sessions of a person. */
  endAll(extensionId: Id): Promise<void>
  prune(now: Millis): Promise<void>
}

/** How people come to their own page. */
export interface OwnAccess {
  /** A link that works once; the ones before stay good until they are used or end. */
  makeLink(extensionId: Id, minutes?: number): Promise<Secret>
  /** Is this a link that was not used yet? Looking does not use it up. */
  isLink(token: string): Promise<boolean>
  /** Begins a session; undefined: the link was used, has expired or never was. */
  redeem(token: string): Promise<Secret | undefined>
  /** Begins a session of somebody who has proven who he is. */
  begin(extensionId: Id): Promise<Secret>
  endOthers(extensionId: Id, sessionId: string): Promise<void>
  /** Hash of the password; undefined: none was set. */
  password(extensionId: Id): Promise<string | undefined>
  setPassword(extension: Pick<Extension, 'id' | 'siteId' | 'number'>, hash: string): Promise<void>
  /** Whose session this is. */
  session(id: string): Promise<Id | undefined>
  endSession(id: string): Promise<void>
  endAll(extensionId: Id): Promise<void>
}

/** Time that the list of what is live may be old when something unknown is asked for, in milliseconds. */
const FRESH_MS = 1_000

export function createOwnAccess(parts: { store: OwnAccessStore; clock: Clock; random: Random }): OwnAccess {
  const { store, clock, random } = parts
  const live = new LiveHashes(store, clock)
  return {
    makeLink: async (extensionId, minutes = LINK_MINUTES) => {
      const token = randomText(random, TOKEN_LENGTH)
      const now = clock.now()
      const expiresAt = now + minutes * 60_000
      await store.addLink({ tokenHash: sha256Hex(`link ${token}`), extensionId, createdAt: now, expiresAt })
      live.forget()
      return new Secret(token)
    },
    isLink: async (token) => (await live.ownerOf(sha256Hex(`link ${token}`))) !== undefined,
    redeem: async (token) => {
      const tokenHash = sha256Hex(`link ${token}`)
      if ((await live.ownerOf(tokenHash)) === undefined) return undefined
      const { id, session } = draftSession(parts)
      const owner = await store.redeem(tokenHash, session)
      live.forget()
      return owner === undefined ? undefined : id
    },
    begin: async (extensionId) => {
      const { id, session } = draftSession(parts)
      await store.begin(extensionId, session)
      live.forget()
      return id
    },
    password: (extensionId) => store.password(extensionId),
    setPassword: ({ id, siteId, number }, hash) =>
      store.setPassword(id, hash, {
        author: { actor: `self:${number}`, at: clock.now() },
        action: 'extension.own-password',
        entity: 'extension',
        entityId: id,
        siteId,
        feed: [],
      }),
    endOthers: async (extensionId, sessionId) => {
      await store.endOthers(extensionId, sha256Hex(`session ${sessionId}`))
      live.forget()
    },
    session: (id) => live.ownerOf(sha256Hex(`session ${id}`)),
    endSession: async (id) => {
      await store.endSession(sha256Hex(`session ${id}`))
      live.forget()
    },
    endAll: async (extensionId) => {
      await store.endAll(extensionId)
      live.forget()
    },
  }
}

function draftSession({ clock, random }: { clock: Clock; random: Random }): {
  id: Secret
  session: { idHash: string; createdAt: Millis; expiresAt: Millis }
} {
  const id = randomText(random, TOKEN_LENGTH)
  const now = clock.now()
  return {
    id: new Secret(id),
    session: { idHash: sha256Hex(`session ${id}`), createdAt: now, expiresAt: now + SESSION_MS },
  }
}

/** What is live, in memory: a hundred thousand guesses ask the database once a second. */
class LiveHashes {
  #known: ReadonlyMap<string, Id> = new Map()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(
    private readonly store: Pick<OwnAccessStore, 'live'>,
    private readonly clock: Clock,
  ) {}

  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
  }

  /** Another process may have made or ended it: what is told is never older than a second. */
  async ownerOf(hash: string): Promise<Id | undefined> {
    const now = this.clock.now()
    if (Math.abs(now - this.#readAt) >= FRESH_MS) {
      this.#reading ??= this.store
        .live(now)
        .then((known) => {
          this.#known = known
          this.#readAt = this.clock.now()
        })
        .finally(() => (this.#reading = undefined))
      await this.#reading
    }
    return this.#known.get(hash)
  }
}
