import type { ServerResponse } from 'node:http'
import type { Clock } from '../../domain/clock.js'
import type { EventSink } from '../route.js'
import { EventStream } from './event-stream.js'

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
  open(response: ServerResponse, isAllowed: () => Promise<boolean>): EventSink | undefined {
    if (this.#open >= SINKS_MAX) return undefined
    this.#open += 1
    const stream = new EventStream(response)
    stream.onClose(() => (this.#open -= 1))
    this.#beat(stream, isAllowed)
    return {
      send: ({ id, event, data }) => {
        const named = id === undefined ? '' : `id: ${id}\n`
        if (stream.unread > UNREAD_MAX) stream.destroy()
        else stream.write(`${named}event: ${event}\ndata: ${data}\n\n`)
      },
      onClose: (run) => stream.onClose(run),
    }
  }

  #beat(stream: EventStream, isAllowed: () => Promise<boolean>): void {
    let cancel: () => void = () => undefined
    const beat = async (): Promise<void> => {
      // A database that is gone for a while ends nothing.
      const allowed = await isAllowed().catch(() => true)
      if (allowed) stream.write(':\n\n')
      else stream.end()
      schedule()
    }
    const schedule = (): void => {
      // He may have gone while his rights were looked up.
      if (!stream.isOver) cancel = this.clock.after(BEAT_MS, () => void beat())
    }
    schedule()
    stream.onClose(() => cancel())
  }
}
