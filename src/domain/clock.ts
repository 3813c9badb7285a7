/** Milliseconds since the Unix epoch, UTC. Every time in the program and the database has this unit. */
export type Millis = number

/** Where time comes from. Injected, so that a test can run an hour of timers in microseconds. */
export interface Clock {
  now(): Millis
  /** Calls `run` once after `delayMs`; returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void
}
