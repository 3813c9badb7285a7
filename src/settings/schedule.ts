import type { Change } from '../database/change.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Id, Layer } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { Sealed } from '../domain/secret.js'
import { SHARED_LAYERS } from './use-cases.js'

/** `waiting`: its time has not come. `failed`: it could not be saved, the reason is kept. */
export const SCHEDULE_STATES = ['waiting', 'done', 'failed', 'cancelled'] as const
export type ScheduleState = (typeof SCHEDULE_STATES)[number]

/** A value that is to be saved at a time. */
export interface ScheduledChange {
  readonly id: Id
  readonly siteId: Id
  readonly at: Millis
  readonly layer: Layer
  /** As in SettingValue. */
  readonly owner: string
  /** What the owner was called when this was planned. */
  readonly ownerName: string
  readonly key: string
  /** Sealed when it is a secret. Undefined: the layer is to say nothing any more. */
  readonly value?: unknown
  /** Phones whose files it changes are asked to fetch them. */
  readonly resync: boolean
  readonly state: ScheduleState
  readonly finishedAt?: Millis
  /** Phones whose files it changed, and how many of them were asked. */
  readonly changed?: number
  readonly asked?: number
  readonly reason?: string
  readonly createdBy: string
  readonly createdAt: Millis
  readonly revision: number
}

/** How one ended. */
export interface ScheduleOutcome {
  readonly state: 'done' | 'failed'
  readonly at: Millis
  readonly changed?: number
  readonly asked?: number
  readonly reason?: string
}

/** Where they wait; on disk, so that a restart forgets none. */
export interface ScheduleStore {
  add(change: ScheduledChange, audit: Change): Promise<void>
  /** Those that wait by time, then those that are over, the last first. */
  list(siteId: Id, limit: number): Promise<ScheduledChange[]>
  show(siteId: Id, id: Id): Promise<ScheduledChange | undefined>
  /** Cancels one that waits; false when it does not wait any more. */
  cancel(id: Id, at: Millis, audit: Change): Promise<boolean>
  /** Those whose time has come, the oldest first. */
  due(now: Millis): Promise<ScheduledChange[]>
  finish(id: Id, outcome: ScheduleOutcome): Promise<void>
}

export interface ScheduleParts {
  readonly store: ScheduleStore
  readonly secrets: Pick<SecretBox, 'seal' | 'open'>
  readonly clock: Clock
  readonly random: Random
  isSecret(key: string): boolean
}

export interface ScheduleInput {
  readonly at: Millis
  readonly layer: Layer
  readonly owner: string
  readonly ownerName: string
  readonly key: string
  /** Checked already. */
  readonly value?: unknown
  readonly resync: boolean
}

/** What an operator may do with changes that are planned. */
export interface ScheduleAdmin {
  /** Throws SCHEDULE_INVALID for a time that is past or more than a year ahead. */
  add(actor: string, siteId: Id, input: ScheduleInput): Promise<ScheduledChange>
  list(siteId: Id, limit: number): Promise<ScheduledChange[]>
  /** Throws SCHEDULE_NOT_FOUND. */
  show(siteId: Id, id: Id): Promise<ScheduledChange>
  /** Throws SCHEDULE_NOT_FOUND, and SCHEDULE_INVALID when it is over. */
  cancel(actor: string, siteId: Id, id: Id, seen?: Seen): Promise<void>
  /** The value of a change as it is to be saved, opened. */
  valueOf(change: ScheduledChange): unknown
}

/** What `at` may be ahead of now. */
const FARTHEST_MS = 366 * 86_400_000

export function createScheduleAdmin({ store, secrets, clock, random, isSecret }: ScheduleParts): ScheduleAdmin {
  const auditOf = (actor: string, action: string, change: ScheduledChange): Change => ({
    author: { actor, at: clock.now() },
    action: `setting.${action}`,
    entity: 'setting',
    entityId: `${change.layer}:${change.owner}:${change.key}`,
    ...(SHARED_LAYERS.includes(change.layer) ? {} : { siteId: change.siteId }),
    after: {
      at: new Date(change.at).toISOString(),
      ...(change.value === undefined ? {} : { value: isSecret(change.key) ? '[secret]' : change.value }),
    },
    feed: [],
  })
  const show = async (siteId: Id, id: Id): Promise<ScheduledChange> => {
    const found = await store.show(siteId, id)
    if (found) return found
    throw new AppError('SCHEDULE_NOT_FOUND', 'there is no such planned change')
  }
  return {
    add: async (actor, siteId, input) => {
      const now = clock.now()
      if (!(input.at > now && input.at - now < FARTHEST_MS)) {
        throw new AppError('SCHEDULE_INVALID', 'the time must be within the year ahead', { field: 'at' })
      }
      const id = newId(random, now)
      const { value, key } = input
      const seals = isSecret(key) && typeof value === 'string' && value !== ''
      const stored = seals ? secrets.seal(value, SEAL_CONTEXTS.scheduledValue(id)) : value
      const change: ScheduledChange = {
        ...{ ...input, id, siteId, state: 'waiting', createdBy: actor, createdAt: now, revision: 1 },
        ...(stored === undefined ? {} : { value: stored }),
      }
      await store.add(change, auditOf(actor, 'plan', { ...change, value }))
      return change
    },
    list: (siteId, limit) => store.list(siteId, limit),
    show,
    cancel: async (actor, siteId, id, seen) => {
      const change = await show(siteId, id)
      refuseStale(change, seen)
      if (await store.cancel(id, clock.now(), auditOf(actor, 'cancel', change))) return
      throw new AppError('SCHEDULE_INVALID', 'it does not wait any more', { field: 'id' })
    },
    valueOf: ({ id, key, value }) =>
      isSecret(key) && typeof value === 'string' && value !== ''
        ? secrets.open(value as Sealed, SEAL_CONTEXTS.scheduledValue(id)).reveal()
        : value,
  }
}
