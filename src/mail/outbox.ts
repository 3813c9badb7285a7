import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { Every } from '../domain/every.js'
import type { Log } from '../observe/log.js'
import { Rounds } from '../observe/rounds.js'
import { isPermanent, retryAt, type Mail } from './mail.js'
import type { MailStore, Outcome } from './store.js'

/** What the SMTP server, or somebody on the way, said against a mail. */
export class SendingFailed extends Error {
  /** @param responseCode of the SMTP server, when it answered at all */
  constructor(
    message: string,
    readonly responseCode?: number,
  ) {
    super(message)
    this.name = 'SendingFailed'
  }
}

export interface OutboxOptions {
  store: Pick<MailStore, 'due' | 'note' | 'prune'>
  clock: Clock
  log: Log
  /** Makes the mail and hands it to the SMTP server; gives the address. Throws SendingFailed. */
  send(mail: Mail): Promise<string>
  /** Time between two looks into the queue, in milliseconds. */
  turnMs?: number
}

const TURN_MS = 1_000
const AT_A_TIME = 50
const PRUNE_EVERY_MS = 3_600_000
/** How long it is told what came of a mail, in milliseconds. */
const KEPT_MS = 90 * 24 * 3_600_000

/** Sends what waits, one mail after the other, and tries again what failed, later each time. */
export class Outbox {
  readonly #pruning: Every
  readonly #rounds: Rounds
  /** What came of mails and could not be noted: noted before any other is sent, else each turn would send them again. */
  readonly #unnoted = new Map<Id, Outcome>()

  constructor(private readonly options: OutboxOptions) {
    this.#pruning = new Every(options.clock, PRUNE_EVERY_MS)
    this.#rounds = new Rounds(
      {
        ...{ clock: options.clock, log: options.log, everyMs: options.turnMs ?? TURN_MS },
        fails: 'mails that wait cannot be read or noted; they wait',
        worksAgain: 'mails that wait are taken up again',
      },
      () => this.#sendDue(),
    )
  }

  start(): void {
    this.#rounds.start()
  }

  /** Begins no other mail; the one under way is finished. */
  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** Sends what is due now. */
  turn(): Promise<void> {
    return this.#rounds.once()
  }

  async #sendDue(): Promise<void> {
    const { store, clock } = this.options
    for (const [id, outcome] of this.#unnoted) await this.#note(id, outcome)
    for (const mail of await store.due(clock.now(), AT_A_TIME)) {
      if (this.#rounds.stopped) break
      await this.#note(mail.id, await this.#try(mail))
    }
    if (this.#pruning.isDue()) await store.prune(clock.now() - KEPT_MS)
  }

  async #note(id: Id, outcome: Outcome): Promise<void> {
    this.#unnoted.set(id, outcome)
    await this.options.store.note(id, outcome)
    this.#unnoted.delete(id)
  }

  async #try(mail: Mail): Promise<Outcome> {
    const { send, clock, log } = this.options
    try {
      const address = await send(mail)
      return { state: 'sent', at: clock.now(), address }
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      const permanent = error instanceof SendingFailed && isPermanent(error.responseCode)
      const nextAt = permanent ? undefined : retryAt(mail.attempts + 1, clock.now())
      log.warn({ mail: mail.id, error: said, again: nextAt !== undefined }, 'a mail could not be sent')
      return nextAt === undefined
        ? { state: 'failed', at: clock.now(), error: said }
        : { state: 'waiting', nextAt, error: said }
    }
  }
}
