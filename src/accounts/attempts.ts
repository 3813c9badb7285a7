import { AppError } from '../domain/errors.js'

/** Slows down whoever guesses. */
export interface Attempts {
  /** Counts one attempt. @returns seconds to wait, 0 when it may go on */
  begin(who: { login: string; peer: string }): Promise<number>
  /** The attempt was right: nothing of it is held against anybody. */
  succeeded(who: { login: string; peer: string }): Promise<void>
}

/** Counts one attempt. Throws TOO_MANY_ATTEMPTS when it comes too soon. */
export async function beginAttempt(attempts: Attempts, who: { login: string; peer: string }): Promise<void> {
  const seconds = await attempts.begin(who)
  if (seconds <= 0) return
  throw new AppError('TOO_MANY_ATTEMPTS', `too many attempts; wait ${seconds} s`, { retryAfterSeconds: seconds })
}
