import type { ServerResponse } from 'node:http'

/**
 * An answer that goes on as server-sent events while the client is there. Nothing is written behind its end: Node would
 * give the error to the whole process. A client that was gone before it began is noticed as well.
 */
export class EventStream {
  #isOver = false
  readonly #whenOver: (() => void)[] = []

  constructor(private readonly response: ServerResponse) {
    response.on('close', () => this.#over())
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
    if (response.destroyed) this.#over()
  }

  /** Octets that the client has not taken yet. */
  get unread(): number {
    return this.response.writableLength
  }

  /** The client is gone: nothing will be taken any more. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** False when the client is behind, or when there is nobody to write to. */
  write(text: string): boolean {
    return !this.#isOver && !this.response.writableEnded && this.response.write(text)
  }

  /** No more is written; what was written may still be taken, until this is called once more. */
  end(): void {
    if (this.response.writableEnded) this.response.destroy()
    else this.response.end()
  }

  destroy(): void {
    this.response.destroy()
  }

  onDrain(run: () => void): void {
    this.response.on('drain', run)
  }

  /** Runs once, when the client has gone; at once when he has gone already. */
  onClose(run: () => void): void {
    if (this.#isOver) run()
    else this.#whenOver.push(run)
  }

  #over(): void {
    this.#isOver = true
    for (const run of this.#whenOver.splice(0)) run()
  }
}
