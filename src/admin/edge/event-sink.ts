import type { Response } from 'express'
import type { Clock } from '../../domain/clock.js'
import type { EventSink } from '../route.js'

/** Programs that listen at once; each holds a connection. */
const SINKS_MAX = 200
/** A comment this often keeps proxies from closing, and finds out who may no longer listen. */
const BEAT_MS = 20_000
/** A listener that does not read is cut off, and comes back to what it has missed. */
const UNREAD_MAX = 1024 * 1024

/** Streams of server-sent events to programs. */
export class EventSinks {
  #open = 0

  constructor(private readonly clock: Clock) {}

  /** Turns an answer into a stream, which lasts while `isAllowed`; undefined when too many listen already. */
  open(response: Response, isAllowed: () => Promise<boolean>): EventSink | undefined {
    if (this.#open >= SINKS_MAX) return undefined
    this.#open += 1
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    response.flushHeaders()
    const stopBeat = this.#beat(response, isAllowed)
    const closed: (() => void)[] = []
    response.on('close', () => {
      this.#open -= 1
      stopBeat()
      for (const run of closed) run()
    })
    return {
      send: ({ id, event, data }) => {
        const named = id === undefined ? '' : `id: ${id}\n`
        if (response.writableLength > UNREAD_MAX) response.destroy()
        else response.write(`${named}event: ${event}\ndata: ${data}\n\n`)
      },
      onClose: (run) => void closed.push(run),
    }
  }

  #beat(response: Response, isAllowed: () => Promise<boolean>): () => void {
    let cancel: () => void = () => undefined
    const beat = async (): Promise<void> => {
      // A database that is gone for a while ends nothing.
      const allowed = await isAllowed().catch(() => true)
      if (allowed) response.write(':\n\n')
      else response.end()
      cancel = this.clock.after(BEAT_MS, () => void beat())
    }
    cancel = this.clock.after(BEAT_MS, () => void beat())
    return () => cancel()
  }
}
