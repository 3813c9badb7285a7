/** How much a source may get wrong, and what happens then. Times in milliseconds. */
export interface LimitsPolicy {
  /** Points for refused requests, per address (IPv6: /64) and window. Each phone at home there adds one. */
  readonly refusals: number
  readonly windowMs: number
  /** A network (/24, /48) may get this many times as much wrong as an address. */
  readonly networkFactor: number
  /** First ban of a source whose address is proven; doubled each time it comes back. */
  readonly banMs: number
  readonly maxBanMs: number
  /** The same where the address may be forged (UDP): never for long, or anybody could silence anybody. */
  readonly silenceMs: number
  readonly maxSilenceMs: number
  /** A source that kept quiet for so long after a ban begins anew. */
  readonly forgetMs: number
  /** Wrong passwords for one user from one address, per `guessWindowMs`. */
  readonly guesses: number
  readonly guessWindowMs: number
  /** Longest ban of one user at one address: a mistyped password is mended within the hour. */
  readonly maxUserBanMs: number
  /** Users that failed from one address, per `guessWindowMs`. Each phone at home there adds one. */
  readonly failingUsers: number
  /** Wrong passwords for one user from everywhere: beyond, an alarm, and each address may try `slowedGuesses` times. */
  readonly guessesEverywhere: number
  readonly slowedGuesses: number
  /** SIP answers to addresses that never proved a password, per `answerWindowMs`. */
  readonly answers: number
  /** Of these the first few hold both challenges; the others only the short one, so that we amplify nothing. */
  readonly fullAnswers: number
  readonly answerWindowMs: number
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const LIMITS: LimitsPolicy = {
  refusals: 100,
  windowMs: 10 * MINUTE,
  networkFactor: 10,
  banMs: 10 * MINUTE,
  maxBanMs: 24 * HOUR,
  silenceMs: MINUTE,
  maxSilenceMs: 10 * MINUTE,
  forgetMs: 24 * HOUR,
  guesses: 10,
  guessWindowMs: 5 * MINUTE,
  maxUserBanMs: HOUR,
  failingUsers: 20,
  guessesEverywhere: 100,
  slowedGuesses: 2,
  answers: 40,
  fullAnswers: 10,
  answerWindowMs: 10 * SECOND,
}
