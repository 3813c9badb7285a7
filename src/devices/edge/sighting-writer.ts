import type { Clock, Millis } from '../../domain/clock.js'
import type { Log } from '../../observe/log.js'
import { Outage } from '../../observe/outage.js'
import type { DeviceStore, Sighting } from '../store.js'

/** Time that sightings are gathered before they are written, in milliseconds. */
const GATHER_MS = 1_000
/** Phones remembered while the database is away; the oldest sightings are let go. */
const MOST_WAITING = 100_000

/** A phone that boots asks for several files and registers: one row in this time tells the same, in milliseconds. */
const REPEAT_MS = 60_000

/**
 * Writes when phones were seen last, gathered, off the path of their requests. Exact to a minute: the same phone at
 * the same address with nothing new to tell is written once in that time.
 */
export interface SightingWriter {
  note(sighting: Sighting): void
  /** How many phones were seen last at addresses that `covers` names, since `since`. Looks at each phone. */
  countAt(covers: (address: string) => boolean, since: Millis): number
  /** When and where the phone was seen last, since the start of the program. */
  last(deviceId: string): Pick<Sighting, 'at' | 'ip'> | undefined
  /** Writes what is left. */
  stop(): Promise<void>
}

export function createSightingWriter(
  store: Pick<DeviceStore, 'noteSightings'>,
  clock: Clock,
  log: Log,
): SightingWriter {
  let waiting = new Map<string, Sighting>()
  /** What was noted last of each phone, whether it is written already or waits. */
  const noted = new Map<string, Pick<Sighting, 'at' | 'ip'>>()
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()
  let stopped = false
  const outage = new Outage(log, {
    fails: 'sightings of phones cannot be stored and are kept',
    worksAgain: 'sightings of phones are stored again',
  })

  const flush = async (): Promise<void> => {
    cancel = undefined
    if (waiting.size === 0) return
    const batch = waiting
    waiting = new Map()
    try {
      await store.noteSightings([...batch.values()])
      outage.worked({ phones: batch.size })
    } catch (error) {
      // What was seen since then is newer and wins.
      waiting = new Map([...batch, ...waiting].slice(-MOST_WAITING))
      outage.failed({ err: error, phones: batch.size })
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
      const { deviceId, at, ip } = sighting
      const last = noted.get(deviceId)
      const tellsNothing = sighting.firmwareVersion === undefined && last?.ip === ip
      if (tellsNothing && Math.abs(at - last.at) < REPEAT_MS) return
      if (!last && noted.size >= MOST_WAITING) noted.clear()
      noted.set(deviceId, { at, ip })
      const before = waiting.get(sighting.deviceId)
      const firmwareVersion = sighting.firmwareVersion ?? before?.firmwareVersion
      waiting.set(sighting.deviceId, { ...sighting, ...(firmwareVersion === undefined ? {} : { firmwareVersion }) })
      schedule(GATHER_MS)
    },
    countAt: (covers, since) => {
      let count = 0
      for (const { at, ip } of noted.values()) if (at >= since && covers(ip)) count += 1
      return count
    },
    last: (deviceId) => noted.get(deviceId),
    stop: async () => {
      stopped = true
      cancel?.()
      await writing
      await flush()
    },
  }
}
