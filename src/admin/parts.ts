import type { SignIn } from '../accounts/sign-in.js'
import type { RoleAdmin } from '../accounts/role-use-cases.js'
import type { AccountStore } from '../accounts/store.js'
import type { AccountAdmin } from '../accounts/use-cases.js'
import type { Catalog } from '../catalog/catalog.js'
import type { BulkUseCases } from '../bulk/use-cases.js'
import type { AuditQuery, AuditRow } from '../database/audit-log.js'
import type { DeviceAdmin } from '../devices/use-cases.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Binding, Id, ProvisioningEvent, Stranger } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { Turns } from '../domain/turns.js'
import type { Seen } from '../domain/revision.js'
import type { ExtensionAdmin } from '../extensions/use-cases.js'
import type { GroupAdmin } from '../groups/use-cases.js'
import type { KeptBan } from '../limits/store.js'
import type { EffectJobs } from '../provisioning/effect-jobs.js'
import type { WaitingChanges } from '../provisioning/waiting-changes.js'
import type { PreviewSources } from '../provisioning/preview.js'
import type { RegisterStep } from '../registrar/history.js'
import type { BindingAdmin } from '../registrar/use-cases.js'
import type { ResyncAdmin } from '../resync/use-cases.js'
import type { ScheduleAdmin } from '../settings/schedule.js'
import type { SettingsAdmin } from '../settings/use-cases.js'
import type { MoveInAdmin } from '../move-in/use-cases.js'
import type { MailAdmin } from '../mail/use-cases.js'
import type { SoftphoneAdmin } from '../softphones/use-cases.js'
import type { SiteAdmin } from '../sites/use-cases.js'
import type { WebhookAdmin } from '../webhooks/use-cases.js'
import type { HappeningFeed } from '../webhooks/happening.js'
import type { ListedSnapshot } from '../snapshot/snapshot.js'

/** What operators do in one site. */
export interface SiteUseCases {
  extensions: ExtensionAdmin
  devices: DeviceAdmin
  groups: GroupAdmin
  softphones: SoftphoneAdmin
  mails: MailAdmin
  settings: SettingsAdmin
  bulk: BulkUseCases
  moveIns: MoveInAdmin
  webhooks: WebhookAdmin
}

/** A stored event with its number: later ones have higher numbers. */
export interface NumberedEvent extends ProvisioningEvent {
  id: number
}

/** What the log of events is asked; newest first, `before`: only events with lower numbers. */
export interface EventQuery {
  mac?: Mac | undefined
  outcome?: string | undefined
  before?: number | undefined
  limit: number
}

/** Everything the API and the pages work with; put together in src/server and plane.ts. */
export interface AdminParts extends PreviewSources {
  /** The use cases of a site; with `seen` they change nothing else than what was seen. */
  forSite(siteId: Id, seen?: Seen): SiteUseCases
  sites: SiteAdmin
  accounts: AccountAdmin
  roles: RoleAdmin
  accountStore: Pick<AccountStore, 'sessions' | 'endSession'>
  signIn: SignIn
  /** The page for signing in asks for the domain first. */
  domainFirst?: boolean
  /** People and phones in memory: what lists are made of. */
  snapshot: ListedSnapshot
  /** Brings the memory up to date after a change, so that the next list shows it. */
  refresh(): Promise<void>
  catalog: Catalog
  /** True for settings whose value is never shown. */
  isSecretSetting(key: string): boolean
  /** When and where a phone was seen last, since the start; what is in memory may be older. */
  lastSeen(deviceId: Id): { at: Millis; ip: string } | undefined
  /** Asks phones to look for a new config or to restart. */
  resync: ResyncAdmin
  /** What saving settings would do. */
  effects: EffectJobs
  /** Which phones would get other files than they have. */
  waiting: WaitingChanges
  /** A file as a phone was given it, by digest; undefined: not kept. */
  keptFile(sha256: string): Promise<Uint8Array | undefined>
  /** For long work: see turns.ts. */
  turns(): Turns
  /** What registrations went through since the start. */
  registrations: {
    /** Newest first. */
    history(deviceId: Id): RegisterStep[]
    /** The last TLS handshake of the phones' listener that failed from there. */
    tlsFailure(address: string): { at: Millis; reason: string } | undefined
  }
  /** Throws single registrations out. */
  bindingAdmin: BindingAdmin
  /** Settings that are to be saved at a time. */
  schedule: ScheduleAdmin
  /** What happens, as it happens. */
  happenings: HappeningFeed
  /** Who is registered now. */
  bindings(): Binding[]
  events(query: EventQuery): Promise<NumberedEvent[]>
  strangers(limit: number): Promise<Stranger[]>
  bans: {
    load(since: Millis, limit: number): Promise<KeptBan[]>
    lift(address: string | undefined, by: string, now: Millis): Promise<KeptBan[]>
  }
  audit(query: AuditQuery): Promise<AuditRow[]>
  /** Draws codes. */
  qr: { svg(text: string): Promise<string>; png(text: string): Promise<Buffer> }
  clock: Clock
}
