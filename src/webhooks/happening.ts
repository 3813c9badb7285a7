import type { AuditRow } from '../database/audit-log.js'
import type { Id } from '../domain/entities.js'
import type { Millis } from '../domain/clock.js'
import type { Permission } from '../accounts/permissions.js'
import type { BindingChange } from '../registrar/store.js'
import { describeDevice } from '../devices/draft.js'
import { describeExtension } from '../extensions/draft.js'
import type { Snapshot } from '../snapshot/snapshot.js'

/** What others can be told of, with the right somebody needs to hear it. */
export const HAPPENINGS = {
  'extension.created': 'people.read',
  'extension.changed': 'people.read',
  'extension.removed': 'people.read',
  'device.created': 'phones.read',
  'device.changed': 'phones.read',
  'device.removed': 'phones.read',
  'setting.changed': 'settings.read',
  'import.done': 'people.read',
  'registration.started': 'registrations.read',
  'registration.ended': 'registrations.read',
} as const satisfies Record<string, Permission>

export type HappeningType = keyof typeof HAPPENINGS
export const HAPPENING_TYPES = Object.keys(HAPPENINGS) as [HappeningType, ...HappeningType[]]

/** Something that happened, as webhooks and the event stream tell it. Holds no secrets. */
export interface Happening {
  /** `a<number of the audit row>` or `r<number>` for registrations; the same for all who are told. */
  readonly id: string
  readonly type: HappeningType
  readonly at: Millis
  /** Absent: it concerns all sites. */
  readonly siteId?: Id
  /** The verb of the audit log, such as `extension.renumber`, and who did it. */
  readonly action?: string
  readonly actor?: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What happens, as it happens. */
export interface HappeningFeed {
  /**
   * Calls `listener` with all that happens from now on, and first with what happened since `lastId`. `complete` is
   * false when that is not known any more: then whoever listens must read the lists anew.
   */
  listen(
    lastId: string | undefined,
    listener: (happening: Happening) => void,
  ): Promise<{ complete: boolean; leave: () => void }>
}

/** What happenings are described from. */
export interface HappeningSources {
  readonly snapshot: Pick<Snapshot, 'extension' | 'device' | 'deviceByLine' | 'layer'>
  isSecretSetting(key: string): boolean
}

/** Verbs that only look, or that are nobody's business but the admins'. */
const UNTOLD = /\.show-/
const REMOVALS = new Set(['extension.remove', 'device.remove', 'device.move', 'device.purge'])
const CREATIONS = new Set(['extension.add', 'extension.restore', 'device.add'])

/** What a row of the audit log means to others; undefined for what they are not told, such as accounts. */
export function happeningOfAudit(sources: HappeningSources, row: AuditRow): Happening | undefined {
  if (UNTOLD.test(row.action)) return undefined
  const described = describe(sources, row)
  if (!described) return undefined
  const { id, at, siteId, action, actor } = row
  return { id: `a${id}`, at, ...(siteId === undefined ? {} : { siteId }), action, actor, ...described }
}

type Described = Pick<Happening, 'type' | 'data'>

function describe(sources: HappeningSources, row: AuditRow): Described | undefined {
  const { entity, entityId, action, before, after } = row
  const was = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
  switch (entity) {
    case 'extension':
      return {
        type: `extension.${step(action)}`,
        data: { id: entityId, ...personNow(sources, entityId, after ?? before), ...was },
      }
    case 'device':
      return {
        type: `device.${step(action)}`,
        data: { id: entityId, ...phoneNow(sources, entityId, after ?? before), ...was },
      }
    case 'setting': {
      const [layer, owner = '', ...key] = entityId.split(':')
      const setting = key.length === 0 ? was : { key: key.join(':'), ...was }
      if (layer === 'extension') {
        return { type: 'extension.changed', data: { id: owner, ...personNow(sources, owner, undefined), setting } }
      }
      return { type: 'setting.changed', data: { layer, owner, ...setting } }
    }
    case 'import':
      return { type: 'import.done', data: { id: entityId, ...was } }
    default:
      return undefined
  }
}

function step(action: string): 'created' | 'changed' | 'removed' {
  if (REMOVALS.has(action)) return 'removed'
  return CREATIONS.has(action) ? 'created' : 'changed'
}

/** The person with the settings of their own: also what only a PBX acts on, so that it can be handed over. */
function personNow({ snapshot, ...rest }: HappeningSources, id: Id, told: unknown): object {
  const person = snapshot.extension(id)
  if (!person) return isRecord(told) ? asApi(told) : {}
  return { ...asApi(describeExtension(person)), settings: shownSettings(rest, snapshot.layer('extension', id).values) }
}

/** In the words of the API, not in those of the audit log. */
function asApi({ displayName: name, ...rest }: Record<string, unknown>): object {
  return { ...rest, name }
}

function shownSettings(
  { isSecretSetting }: Pick<HappeningSources, 'isSecretSetting'>,
  values: ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries([...values].filter(([key]) => !isSecretSetting(key)))
}

function phoneNow({ snapshot }: HappeningSources, id: Id, told: unknown): object {
  const phone = snapshot.device(id)
  if (!phone) return isRecord(told) ? told : {}
  const numbers = phone.lines.map(({ extensionId }) => snapshot.extension(extensionId)?.number)
  return { ...describeDevice(phone), numbers: numbers.filter((number) => number !== undefined) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Somebody registered, or is registered no more; undefined for a mere refresh. */
export function happeningOfBinding(
  { snapshot }: Pick<HappeningSources, 'snapshot'>,
  change: BindingChange,
  id: string,
  at: Millis,
): Happening | undefined {
  if (change.kind === 'save' && change.event === 'refreshed') return undefined
  const { aor, extensionId, contactUri, received, transport, userAgent, expiresAt, lineId } = change.binding
  const person = snapshot.extension(extensionId)
  const mac = lineId === undefined ? undefined : snapshot.deviceByLine(lineId)?.mac
  return {
    id,
    type: change.kind === 'save' ? 'registration.started' : 'registration.ended',
    at,
    ...(person ? { siteId: person.siteId } : {}),
    data: {
      aor,
      ...(person ? { number: person.number } : {}),
      ...(mac === undefined ? {} : { mac }),
      contact: contactUri,
      received,
      transport,
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(change.kind === 'save' ? { expiresAt: new Date(expiresAt).toISOString() } : { reason: change.reason }),
    },
  }
}

/** The happening as JSON: what a webhook's body and the data of the stream are. */
export function happeningText({ at, siteId, ...rest }: Happening, siteName: (id: Id) => string | undefined): string {
  const site = siteId === undefined ? undefined : siteName(siteId)
  const { id, type, action, actor, data } = rest
  return JSON.stringify({
    id,
    type,
    timestamp: new Date(at).toISOString(),
    ...(site === undefined ? {} : { site }),
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actor }),
    data,
  })
}
