import type {
  Device,
  Extension,
  Id,
  Layer,
  Line,
  LineKey,
  Site,
  Softphone,
  SoftphoneToken,
} from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'

/** A device with everything that hangs on it. */
export interface DeviceRecord extends Device {
  /** By position, ascending. */
  readonly lines: readonly Line[]
  /** Extra keys of this very phone, see LineKey. */
  readonly keys: readonly LineKey[]
}

/** A softphone with the tokens that still open its set-up. */
export interface SoftphoneRecord extends Softphone {
  readonly tokens: readonly SoftphoneToken[]
}

/** An extension with its keys. */
export interface ExtensionRecord extends Extension {
  /** By position, ascending. */
  readonly keys: readonly LineKey[]
  /** Absent: none. Changed by softphone use cases only, without a new revision of the extension. */
  readonly softphones?: readonly SoftphoneRecord[]
  /** Groups that the person is in, the strongest first; absent: none. */
  readonly groups?: readonly Id[]
}

/** The operator's values of one layer owner. Secret values are `Sealed` text. */
export interface LayerValues {
  /** Grows by one with each change; 0 when nothing was ever set. */
  readonly revision: number
  readonly values: ReadonlyMap<string, unknown>
  /** Keys that each phone of a group gets, by position; only in the layer `group`. */
  readonly keys?: readonly LineKey[]
}

/** Who may use a digest user name: a line of a device, a softphone, or the extension itself. */
export interface DigestUser {
  readonly extension: ExtensionRecord
  readonly device?: DeviceRecord
  readonly line?: Line
  readonly softphone?: SoftphoneRecord
}

/**
 * What phones are answered from: the whole domain in memory (decision 2). Readers never wait for the database;
 * the feed in edge/ replaces single records when the change feed names them.
 */
export interface Snapshot {
  /** Another object after every change: what was worked out under one version holds while it is the same. */
  readonly version: object
  deviceByMac(mac: Mac): DeviceRecord | undefined
  deviceByTokenHash(sha256Hex: string): DeviceRecord | undefined
  /** The device that a line belongs to. */
  deviceByLine(lineId: Id): DeviceRecord | undefined
  device(id: Id): DeviceRecord | undefined
  extension(id: Id): ExtensionRecord | undefined
  extensionByNumber(siteId: Id, number: string): ExtensionRecord | undefined
  /** Digest user names are unique within a site. */
  digestUser(siteId: Id, authUsername: string): DigestUser | undefined
  /** Some digest user name, the next one with each call, all of them in turn; undefined: there is none. */
  someDigestName(): { siteId: Id; authUsername: string } | undefined
  site(id: Id): Site | undefined
  /** The site whose SIP domain this is (case-insensitive), if any. */
  siteByDomain(domain: string): Site | undefined
  /** The site that owns everything when no domain says otherwise: the oldest one. */
  defaultSite(): Site
  /** `owner` as in SettingValue; an owner without values gives revision 0 and an empty map. */
  layer(layer: Layer, owner: string): LayerValues
  counts(): { devices: number; extensions: number }
}

/** A snapshot that can be listed, for admins. Records are replaced whole, never changed in place. */
export interface ListedSnapshot extends Snapshot {
  /** As `version`, for people and settings alone: phones that are seen do not change it. */
  readonly peopleVersion: object
  allSites(): Iterable<Site>
  /** In no order. */
  allExtensions(): Iterable<ExtensionRecord>
  /** In no order; removed ones too. */
  allDevices(): Iterable<DeviceRecord>
  /** The softphone whose set-up a token opens, by the token's SHA-256; used and expired ones may still be among them. */
  softphoneByTokenHash(sha256Hex: string): { extension: ExtensionRecord; softphone: SoftphoneRecord } | undefined
}
