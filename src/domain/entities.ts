import type { Millis } from './clock.js'
import type { ExtensionNumber } from './extension-number.js'
import type { Mac } from './mac-address.js'
import type { Sealed } from './secret.js'

/** A ULID (26 lower-case characters), see random.ts. */
export type Id = string

/** A tenant: people, phones and settings of one customer or branch. */
export interface Site {
  id: Id
  slug: string
  name: string
  /** Domain part of its addresses of record; undefined: the address that the phone reached. */
  sipDomain?: string
  revision: number
}

/** A person or room that can be called; owns its keys and personal settings. */
export interface Extension {
  id: Id
  siteId: Id
  number: ExtensionNumber
  displayName: string
  email?: string
  /** Digest user of the extension's own password (manual set-ups); equals the number. */
  authUsername: string
  sealedPassword: Sealed
  /** Most bindings its address of record may have; undefined: the setting decides. */
  maxContacts?: number
  enabled: boolean
  revision: number
}

export const DEVICE_STATES = ['approved', 'pending', 'blocked', 'retired'] as const
export type DeviceState = (typeof DEVICE_STATES)[number]

/** A physical phone. Replaceable: people keep their keys and settings. */
export interface Device {
  id: Id
  siteId: Id
  mac: Mac
  /** Id in the catalog, for example `yealink/t21p-e2`. */
  model: string
  name?: string
  state: DeviceState
  groupId?: Id
  /** When it was retired, moved away or deleted: it gets the cleared file for some days (decision 8). */
  retiredAt?: Millis
  /** Random token in its config URL: sealed for rendering, SHA-256 for look-up (decision 5). */
  sealedToken: Sealed
  tokenHash: string
  sealedAdminPassword: Sealed
  /** Firmware it last told in a User-Agent, by rule and not by the single request (decision 6). */
  firmwareVersion?: string
  lastSeenAt?: Millis
  lastSeenIp?: string
  revision: number
}

/** The n-th SIP account of a device, on an extension. Owns its credentials, so one phone can be revoked. */
export interface Line {
  id: Id
  deviceId: Id
  /** 1-based account index. */
  position: number
  extensionId: Id
  label?: string
  authUsername: string
  sealedPassword: Sealed
  /** The password before, sealed as the other: good until the phone has used the new one, or until then. */
  former?: { sealed: Sealed; until: Millis }
}

/** Ways a softphone may be told to register by. */
export const SOFTPHONE_TRANSPORTS = ['udp', 'tcp', 'tls'] as const
export type SoftphoneTransport = (typeof SOFTPHONE_TRANSPORTS)[number]

/** An app of a person, on a computer or mobile: credentials of its own, so one can be revoked and the others stay. */
export interface Softphone {
  id: Id
  siteId: Id
  extensionId: Id
  /** Id of the app in device-templates/softphones, for example `linphone`. */
  app: string
  name?: string
  authUsername: string
  sealedPassword: Sealed
  transport: SoftphoneTransport
  /** Name of the published address it reaches the server by. */
  address: string
}

/** A one-time (or n-times) right to fetch the set-up of a softphone; its secret is known by SHA-256 only. */
export interface SoftphoneToken {
  id: Id
  softphoneId: Id
  tokenHash: string
  /** Fetches that are left. */
  usesLeft: number
  expiresAt: Millis
}

/** Neutral kinds of programmable keys; a model says which of them each of its banks can be. */
export const KEY_KINDS = [
  'none',
  'line',
  'blf',
  'speed-dial',
  'park',
  'pick-up',
  'group-pick-up',
  'voicemail',
  'dnd',
  'forward',
  'transfer',
  'conference',
  'intercom',
  'hold',
  'redial',
  'dtmf',
  'url',
  'paging',
  'record',
  'phonebook',
  'agent',
  'group-login',
] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/**
 * A programmable key. It hangs on an extension (owner kind "extension": laid onto whatever phone the person
 * has), on a device (owner kind "device": an extra key at a fixed place of that phone) or on a group of phones (owner
 * kind "group": laid onto each of them in the places that the person's keys leave).
 */
export interface LineKey {
  id: Id
  owner: { kind: 'extension' | 'device' | 'group'; id: Id }
  /** 1-based order for the keys of an extension or group; 1-based place in `bank` for a device's keys. */
  position: number
  /** Bank of the model, for example `linekey`; only for device keys. */
  bank?: string
  kind: KeyKind
  /** Number, URL or digits, by kind. */
  value?: string
  label?: string
  /** Account index the key works on, 1-based; undefined: the owner's line. */
  line?: number
  /** The admin's alone: its person cannot change it on the own page. Only keys of extensions. */
  locked?: true
}

/** Layers of settings, weakest first. */
export const LAYERS = ['global', 'site', 'vendor', 'model', 'group', 'extension', 'device', 'line'] as const
export type Layer = (typeof LAYERS)[number]

/** One value an operator set. `owner` is '' for global, else site id, vendor, model id, group id, ... */
export interface SettingValue {
  layer: Layer
  owner: string
  key: string
  /** JSON value; a sealed string for settings marked secret. */
  value: unknown
}

/** A Contact registered for an address of record (RFC 3261 §10; field list after usrloc). */
export interface Binding {
  /** `user@domain`, canonical. */
  aor: string
  extensionId: Id
  /** Instance and reg-id when the phone sends them (RFC 5626), else the canonical Contact URI. */
  bindingKey: string
  contactUri: string
  /** Parameters of its Contact that we do not act on, as sent: `;+sip.instance="<urn:uuid:…>"`; given back in answers. */
  contactParams?: string
  /** Source address the REGISTER came from, `ip:port`, IPv6 in brackets. */
  received: string
  transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  path: readonly string[]
  /** 0 to 1000, thousandths of the q parameter. */
  q: number
  callId: string
  cseq: number
  expiresAt: Millis
  registeredAt: Millis
  userAgent?: string
  /** Line or softphone whose credentials were used; undefined: the extension's own. */
  lineId?: Id
  /** Tells the password that was proved from the ones after it, to whoever has the key file. */
  passwordMark?: string
  /** Address of ours that the phone reached: what is sent to it leaves from there. */
  local?: string
}

/** A firmware file on disk: `firmware/<family>/<model>/<version>/<file>`. */
export interface FirmwareImage {
  family: string
  model: string
  version: string
  fileName: string
  sizeBytes: number
  sha256: string
}

export const OUTCOMES = [
  'served',
  'not-modified',
  'partial',
  'expected-miss',
  'unknown-file',
  'unknown-device',
  'untrusted',
  'blocked',
  'refused-upload',
  'cleared',
  'last-good',
  'failed',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** One provisioning request: who asked, what was served, why it was refused. */
export interface ProvisioningEvent {
  at: Millis
  transport: 'http' | 'https' | 'tftp'
  /** Path with tokens masked. */
  path: string
  peer: string
  mac?: Mac
  deviceId?: Id
  userAgent?: string
  outcome: Outcome
  status: number
  bytes: number
  micros: number
  /** SHA-256 of the body served. */
  sha256?: string
  /** Reason of a refusal, in words. */
  reason?: string
  /** Requests alike that this stands for, `at` being the last of them; left out: one. */
  times?: number
}

/** A change somebody made: who, what, before and after; secrets are left out. */
export interface AuditEntry {
  at: Millis
  actor: string
  action: string
  entity: string
  entityId: Id
  before?: unknown
  after?: unknown
}

/** Refused requests of one source that belong to no phone of ours, counted (decision 24). */
export interface Stranger {
  peer: string
  outcome: Outcome
  firstAt: Millis
  lastAt: Millis
  requests: number
  lastPath: string
  lastMac?: Mac
  lastUserAgent?: string
  lastReason?: string
}
