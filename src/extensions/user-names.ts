import { AppError } from '../domain/errors.js'
import { randomFrom, randomText, type Random } from '../domain/random.js'

/** How a site makes SIP user names: those that phones and apps prove themselves by, beside the number they show. */
export interface UserNames {
  readonly pattern: 'number' | 'prefix' | 'random'
  /** Of pattern `prefix`: `acme` makes `acme-101`. */
  readonly prefix?: string
}

export const BY_NUMBER: UserNames = { pattern: 'number' }

/** Small letters and digits that nobody mistakes for one another; 79 bits at this length. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
const RANDOM_LENGTH = 16
const SHAPE = /^[A-Za-z0-9._+*#-]{1,64}$/

/** The user name of a person's own account, for set-ups by hand. */
export function personUserName(number: string, { pattern, prefix }: UserNames, random: Random): string {
  if (pattern === 'random') return randomFrom(random, ALPHABET, RANDOM_LENGTH)
  return prefix === undefined ? number : `${prefix}-${number}`
}

/** The user name of a line or app, which no other has: each can be revoked alone. `otherwise`: for numbers without digits. */
export function accountUserName(
  number: string,
  { pattern, prefix }: UserNames,
  random: Random,
  otherwise = 'line',
): string {
  if (pattern === 'random') return randomFrom(random, ALPHABET, RANDOM_LENGTH)
  const own = `${number.replace(/[^0-9]/g, '') || otherwise}-${randomText(random, 6)}`
  return prefix === undefined ? own : `${prefix}-${own}`
}

/** The user name of somebody who gets another number: what was made of the old one follows, any other stays. */
export function renumberedUserName(userName: string, from: string, to: string): string {
  if (userName === from) return to
  return userName.endsWith(`-${from}`) ? `${userName.slice(0, -from.length)}${to}` : userName
}

/** Refuses with LINE_INVALID what digest clients and SIP addresses cannot hold. */
export function requireUserName(text: string, field = 'username'): string {
  if (SHAPE.test(text)) return text
  throw new AppError(
    'LINE_INVALID',
    `${field}: "${text.slice(0, 40)}" is no user name: 1 to 64 of letters, digits and . _ + * # -`,
    { field },
  )
}
