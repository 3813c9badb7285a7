import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Log } from '../observe/log.js'
import { Rounds } from '../observe/rounds.js'
import type { Effect } from '../provisioning/effect.js'
import type { LayerEdit } from '../provisioning/edits.js'
import type { ScheduleAdmin, ScheduledChange, ScheduleOutcome, ScheduleStore } from '../settings/schedule.js'
import type { SettingsAdmin } from '../settings/use-cases.js'
import type { ResyncAdmin } from './use-cases.js'

export interface ScheduledChangesParts {
  readonly store: Pick<ScheduleStore, 'due' | 'finish'>
  readonly schedule: Pick<ScheduleAdmin, 'valueOf'>
  settings(siteId: Id): Pick<SettingsAdmin, 'set' | 'unset'>
  /** What the edits would do. */
  effect(edits: readonly LayerEdit[]): Promise<Effect>
  readonly resync: Pick<ResyncAdmin, 'ask'>
  /** Takes in what was changed so far. */
  refresh(): Promise<void>
  readonly clock: Clock
  readonly log: Log
}

const TURN_MS = 1_000

/**
 * Saves planned changes when their time has come, or at the start when it came while no server ran, and asks just
 * the phones whose files they change to fetch them.
 */
export class ScheduledChanges {
  readonly #rounds: Rounds
  /** By planned change: whose files it changes. Known before it is saved, and asked for when a later step has to be tried again. */
  readonly #concerned = new Map<Id, Effect['changed']>()

  constructor(private readonly parts: ScheduledChangesParts) {
    this.#rounds = new Rounds(
      {
        ...{ clock: parts.clock, log: parts.log, everyMs: TURN_MS },
        fails: 'planned changes cannot be read or saved; they wait',
        worksAgain: 'planned changes are saved again',
      },
      () => this.#saveDue(),
    )
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  async #saveDue(): Promise<void> {
    const { store, clock } = this.parts
    for (const change of await store.due(clock.now())) {
      if (this.#rounds.stopped) return
      await store.finish(change.id, await this.#apply(change))
      this.#concerned.delete(change.id)
    }
  }

  async #apply(change: ScheduledChange): Promise<ScheduleOutcome> {
    const { schedule, settings, clock, log } = this.parts
    const { layer, owner, key, siteId } = change
    // So that the audit log names who planned it.
    const actor = `${change.createdBy} (planned)`
    try {
      const value = schedule.valueOf(change)
      await this.parts.refresh()
      const edit = { layer, owner, key, ...(value === undefined ? {} : { value }) }
      const changed = this.#concerned.get(change.id) ?? (await this.parts.effect([edit])).changed
      this.#concerned.set(change.id, changed)
      if (value === undefined) await settings(siteId).unset(actor, { layer, owner, key })
      else await settings(siteId).set(actor, { layer, owner, key }, value)
      await this.parts.refresh()
      const asked = change.resync ? await this.parts.resync.ask(actor, changed, 'resync') : []
      log.info({ layer, key, changed: changed.length, asked: asked.length }, 'a planned change was saved')
      return { state: 'done', at: clock.now(), changed: changed.length, asked: asked.length }
    } catch (error) {
      // The database is away: it is tried again.
      if (error instanceof AppError && error.code === 'DATABASE_UNUSABLE') throw error
      log.warn({ err: error, layer, key }, 'a planned change could not be saved')
      return { state: 'failed', at: clock.now(), reason: error instanceof AppError ? error.message : 'internal error' }
    }
  }
}
