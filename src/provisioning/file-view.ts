import type { ReportsView } from './reports.js'
import type { TimeView } from '../catalog/time-zones.js'
import type { Secret } from '../domain/secret.js'
import type { SettingScalar } from '../settings/vocabulary.js'

/** Where phones are told to find this server. IPv6 addresses stand in brackets. */
export interface ServerAddress {
  host: string
  httpPort: number
  httpsPort: number
  tftpPort: number
  sipPort: number
  /** SIP over TLS. */
  sipsPort: number
}

/** One SIP account. An unused one has `enabled: false` and null everywhere else. */
export interface LineView {
  /** Account index, from 1 and from 0. */
  n: number
  n0: number
  enabled: boolean
  /** Parameter names of this account, when the model numbers them irregularly. */
  slot: Readonly<Record<string, string>>
  number: string | null
  authUser: string | null
  password: Secret | null
  displayName: string | null
  label: string | null
  server: string | null
  port: number | null
  /** `host:port` */
  serverPort: string | null
  outboundHost: string | null
  outboundPort: number | null
  /** Settings of this line, all of the vocabulary. */
  settings: Readonly<Record<string, SettingScalar>>
}

/** One programmable key: the fields its kind has with this vendor, and its place. */
export type KeyView = Readonly<Record<string, unknown>> & {
  n: number
  index: number
  kind: string
  label: string | null
  slot: Readonly<Record<string, string>>
}

/** Where a phone finds its phonebook: the site's, or one of another server. */
export interface PhonebookView {
  url: string | Secret
  /** http, https or tftp. */
  scheme: string
  /** The address without scheme and file name, for phones that add both. */
  folder: string | Secret
}

/** What templates see (docs/add-a-phone.md). Files of scope `model` have no mac, admin, firmware, lines and keys. */
export interface FileView {
  model: { id: string; name: string; token: string; lines: number; capabilities: Readonly<Record<string, unknown>> }
  era: Readonly<Record<string, boolean>>
  server: {
    host: string
    sipPort: number
    sipsPort: number
    baseUrl: string
    caUrl: string | Secret
    configUrl: Secret | null
    configPath: Secret | null
  }
  settings: Readonly<Record<string, SettingScalar>>
  /** Null: the phone reports nothing. Files of scope `model` have none. */
  reports: ReportsView | null
  /** Null: the phone shows none. Files of scope `model` have none. */
  phonebook: PhonebookView | null
  time: TimeView
  cleared: boolean
  mac?: string
  MAC?: string
  admin?: { password: Secret | null }
  firmware?: { version: string; url: Secret; directory: Secret } | null
  lines?: readonly LineView[]
  keys?: Readonly<Record<string, readonly KeyView[]>>
  /** Numbers of all lines in use, for files that list them. */
  activeLines?: readonly LineView[]
}
