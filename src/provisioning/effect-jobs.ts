import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import type { Turns } from '../domain/turns.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { LayerEdit } from './edits.js'
import { findEffect, type Effect } from './effect.js'
import type { PreviewSources } from './preview.js'

/** Somebody's question what some edits would do, and the answer as soon as it is known. */
export interface EffectJob {
  readonly id: Id
  readonly actor: string
  readonly siteId: Id
  readonly edits: readonly LayerEdit[]
  readonly askedAt: Millis
  /** Phones looked at, of how many. */
  looked: number
  of: number
  effect?: Effect
  /** Why there will be no answer. */
  failed?: string
  readonly done: Promise<void>
}

export interface EffectJobsParts {
  readonly sources: PreviewSources
  devices(): Iterable<DeviceRecord>
  readonly turns: () => Turns
  readonly clock: Clock
  readonly random: Random
}

const KEPT_MS = 600_000
const KEPT_MOST = 50

/** Works out what edits would do, in the background; answers are kept for ten minutes. */
export class EffectJobs {
  readonly #jobs = new Map<Id, EffectJob>()

  constructor(private readonly parts: EffectJobsParts) {}

  /** Begins; resolves with the job after `patienceMs`, or earlier when it is done. */
  async ask(actor: string, siteId: Id, edits: readonly LayerEdit[], patienceMs: Millis): Promise<EffectJob> {
    const { clock } = this.parts
    const job = this.#start(actor, siteId, edits)
    let cancel = (): void => undefined
    const patience = new Promise<void>((resolve) => {
      cancel = clock.after(patienceMs, resolve)
    })
    await Promise.race([job.done, patience])
    cancel()
    return job
  }

  /** What somebody asked before. Throws EFFECT_NOT_FOUND. */
  show(actor: string, siteId: Id, id: Id): EffectJob {
    const job = this.#jobs.get(id)
    if (job?.actor === actor && job.siteId === siteId) return job
    throw new AppError('EFFECT_NOT_FOUND', 'this was not asked, or is forgotten', { hint: 'Ask again' })
  }

  #start(actor: string, siteId: Id, edits: readonly LayerEdit[]): EffectJob {
    const { sources, clock, random, turns } = this.parts
    const now = clock.now()
    for (const [id, { askedAt }] of this.#jobs) {
      if (this.#jobs.size >= KEPT_MOST || Math.abs(now - askedAt) > KEPT_MS) this.#jobs.delete(id)
    }
    const job: EffectJob = {
      ...{ id: newId(random, now), actor, siteId, edits, askedAt: now, looked: 0, of: 0 },
      done: Promise.resolve()
        .then(() =>
          findEffect(
            { ...sources, turns: turns(), onProgress: (looked, of) => Object.assign(job, { looked, of }) },
            this.parts.devices(),
            edits,
          ),
        )
        .then(
          (effect) => Object.assign(job, { effect, looked: effect.reached, of: effect.reached }),
          (error: unknown) => Object.assign(job, { failed: error instanceof Error ? error.message : 'internal error' }),
        )
        .then(() => undefined),
    }
    this.#jobs.set(job.id, job)
    return job
  }
}
