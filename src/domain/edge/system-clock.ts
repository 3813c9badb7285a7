import type { Clock, Millis } from '../clock.js'
import { giveWay, SpareTime, type WatchPause } from '../spare-time.js'
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

/** Share of a pause in which the thread may have worked for others. */
const IDLE_BELOW = 0.3

const watchPause: WatchPause = () => {
  const begin = performance.eventLoopUtilization()
  return () => performance.eventLoopUtilization(begin).utilization < IDLE_BELOW
}

/** When this process has little to do. */
export const spareTime = new SpareTime(systemClock, watchPause)

/** A piece of gentle work, and the pause after it, in milliseconds. */
const GENTLE_SLICE_MS = 2
const GENTLE_PAUSE = { shortMs: 1, moreMs: 3 }

/** For work that phones hardly are to notice: in small pieces, and while others use the thread it has a third of it. */
export const gentleTurns = (): Turns =>
  takeTurns(steadyClock, giveWay(passed, watchPause, GENTLE_PAUSE), GENTLE_SLICE_MS)

/** For work before a crowd comes: others have their turn after each piece. */
export const briskTurns = (): Turns => takeTurns(steadyClock, () => passed(1), GENTLE_SLICE_MS)
