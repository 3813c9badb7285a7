/**
 * Asked between small pieces of long work: lets others have their turn when some milliseconds have passed, and throws
 * IMPORT_CANCELLED when nobody wants the work any more.
 */
export type Pace = () => Promise<void>

/** For work that is short. */
export const NO_PAUSE: Pace = () => Promise.resolve()
