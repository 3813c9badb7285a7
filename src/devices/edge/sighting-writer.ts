import type { Clock } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import type { DeviceStore, Sighting } from '../store.js'

/** Time that sightings are gathered before they are written, in milliseconds. */
const GATHER_MS = 1_000
/** Phones remembered while the database is away; the oldest sightings are let go. */
const MOST_WAITING = 100_000

/** Writes when phones were seen last, gathered, off the path of their requests. */
export interface SightingWriter {
  note(sighting: Sighting): void
  /** Writes what is left. */
  stop(): Promise<void>
}

export function createSightingWriter(
  store: Pick<DeviceStore, 'noteSightings'>,
  clock: Clock,
  log: Log,
): SightingWriter {
  let waiting = new Map<string, Sighting>()
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()
  let stopped = false

  const flush = async (): Promise<void> => {
    cancel = undefined
    if (waiting.size === 0) return
    const batch = waiting
    waiting = new Map()
    try {
      await store.noteSightings([...batch.values()])
    } catch (error) {
      // What was seen since then is newer and wins.
      waiting = new Map([...batch, ...waiting].slice(-MOST_WAITING))
      log.warn({ err: error, phones: batch.size }, 'sightings of phones could not be stored and are kept')
      schedule(GATHER_MS * 5)
    }
  }
  const schedule = (delayMs: number): void => {
    if (stopped) return
    cancel ??= clock.after(delayMs, () => {
      writing = writing.then(flush)
    })
  }
  return {
    note: (sighting) => {
      const before = waiting.get(sighting.deviceId)
      const firmwareVersion = sighting.firmwareVersion ?? before?.firmwareVersion
      waiting.set(sighting.deviceId, { ...sighting, ...(firmwareVersion === undefined ? {} : { firmwareVersion }) })
      schedule(GATHER_MS)
    },
    stop: async () => {
      stopped = true
      cancel?.()
      await writing
      await flush()
    },
  }
}
