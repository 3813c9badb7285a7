import type { Clock, Millis } from './clock.js'

/** Looked again after this while there is other work. */
const BUSY_MS = 200

/** Called when a pause begins; what it gives tells whether the thread has had little to do since. */
export type WatchPause = () => () => boolean

/**
 * A clock's `after` for work that no phone waits for: it runs when the delay is over and the thread has had little to do
 * meanwhile, else later. So work ahead never stands in the way of a crowd.
 */
export class SpareTime implements Pick<Clock, 'after'> {
  constructor(
    private readonly clock: Pick<Clock, 'after'>,
    private readonly watchPause: WatchPause,
  ) {}

  after(delayMs: Millis, run: () => void): () => void {
    let cancel = (): void => undefined
    const wait = (ms: Millis): void => {
      const wasIdle = this.watchPause()
      cancel = this.clock.after(ms, () => (wasIdle() ? run() : wait(BUSY_MS)))
    }
    wait(delayMs)
    return () => cancel()
  }
}

/**
 * A pause in long work: a short one while the thread has little else to do, and so much more when others worked in it.
 * @param passed resolves when the time is over
 */
export function giveWay(
  passed: (ms: Millis) => Promise<void>,
  watchPause: WatchPause,
  { shortMs, moreMs }: { shortMs: Millis; moreMs: Millis },
): () => Promise<void> {
  return async () => {
    const wasIdle = watchPause()
    await passed(shortMs)
    if (!wasIdle()) await passed(moreMs)
  }
}
