import type { Millis } from '../domain/clock.js'

const SECOND = 1_000
const MINUTE = 60 * SECOND
/** Waiting after the first, second, … failed attempt; then it is given up, about a day after the first. */
const WAITS_MS: readonly Millis[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  ...[60, 120, 240, 480, 480].map((minutes) => minutes * MINUTE),
]

/** Waiting before the next attempt; undefined when there have been enough. `attempts`: how many have failed. */
export function waitAfter(attempts: number): Millis | undefined {
  return WAITS_MS[attempts - 1]
}

/** What an answer means (Standard Webhooks): 2xx is success, 410 says that nobody wants to be told any more. */
export function verdict(status: number): 'delivered' | 'gone' | 'failed' {
  if (status >= 200 && status < 300) return 'delivered'
  return status === 410 ? 'gone' : 'failed'
}
