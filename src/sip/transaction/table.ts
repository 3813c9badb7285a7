import type { Clock, Millis } from '../../domain/clock.js'
import { type ServerInput, type ServerNonInvite, stepServer, TRYING } from './server-non-invite.js'

interface Entry {
  state: ServerNonInvite
  readonly reliable: boolean
}

interface Done {
  readonly key: string
  readonly entry: Entry
  readonly until: Millis
  /** How long it is kept, in milliseconds. */
  readonly ms: number
}

/** Also when the clock went back since: the wait would have no end. */
function isDue({ until, ms }: Done, now: Millis): boolean {
  return until <= now || until - now > ms
}

/** What to do with a request that may be new or a retransmission. */
export type Admission =
  /** Never seen: answer it through `respond`. */
  | { readonly kind: 'new' }
  /** Seen, the answer is not ready: do nothing. */
  | { readonly kind: 'absorbed' }
  /** Seen: send this again. */
  | { readonly kind: 'again'; readonly answer: string }

/**
 * The live server transactions. All of them keep their answer for the same time, so one queue in order of
 * completion and one timer serve them all. Full: the oldest answers are forgotten first, which costs their phones a
 * new challenge at worst; transactions still at work are never forgotten.
 */
export class ServerTransactions {
  readonly #entries = new Map<string, Entry>()
  readonly #done: Done[] = []
  #head = 0
  #cancelTimer: (() => void) | undefined

  /** @param limit most transactions at a time */
  constructor(
    private readonly clock: Clock,
    private readonly limit: number,
  ) {}

  get size(): number {
    return this.#entries.size
  }

  /** Is this a retransmission? Changes nothing. */
  look(key: string): Admission {
    const entry = this.#entries.get(key)
    if (!entry) return { kind: 'new' }
    const [output] = this.#step(key, entry, { kind: 'request' })
    return output === undefined ? { kind: 'absorbed' } : { kind: 'again', answer: output }
  }

  /** Begins a transaction. Returns false when the table is full of unfinished ones: shed the request (503). */
  begin(key: string, reliable: boolean): boolean {
    if (this.#entries.size >= this.limit) this.#forgetOldest()
    if (this.#entries.size >= this.limit) return false
    this.#entries.set(key, { state: TRYING, reliable })
    return true
  }

  /** Gives the final answer; returns what to send now (nothing when it was answered before, or is unknown). */
  respond(key: string, answer: string): string | undefined {
    const entry = this.#entries.get(key)
    return entry && this.#step(key, entry, { kind: 'respond', answer })[0]
  }

  /** Forgets everything and stops the timer. */
  close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#entries.clear()
    this.#done.length = 0
    this.#head = 0
  }

  #step(key: string, entry: Entry, input: ServerInput): string[] {
    const { state, outputs } = stepServer(entry.state, input, entry.reliable)
    entry.state = state
    const sends: string[] = []
    for (const output of outputs) {
      if (output.kind === 'send') sends.push(output.answer)
      else if (output.kind === 'terminated') {
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
      } else {
        this.#done.push({ key, entry, until: this.clock.now() + output.ms, ms: output.ms })
        this.#arm()
      }
    }
    return sends
  }

  #arm(): void {
    const next = this.#done[this.#head]
    if (this.#cancelTimer || !next) return
    // At most four sweeps a second, however many transactions end.
    const delayMs = Math.min(Math.max(next.until - this.clock.now(), 250), Math.max(next.ms, 250))
    this.#cancelTimer = this.clock.after(delayMs, () => {
      this.#cancelTimer = undefined
      const now = this.clock.now()
      for (let due = this.#done[this.#head]; due && isDue(due, now); due = this.#done[this.#head]) this.#endHead()
      this.#arm()
    })
  }

  #endHead(): void {
    const due = this.#done[this.#head]
    if (!due) return
    this.#head += 1
    if (this.#head > 1_024 && this.#head * 2 > this.#done.length) {
      this.#done.splice(0, this.#head)
      this.#head = 0
    }
    this.#step(due.key, due.entry, { kind: 'timer-j' })
  }

  #forgetOldest(): void {
    const before = this.#entries.size
    while (this.#entries.size === before && this.#done[this.#head]) this.#endHead()
  }
}
