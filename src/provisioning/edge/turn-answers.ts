/** What the answers of one turn may take of memory that is used again and again, in bytes. */
const SLAB_BYTES = 512 * 1024

/** Answers to one client. */
export interface AnswersTo {
  /** Hands all that waits for this client to the system. @returns false when some of it is not out yet */
  sendWaiting(): boolean
}

/**
 * What is answered within one turn of the event loop leaves together at its end: a client that sleeps is woken once for
 * all, not for each (decision 15). Their bytes are put together in the same memory each time.
 */
export class TurnAnswers {
  #waiting: AnswersTo[] = []
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #used = 0

  /** Memory for an answer, until the turn is over and it is out. */
  memory(length: number): Buffer {
    const from = this.#used
    const to = from + length
    if (to > SLAB_BYTES) return Buffer.allocUnsafeSlow(length)
    this.#used = to
    return this.#slab.subarray(from, to)
  }

  /** Is sent when everything that has come in is answered. */
  add(answers: AnswersTo): void {
    if (this.#waiting.push(answers) === 1) setImmediate(() => this.flush())
  }

  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    let allOut = true
    for (const answers of waiting) if (!answers.sendWaiting()) allOut = false
    // What a socket still holds is its own; the next turn starts with other memory.
    if (!allOut && this.#used > 0) this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.#used = 0
  }
}
