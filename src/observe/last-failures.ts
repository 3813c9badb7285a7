import type { Millis } from '../domain/clock.js'

/** Addresses remembered; anybody can fail from many. */
const MOST = 2_000

/** The last failure of each address, for those who look why a phone does not get through. */
export class LastFailures {
  readonly #byAddress = new Map<string, { at: Millis; reason: string }>()

  note(address: string, at: Millis, reason: string): void {
    this.#byAddress.delete(address)
    this.#byAddress.set(address, { at, reason: reason.slice(0, 200) })
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size > MOST && oldest !== undefined) this.#byAddress.delete(oldest)
  }

  of(address: string): { at: Millis; reason: string } | undefined {
    return this.#byAddress.get(address)
  }
}
