import type { Clock, Millis } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import type { Refusal } from '../admission.js'

/** Refusals of one kind are told when they begin, then at most this often, with their number. */
const INTERVAL_MS = 60_000

const TEXT: Record<Refusal, string> = {
  overall: 'too many TFTP transfers at once, requests are left unanswered',
  address: 'too many TFTP transfers of one address at once, requests are left unanswered',
  'unproved-address':
    'TFTP requests of an address that does not answer: forged, or its packets are lost; left unanswered',
  'unproved-network':
    'TFTP requests of a network that does not answer: forged, or its packets are lost; left unanswered',
}

/** Says in the log that requests go unanswered: once a minute for each reason, not once per packet. */
export class OverloadNotice {
  readonly #clock: Clock
  readonly #log: Log
  readonly #since = new Map<Refusal, { toldAt: Millis; count: number }>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  tell(reason: Refusal, address: string): void {
    const now = this.#clock.now()
    const known = this.#since.get(reason)
    const count = (known?.count ?? 0) + 1
    if (known && now - known.toldAt < INTERVAL_MS) {
      known.count = count
      return
    }
    this.#since.set(reason, { toldAt: now, count: 0 })
    this.#log.warn({ address, reason, times: count, hint: 'PHONEBOOT_UNLIMITED_NETWORKS' }, TEXT[reason])
  }
}
