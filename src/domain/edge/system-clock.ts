import type { Clock, Millis } from '../clock.js'
import { SpareTime } from '../spare-time.js'
import { takeTurns, type Turns } from '../turns.js'

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

/** A clock for time-outs and intervals, in whole milliseconds of this process: setting the machine's clock moves nothing. */
export const steadyClock: Clock = { now: () => Math.floor(performance.now()), after: systemClock.after }

/** Resolves when so much time has passed. */
export const passed = (ms: Millis): Promise<void> => new Promise((resolve) => void systemClock.after(ms, resolve))

/** A piece of gentle work, and the pause after it, in milliseconds. */
const GENTLE_SLICE_MS = 2
const GENTLE_PAUSE_MS = 4

/** For work that nobody waits for: it takes a third of the thread, in pieces that phones hardly notice. */
export const gentleTurns = (): Turns => takeTurns(steadyClock, () => passed(GENTLE_PAUSE_MS), GENTLE_SLICE_MS)

/** Share of a pause in which the thread may have worked for others. */
const IDLE_BELOW = 0.3

/** When this process has little to do. */
export const spareTime = new SpareTime(systemClock, () => {
  const begin = performance.eventLoopUtilization()
  return () => performance.eventLoopUtilization(begin).utilization < IDLE_BELOW
})
