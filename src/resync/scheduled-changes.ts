import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Log } from '../observe/log.js'
import { Outage } from '../observe/outage.js'
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
  readonly #outage: Outage
  #cancel: () => void = () => undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(private readonly parts: ScheduledChangesParts) {
    this.#outage = new Outage(parts.log, {
      fails: 'planned changes cannot be read or saved; they wait',
      worksAgain: 'planned changes are saved again',
    })
  }

  start(): void {
    if (this.#stopped) return
    this.#cancel = this.parts.clock.after(TURN_MS, () => {
      this.#turn = this.#safely().then(() => this.start())
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#turn
  }

  async #safely(): Promise<void> {
    try {
      for (const change of await this.parts.store.due(this.parts.clock.now())) {
        if (!this.#stopped) await this.parts.store.finish(change.id, await this.#apply(change))
      }
      this.#outage.worked()
    } catch (error) {
      this.#outage.failed({ err: error })
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
      const { changed } = await this.parts.effect([{ layer, owner, key, ...(value === undefined ? {} : { value }) }])
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
