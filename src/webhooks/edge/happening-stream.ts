import type { AuditLog } from '../../database/audit-log.js'
import type { Clock } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import { Outage } from '../../observe/outage.js'
import type { BindingChange } from '../../registrar/store.js'
import {
  happeningOfAudit,
  happeningOfBinding,
  type Happening,
  type HappeningFeed,
  type HappeningSources,
} from '../happening.js'

export interface HappeningStreamOptions extends HappeningSources {
  readonly audit: AuditLog
  readonly clock: Clock
  readonly log: Log
}

const TURN_MS = 1_000
const AUDIT_ROWS = 500
/** Happenings that somebody who was cut off can still be told. */
const KEPT = 5_000
/** How long happenings are kept for listeners who may come back. */
const LINGER_MS = 120_000

/** Tells listeners what happens as it happens. Works, and reads the audit log, only while somebody listens. */
export class HappeningStream implements HappeningFeed {
  readonly #listeners = new Set<(happening: Happening) => void>()
  readonly #outage: Outage
  #kept: Happening[] = []
  #position: number | undefined
  #registrations = 0
  #lastHeardAt = 0
  #cancel: (() => void) | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(private readonly options: HappeningStreamOptions) {
    this.#outage = new Outage(options.log, {
      fails: 'what happened cannot be read; those who listen wait',
      worksAgain: 'what happened is told again',
    })
  }

  async listen(
    lastId: string | undefined,
    listener: (happening: Happening) => void,
  ): Promise<{ complete: boolean; leave: () => void }> {
    this.#position ??= await this.options.audit.newest()
    const index = lastId === undefined ? -1 : this.#kept.findLastIndex(({ id }) => id === lastId)
    if (index !== -1) for (const missed of this.#kept.slice(index + 1)) listener(missed)
    this.#listeners.add(listener)
    this.#schedule()
    return { complete: lastId === undefined || index !== -1, leave: () => this.#leave(listener) }
  }

  registration(change: BindingChange): void {
    if (this.#position === undefined) return
    const now = this.options.clock.now()
    this.#registrations += 1
    const happening = happeningOfBinding(this.options, change, `r${now}-${this.#registrations}`, now)
    if (happening) this.#tell(happening)
  }

  /** The database was changed: looks at once. */
  changed(): void {
    if (this.#position === undefined || this.#stopped) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    this.#listeners.clear()
    await this.#turn
  }

  #leave(listener: (happening: Happening) => void): void {
    this.#listeners.delete(listener)
    this.#lastHeardAt = this.options.clock.now()
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#cancel ??= this.options.clock.after(TURN_MS, () => {
      this.#cancel = undefined
      this.#look()
    })
  }

  #look(): void {
    this.#turn = this.#turn
      .then(() => this.#read())
      .then(() => this.#outage.worked())
      .catch((error: unknown) => this.#outage.failed({ err: error }))
      .then(() => this.#goOn())
  }

  #goOn(): void {
    const lingers = Math.abs(this.options.clock.now() - this.#lastHeardAt) < LINGER_MS
    if (this.#listeners.size > 0 || lingers) return this.#schedule()
    this.#position = undefined
    this.#kept = []
  }

  async #read(): Promise<void> {
    for (;;) {
      if (this.#position === undefined || this.#stopped) return
      const rows = await this.options.audit.after(this.#position, AUDIT_ROWS)
      for (const row of rows) {
        this.#position = row.id
        const happening = happeningOfAudit(this.options, row)
        if (happening) this.#tell(happening)
      }
      if (rows.length < AUDIT_ROWS) return
    }
  }

  #tell(happening: Happening): void {
    this.#kept.push(happening)
    if (this.#kept.length > 2 * KEPT) this.#kept = this.#kept.slice(-KEPT)
    for (const listener of this.#listeners) listener(happening)
  }
}
