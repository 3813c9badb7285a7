import type { AuditRow } from '../database/audit-log.js'
import type { Id } from '../domain/entities.js'
import { formatMac, parseMac } from '../domain/mac-address.js'
import { firstSet, personLayers } from '../snapshot/person-layers.js'
import { siteValue, siteZone } from '../snapshot/site-value.js'
import type { ExtensionRecord, Snapshot } from '../snapshot/snapshot.js'
import type { MailAbout, NoticeKind } from './mail.js'

/** What somebody is to be told by mail. */
export interface Notice {
  readonly kind: NoticeKind
  readonly siteId: Id
  /** Whom; absent: `address`. */
  readonly extensionId?: Id
  readonly address?: string
  readonly about: MailAbout
}

/** What notices are made from. */
export interface NoticeSources {
  readonly snapshot: Pick<Snapshot, 'extension' | 'extensionByNumber' | 'layer'>
  /** Name of a phone model, for people. */
  modelName(id: string): string
  /** Name of a softphone app. */
  appName(id: string): string
}

/** Who makes codes for mails: whoever gets one knows of it. */
export const MAIL_ACTOR = 'mail'
/** What admins may be told of, as the setting `adminNotices` names it. */
type AdminNotice = 'phone-lost' | 'banned'

/** A phone, as far as the audit log tells. */
interface Told {
  readonly mac?: string
  readonly model?: string
  readonly lines?: readonly { readonly position: number; readonly extensionId: Id }[]
  /** Position of the line whose password was changed. */
  readonly passwordOf?: number
  readonly extension?: string
  readonly app?: string
  readonly name?: string
}

/** Rows of the audit log that may mean something; nearly all others are about something else. */
export const TOLD = [
  ...['device.add', 'device.add-line', 'device.reset-line-password', 'device.lost'],
  ...['extension.reset-password', 'softphone.add'],
] as const

/** What a row of the audit log means to people, and to those who look after the phones. */
export function noticesOf(sources: NoticeSources, row: AuditRow): Notice[] {
  const after = (row.after ?? {}) as Told
  const siteId = row.siteId
  if (siteId === undefined) return []
  const { snapshot } = sources
  const toldPeople = (kind: NoticeKind, ids: readonly (Id | undefined)[], what: string): Notice[] => {
    const about = aboutOf(sources, row, siteId, what)
    return peopleOf(snapshot, ids)
      .filter((person) => mayBeMailed(snapshot, person))
      .map(({ id }) => ({ kind, siteId, extensionId: id, about }))
  }
  const onLines = (told: Told): Id[] => (told.lines ?? []).map(({ extensionId }) => extensionId)
  switch (row.action) {
    case 'device.add':
      return toldPeople('phone-added', onLines(after), phoneName(sources, after))
    case 'device.add-line': {
      const before = new Set(onLines((row.before ?? {}) as Told))
      const fresh = onLines(after).filter((id) => !before.has(id))
      return toldPeople('phone-added', fresh, phoneName(sources, after))
    }
    case 'device.reset-line-password': {
      const owner = after.lines?.find(({ position }) => position === after.passwordOf)?.extensionId
      return toldPeople('password-reset', [owner], phoneName(sources, after))
    }
    case 'device.lost': {
      const what = phoneName(sources, after)
      const people = toldPeople('phone-lost', onLines(after), what)
      const address = adminAddress(snapshot, siteId, 'phone-lost')
      if (address === undefined) return people
      const about = { ...aboutOf(sources, row, siteId, what), people: namesOf(snapshot, onLines(after)) }
      return [...people, { kind: 'admin-phone-lost', siteId, address, about }]
    }
    case 'extension.reset-password':
      return toldPeople('password-reset', [row.entityId], '')
    case 'softphone.add': {
      if (row.actor === MAIL_ACTOR) return []
      const person = snapshot.extensionByNumber(siteId, after.extension ?? '')
      return toldPeople('softphone-added', [person?.id], after.name ?? sources.appName(after.app ?? ''))
    }
    default:
      return []
  }
}

/**
 * Where whoever looks after the phones is told such things; undefined: the settings name no address, or do not want them.
 * @param siteId empty: of all sites
 */
export function adminAddress(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, wanted: AdminNotice): string | undefined {
  const address = siteValue(snapshot, siteId, 'adminNoticeAddress')
  const kinds = siteValue(snapshot, siteId, 'adminNotices')
  return typeof address !== 'string' || (Array.isArray(kinds) && !kinds.includes(wanted)) ? undefined : address
}

/** Who has an address, and does not want to be left in peace (`notifyByEmail`). */
function mayBeMailed(
  snapshot: Pick<Snapshot, 'layer'>,
  person: Pick<ExtensionRecord, 'id' | 'siteId' | 'email' | 'enabled'>,
): boolean {
  if (person.email === undefined || !person.enabled) return false
  return firstSet(personLayers(snapshot, person, person.id), 'notifyByEmail') !== false
}

function aboutOf({ snapshot }: NoticeSources, { at, actor }: AuditRow, siteId: Id, what: string): MailAbout {
  return { what, at, by: actor, zone: siteZone(snapshot, siteId) }
}

function phoneName({ modelName }: NoticeSources, { mac, model }: Told): string {
  const known = parseMac(mac ?? '')
  return `${modelName(model ?? '')} (${known ? formatMac(known) : ''})`
}

function namesOf(snapshot: Pick<Snapshot, 'extension'>, ids: readonly Id[]): string {
  return peopleOf(snapshot, ids)
    .map(({ number, displayName }) => `${number} ${displayName}`)
    .join(', ')
}

/** Each once, without those who are gone. */
function peopleOf(snapshot: Pick<Snapshot, 'extension'>, ids: readonly (Id | undefined)[]): ExtensionRecord[] {
  return [...new Set(ids)].flatMap((id) => (id === undefined ? [] : (snapshot.extension(id) ?? [])))
}
