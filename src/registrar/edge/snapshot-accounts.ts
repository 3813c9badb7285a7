import type { Id } from '../../domain/entities.js'
import type { Secret, Sealed } from '../../domain/secret.js'
import type { Log } from '../../observe/log.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import { computeHa1, type DigestAlgorithm } from '../../sip/digest.js'
import type { DigestUser, Snapshot } from '../../snapshot/snapshot.js'
import { type Accounts, type DigestAccount, type Sites, siteRealm } from '../accounts.js'

/** Opens a sealed secret (SecretBox.open); throws SEALED_VALUE_UNREADABLE. */
export type OpenSecret = (sealed: Sealed, context: string) => Secret

/** Owners whose HA1 is kept; beyond it the oldest are computed again at need. */
const CACHED_OWNERS = 200_000

interface CachedHa1 {
  readonly sealed: Sealed
  readonly username: string
  readonly values: Map<string, string>
}

/** Lines and extensions of the snapshot as accounts of the registrar. Each HA1 is computed once per password. */
export class SnapshotAccounts implements Accounts, Sites {
  readonly #cache = new Map<Id, CachedHa1>()

  constructor(
    private readonly snapshot: () => Snapshot,
    private readonly open: OpenSecret,
    private readonly log: Log,
  ) {}

  byDomain(domain: string): ReturnType<Sites['byDomain']> {
    return this.snapshot().siteByDomain(domain)
  }

  defaultSite(): ReturnType<Sites['defaultSite']> {
    return this.snapshot().defaultSite()
  }

  findDigestUser(siteId: Id, username: string): DigestAccount | undefined {
    const user = this.snapshot().digestUser(siteId, username)
    // A line of a phone that was blocked, retired or never let in has no credentials.
    const revoked = user?.line !== undefined && user.device?.state !== 'approved'
    if (!user || revoked || !user.extension.enabled) return undefined
    const { extension, line } = user
    return {
      username,
      extensionId: extension.id,
      number: extension.number,
      ha1: (algorithm, realm) => this.#ha1(user, username, algorithm, realm),
      ...(line ? { lineId: line.id } : {}),
      ...(extension.maxContacts === undefined ? {} : { maxContacts: extension.maxContacts }),
    }
  }

  mayKeep({ aor, extensionId, lineId }: Parameters<Accounts['mayKeep']>[0]): boolean {
    const snapshot = this.snapshot()
    const extension = snapshot.extension(extensionId)
    const site = extension && snapshot.site(extension.siteId)
    if (!site || !extension.enabled || aor !== `${extension.number}@${siteRealm(site)}`) return false
    if (lineId === undefined) return true
    const device = snapshot.deviceByLine(lineId)
    const line = device?.lines.find(({ id }) => id === lineId)
    return device?.state === 'approved' && line?.extensionId === extensionId
  }

  #ha1(
    { extension, line }: DigestUser,
    username: string,
    algorithm: DigestAlgorithm,
    realm: string,
  ): string | undefined {
    const owner = line ?? extension
    const context = line ? SEAL_CONTEXTS.linePassword(line.id) : SEAL_CONTEXTS.extensionPassword(extension.id)
    const cached = this.#cached(owner.id, owner.sealedPassword, username)
    const key = `${algorithm} ${realm}`
    const known = cached.values.get(key)
    if (known !== undefined) return known
    try {
      const ha1 = computeHa1(algorithm, username, realm, this.open(owner.sealedPassword, context))
      cached.values.set(key, ha1)
      return ha1
    } catch (error) {
      // The phone is refused like one with a wrong password; only the operator learns why.
      this.log.error({ err: error, username }, 'a SIP password cannot be opened')
      return undefined
    }
  }

  #cached(ownerId: Id, sealed: Sealed, username: string): CachedHa1 {
    const cached = this.#cache.get(ownerId)
    if (cached?.sealed === sealed && cached.username === username) return cached
    const fresh: CachedHa1 = { sealed, username, values: new Map() }
    this.#cache.delete(ownerId)
    this.#cache.set(ownerId, fresh)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_OWNERS) break
      this.#cache.delete(oldest)
    }
    return fresh
  }
}
