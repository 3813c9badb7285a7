import type { Millis } from '../../domain/clock.js'
import type { Binding, Id, Line, Site } from '../../domain/entities.js'
import type { Secret, Sealed } from '../../domain/secret.js'
import { parseEndpoint } from '../../network/address.js'
import type { Log } from '../../observe/log.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import { computeHa1, type DigestAlgorithm } from '../../sip/digest.js'
import { allowedNetworks } from '../../snapshot/allowed-networks.js'
import { registrationLimit } from '../../snapshot/registration-limit.js'
import type { DigestUser, Snapshot } from '../../snapshot/snapshot.js'
import { type Accounts, type DigestAccount, type Sites, siteRealm } from '../accounts.js'

/** Opens a sealed secret (SecretBox.open); throws SEALED_VALUE_UNREADABLE. */
export type OpenSecret = (sealed: Sealed, context: string) => Secret

/** What tells whether two texts are equal (createMarker). */
export type Mark = (text: string) => string

/** Owners whose HA1 is kept; beyond it the oldest are computed again at need. */
const CACHED_OWNERS = 200_000

interface CachedHa1 {
  readonly sealed: Sealed
  readonly username: string
  readonly realm: string
  md5?: string
  sha256?: string
  /** See Binding.passwordMark. */
  mark?: string
}

const keyOf = (mark: string): string => mark.slice(0, mark.indexOf('.'))

/** The user of a line as he was with the password before. */
function beforeReset(user: DigestUser, line: Line): DigestUser {
  return line.former ? { ...user, line: { ...line, sealedPassword: line.former.sealed } } : user
}

/** Bindings that softphones made, or those that they did not make. */
function countedApart(
  softphones: readonly { id: Id }[],
  bySoftphone: boolean,
): NonNullable<DigestAccount['countsWith']> {
  return ({ lineId }) => softphones.some(({ id }) => id === lineId) === bySoftphone
}

/** Lines, softphones and extensions of the snapshot as accounts of the registrar. Each HA1 is computed once per password. */
export class SnapshotAccounts implements Accounts, Sites {
  readonly #cache = new Map<Id, CachedHa1>()

  constructor(
    private readonly snapshot: () => Snapshot,
    private readonly open: OpenSecret,
    private readonly mark: Mark,
    private readonly log: Log,
    /** PHONEBOOT_SIP_DOMAIN: domain, and so realm, of the site that owns everything else. */
    private readonly sipDomain?: string,
  ) {}

  byDomain(domain: string): Site | undefined {
    return domain === this.sipDomain ? this.defaultSite() : this.snapshot().siteByDomain(domain)
  }

  defaultSite(): Site {
    const site = this.snapshot().defaultSite()
    return this.sipDomain === undefined ? site : { ...site, sipDomain: this.sipDomain }
  }

  findDigestUser(siteId: Id, username: string): DigestAccount | undefined {
    const user = this.snapshot().digestUser(siteId, username)
    // A line of a phone that was blocked, retired or never let in has no credentials.
    const revoked = user?.line !== undefined && user.device?.state !== 'approved'
    if (!user || revoked || !user.extension.enabled) return undefined
    const { extension, line, softphone } = user
    const credential = line ?? softphone
    // Put together without spreading: it is done for every REGISTER.
    const account: { -readonly [Key in keyof DigestAccount]: DigestAccount[Key] } = {
      username,
      extensionId: extension.id,
      number: extension.number,
      mayComeFrom: (address) => allowedNetworks(this.snapshot(), extension)?.contains(address) ?? true,
      ha1: (algorithm, realm) => this.#ha1(user, username, algorithm, realm),
      passwordMark: (realm) => this.#mark(user, username, realm),
      limit: () => registrationLimit(this.snapshot(), extension, softphone ? 'maxSoftphones' : 'maxRegistrations'),
    }
    if (credential) account.lineId = credential.id
    if (line?.former) account.former = this.#former(beforeReset(user, line), line.former.until, username)
    if (extension.maxContacts !== undefined) account.maxContacts = extension.maxContacts
    if (extension.softphones) account.countsWith = countedApart(extension.softphones, softphone !== undefined)
    return account
  }

  standIn(): DigestAccount | undefined {
    const some = this.snapshot().someDigestName()
    return some && this.findDigestUser(some.siteId, some.authUsername)
  }

  mayKeep({ aor, extensionId, lineId, passwordMark, received }: Parameters<Accounts['mayKeep']>[0]): boolean {
    const snapshot = this.snapshot()
    const extension = snapshot.extension(extensionId)
    if (!extension?.enabled) return false
    const site = snapshot.site(extension.siteId)
    const isDefault = this.sipDomain !== undefined && site?.id === snapshot.defaultSite().id
    const realm = isDefault ? this.sipDomain : site && siteRealm(site)
    if (!realm || aor !== `${extension.number}@${realm}`) return false
    const networks = allowedNetworks(snapshot, extension)
    if (networks && !networks.contains(parseEndpoint(received)?.address ?? '')) return false
    if (lineId === undefined) return this.#isMarked({ extension }, extension.authUsername, realm, passwordMark)
    const softphone = extension.softphones?.find(({ id }) => id === lineId)
    if (softphone) return this.#isMarked({ extension, softphone }, softphone.authUsername, realm, passwordMark)
    const device = snapshot.deviceByLine(lineId)
    const line = device?.lines.find(({ id }) => id === lineId)
    if (device?.state !== 'approved' || line?.extensionId !== extensionId) return false
    const user = { extension, device, line }
    if (this.#isMarked(user, line.authUsername, realm, passwordMark)) return true
    return (
      line.former !== undefined && this.#isMarked(beforeReset(user, line), line.authUsername, realm, passwordMark, true)
    )
  }

  /** True when the binding was made with the password that the line has now, and it had another one before. */
  usesNewPassword({ aor, lineId, passwordMark }: Pick<Binding, 'aor' | 'lineId' | 'passwordMark'>): boolean {
    const device = lineId === undefined ? undefined : this.snapshot().deviceByLine(lineId)
    const line = device?.lines.find(({ id }) => id === lineId)
    if (!device || !line?.former || passwordMark === undefined) return false
    const extension = this.snapshot().extension(line.extensionId)
    if (!extension) return false
    const realm = aor.slice(aor.indexOf('@') + 1)
    return this.#mark({ extension, device, line }, line.authUsername, realm) === passwordMark
  }

  #former(before: DigestUser, until: Millis, username: string): NonNullable<DigestAccount['former']> {
    return {
      until,
      ha1: (algorithm, realm) => this.#ha1(before, username, algorithm, realm, true),
      passwordMark: (realm) => this.#mark(before, username, realm, true),
    }
  }

  #isMarked(user: DigestUser, username: string, realm: string, mark: string | undefined, isBefore = false): boolean {
    if (mark === undefined) return true
    const now = this.#mark(user, username, realm, isBefore)
    // From before another key was put first: nobody can tell.
    return now === undefined || now === mark || keyOf(now) !== keyOf(mark)
  }

  /** Of the HA1: it changes with the password, and sealing the same one anew does not matter. */
  #mark(user: DigestUser, username: string, realm: string, isBefore = false): string | undefined {
    return this.#computed(user, username, realm, isBefore)?.mark
  }

  #ha1(
    user: DigestUser,
    username: string,
    algorithm: DigestAlgorithm,
    realm: string,
    isBefore = false,
  ): string | undefined {
    return this.#computed(user, username, realm, isBefore)?.[algorithm === 'MD5' ? 'md5' : 'sha256']
  }

  /** Undefined when the password cannot be opened. */
  #computed(
    { extension, line, softphone }: DigestUser,
    username: string,
    realm: string,
    isBefore: boolean,
  ): CachedHa1 | undefined {
    const owner = line ?? softphone ?? extension
    const cached = this.#cached(isBefore ? `${owner.id} before` : owner.id, owner.sealedPassword, username, realm)
    if (cached.md5 !== undefined) return cached
    const context = line
      ? SEAL_CONTEXTS.linePassword(line.id)
      : softphone
        ? SEAL_CONTEXTS.softphonePassword(softphone.id)
        : SEAL_CONTEXTS.extensionPassword(extension.id)
    try {
      // Opening it takes longest, so it is done once for both.
      const password = this.open(owner.sealedPassword, context)
      cached.md5 = computeHa1('MD5', username, realm, password)
      cached.sha256 = computeHa1('SHA-256', username, realm, password)
      cached.mark = this.mark(cached.md5)
      return cached
    } catch (error) {
      // The phone is refused like one with a wrong password; only the operator learns why.
      this.log.error({ err: error, username }, 'a SIP password cannot be opened')
      return undefined
    }
  }

  #cached(ownerId: Id, sealed: Sealed, username: string, realm: string): CachedHa1 {
    const cached = this.#cache.get(ownerId)
    if (cached?.sealed === sealed && cached.username === username && cached.realm === realm) return cached
    const fresh: CachedHa1 = { sealed, username, realm }
    this.#cache.delete(ownerId)
    this.#cache.set(ownerId, fresh)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_OWNERS) break
      this.#cache.delete(oldest)
    }
    return fresh
  }
}
