import type { Clock } from '../clock.js'

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
