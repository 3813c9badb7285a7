import type { Id, Layer, Site } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type {
  DeviceRecord,
  DigestUser,
  ExtensionRecord,
  LayerValues,
  ListedSnapshot,
  SoftphoneRecord,
} from './snapshot.js'

const NOTHING_SET: LayerValues = { revision: 0, values: new Map() }

/** Where a digest user name leads: an extension's own, one of its softphones, or a line of a device. */
type DigestPointer = { extensionId: Id; softphoneId?: Id } | { deviceId: Id; lineId: Id }

/**
 * Records with every index the snapshot needs. Records are replaced whole, never changed in place, so a reader that
 * holds one sees one state of it.
 */
export class SnapshotContent {
  /** See Snapshot. */
  version: object = {}
  /** See ListedSnapshot. */
  peopleVersion: object = {}
  readonly sites = new Map<Id, Site>()
  readonly extensions = new Map<Id, ExtensionRecord>()
  readonly devices = new Map<Id, DeviceRecord>()
  readonly layers = new Map<string, LayerValues>()
  readonly byMac = new Map<string, Id>()
  readonly byTokenHash = new Map<string, Id>()
  readonly byNumber = new Map<string, Id>()
  readonly byLine = new Map<Id, Id>()
  readonly digestUsers = new Map<string, DigestPointer>()
  #namesInTurn = this.digestUsers.keys()
  /** SHA-256 of a softphone's token -> extension and softphone. */
  readonly softphoneTokens = new Map<string, { extensionId: Id; softphoneId: Id }>()

  putSite(site: Site): void {
    this.version = {}
    this.sites.set(site.id, site)
  }

  removeSite(id: Id): void {
    this.version = {}
    this.sites.delete(id)
  }

  putExtension(record: ExtensionRecord): void {
    this.removeExtension(record.id)
    this.extensions.set(record.id, record)
    this.byNumber.set(withinSite(record.siteId, record.number), record.id)
    this.digestUsers.set(withinSite(record.siteId, record.authUsername), { extensionId: record.id })
    for (const { id, authUsername, tokens } of record.softphones ?? []) {
      const pointer = { extensionId: record.id, softphoneId: id }
      this.digestUsers.set(withinSite(record.siteId, authUsername), pointer)
      for (const { tokenHash } of tokens) this.softphoneTokens.set(tokenHash, pointer)
    }
  }

  removeExtension(id: Id): void {
    this.version = {}
    this.peopleVersion = {}
    const old = this.extensions.get(id)
    if (!old) return
    this.extensions.delete(id)
    // What another record has taken over meanwhile stays: records arrive in any order.
    const number = withinSite(old.siteId, old.number)
    if (this.byNumber.get(number) === id) this.byNumber.delete(number)
    for (const { authUsername } of [old, ...(old.softphones ?? [])]) {
      const name = withinSite(old.siteId, authUsername)
      const pointer = this.digestUsers.get(name)
      if (pointer && 'extensionId' in pointer && pointer.extensionId === id) this.digestUsers.delete(name)
    }
    for (const { tokens } of old.softphones ?? []) {
      for (const { tokenHash } of tokens) this.softphoneTokens.delete(tokenHash)
    }
  }

  putDevice(record: DeviceRecord): void {
    this.version = {}
    this.removeDevice(record.id)
    this.devices.set(record.id, record)
    this.byMac.set(record.mac, record.id)
    this.byTokenHash.set(record.tokenHash, record.id)
    for (const { id, authUsername } of record.lines) {
      this.byLine.set(id, record.id)
      this.digestUsers.set(withinSite(record.siteId, authUsername), { deviceId: record.id, lineId: id })
    }
  }

  removeDevice(id: Id): void {
    this.version = {}
    const old = this.devices.get(id)
    if (!old) return
    this.devices.delete(id)
    if (this.byMac.get(old.mac) === id) this.byMac.delete(old.mac)
    if (this.byTokenHash.get(old.tokenHash) === id) this.byTokenHash.delete(old.tokenHash)
    for (const { id: lineId, authUsername } of old.lines) {
      if (this.byLine.get(lineId) === id) this.byLine.delete(lineId)
      const name = withinSite(old.siteId, authUsername)
      const pointer = this.digestUsers.get(name)
      if (pointer && 'deviceId' in pointer && pointer.deviceId === id) this.digestUsers.delete(name)
    }
  }

  /** See Snapshot: site and name. */
  nextDigestName(): string | undefined {
    const next = this.#namesInTurn.next()
    if (!next.done) return next.value
    this.#namesInTurn = this.digestUsers.keys()
    return this.#namesInTurn.next().value
  }

  putLayer(layer: Layer, owner: string, values: LayerValues): void {
    this.version = {}
    this.peopleVersion = {}
    this.layers.set(layerKey(layer, owner), values)
  }
}

/** The snapshot that phones are answered from. Its content is changed by the feed only. */
export class MemorySnapshot implements ListedSnapshot {
  #content: SnapshotContent

  constructor(content = new SnapshotContent()) {
    this.#content = content
  }

  /** What readers see now; the feed puts single records into it. */
  get content(): SnapshotContent {
    return this.#content
  }

  /** Replaces everything at once: readers see the old content or the new, never a mixture. */
  adopt(content: SnapshotContent): void {
    this.#content = content
  }

  get version(): object {
    return this.#content.version
  }

  get peopleVersion(): object {
    return this.#content.peopleVersion
  }

  deviceByMac(mac: string): DeviceRecord | undefined {
    return this.device(this.#content.byMac.get(mac))
  }

  deviceByTokenHash(sha256Hex: string): DeviceRecord | undefined {
    return this.device(this.#content.byTokenHash.get(sha256Hex))
  }

  deviceByLine(lineId: Id): DeviceRecord | undefined {
    return this.device(this.#content.byLine.get(lineId))
  }

  device(id: Id | undefined): DeviceRecord | undefined {
    return id === undefined ? undefined : this.#content.devices.get(id)
  }

  extension(id: Id | undefined): ExtensionRecord | undefined {
    return id === undefined ? undefined : this.#content.extensions.get(id)
  }

  extensionByNumber(siteId: Id, number: string): ExtensionRecord | undefined {
    return this.extension(this.#content.byNumber.get(withinSite(siteId, number)))
  }

  softphoneByTokenHash(sha256Hex: string): { extension: ExtensionRecord; softphone: SoftphoneRecord } | undefined {
    const pointer = this.#content.softphoneTokens.get(sha256Hex)
    const extension = this.extension(pointer?.extensionId)
    const softphone = extension && pointer && softphoneOf(extension, pointer.softphoneId)
    return softphone && extension.enabled ? { extension, softphone } : undefined
  }

  /** Undefined also for a disabled extension and for lines of phones that are not approved. */
  digestUser(siteId: Id, authUsername: string): DigestUser | undefined {
    const pointer = this.#content.digestUsers.get(withinSite(siteId, authUsername))
    if (!pointer) return undefined
    if ('extensionId' in pointer) {
      const extension = this.extension(pointer.extensionId)
      if (!extension?.enabled) return undefined
      if (pointer.softphoneId === undefined) return { extension }
      const softphone = softphoneOf(extension, pointer.softphoneId)
      return softphone && { extension, softphone }
    }
    const device = this.device(pointer.deviceId)
    const line = device?.lines.find(({ id }) => id === pointer.lineId)
    const extension = this.extension(line?.extensionId)
    return device?.state === 'approved' && line && extension?.enabled ? { extension, device, line } : undefined
  }

  someDigestName(): { siteId: Id; authUsername: string } | undefined {
    const name = this.#content.nextDigestName()
    if (name === undefined) return undefined
    const blank = name.indexOf(' ')
    return { siteId: name.slice(0, blank), authUsername: name.slice(blank + 1) }
  }

  allSites(): Iterable<Site> {
    return this.#content.sites.values()
  }

  allExtensions(): Iterable<ExtensionRecord> {
    return this.#content.extensions.values()
  }

  allDevices(): Iterable<DeviceRecord> {
    return this.#content.devices.values()
  }

  site(id: Id): Site | undefined {
    return this.#content.sites.get(id)
  }

  siteByDomain(domain: string): Site | undefined {
    const wanted = domain.toLowerCase()
    for (const site of this.#content.sites.values()) if (site.sipDomain?.toLowerCase() === wanted) return site
    return undefined
  }

  /** Throws SITE_NOT_FOUND before the first load. */
  defaultSite(): Site {
    let oldest: Site | undefined
    for (const site of this.#content.sites.values()) if (!oldest || site.id < oldest.id) oldest = site
    if (!oldest) throw new AppError('SITE_NOT_FOUND', 'the database holds no site')
    return oldest
  }

  layer(layer: Layer, owner: string): LayerValues {
    return this.#content.layers.get(layerKey(layer, owner)) ?? NOTHING_SET
  }

  counts(): { devices: number; extensions: number } {
    return { devices: this.#content.devices.size, extensions: this.#content.extensions.size }
  }
}

function softphoneOf({ softphones }: ExtensionRecord, id: Id): SoftphoneRecord | undefined {
  return softphones?.find((one) => one.id === id)
}

function layerKey(layer: Layer, owner: string): string {
  return `${layer}:${owner}`
}

/** A blank never occurs in an id. */
function withinSite(siteId: Id, name: string): string {
  return `${siteId} ${name}`
}
