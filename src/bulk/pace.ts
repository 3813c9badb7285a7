/**
 * Asked between small pieces of long work: lets others have their turn when some milliseconds have passed, and throws
 * IMPORT_CANCELLED when nobody wants the work any more.
 */
export type Pace = () => Promise<void>

/** For work that is short. */
export const NO_PAUSE: Pace = () => Promise.resolve()

/** Items asked for between two looks at the clock. */
const STRIDE = 32

/** Each item in turn, giving way in between: for long lists of small work. */
export async function* paced<T>(items: Iterable<T>, pace: Pace): AsyncGenerator<T, void> {
  let count = 0
  for (const item of items) {
    count += 1
    if (count % STRIDE === 0) await pace()
    yield item
  }
}
