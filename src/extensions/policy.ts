import { AppError } from '../domain/errors.js'
import { BY_NUMBER, type UserNames } from './user-names.js'

/** What a site asks of new people and of passwords that somebody thought of. */
export interface ExtensionPolicy {
  /** `200-299` or single numbers; absent: any number. */
  readonly numberRanges?: readonly string[]
  readonly passwordMinLength: number
  /** Kinds of characters that must be there; absent: no rule. */
  readonly passwordClasses?: readonly string[]
  readonly emailRequired: boolean
  readonly userNames: UserNames
}

export const NO_POLICY: ExtensionPolicy = { passwordMinLength: 1, emailRequired: false, userNames: BY_NUMBER }

/** Names of the settings that make a policy. */
type PolicySetting =
  'numberRanges' | 'passwordMinLength' | 'passwordClasses' | 'emailRequired' | 'sipUserNames' | 'sipUserPrefix'

/** The policy of settings, weakest layer first: those for all, then the site's. */
export function policyOf(layers: readonly ReadonlyMap<string, unknown>[]): ExtensionPolicy {
  const value = (key: PolicySetting): unknown => layers.findLast((layer) => layer.has(key))?.get(key) ?? undefined
  const list = (key: PolicySetting): string[] | undefined => {
    const found = value(key)
    return Array.isArray(found) ? found.map(String) : undefined
  }
  const [numberRanges, passwordClasses, length] = [
    list('numberRanges'),
    list('passwordClasses'),
    value('passwordMinLength'),
  ]
  return {
    ...(numberRanges ? { numberRanges } : {}),
    passwordMinLength: typeof length === 'number' ? length : NO_POLICY.passwordMinLength,
    ...(passwordClasses ? { passwordClasses } : {}),
    emailRequired: value('emailRequired') === true,
    userNames: userNamesOf(value('sipUserNames'), value('sipUserPrefix')),
  }
}

function userNamesOf(pattern: unknown, prefix: unknown): UserNames {
  if (pattern === 'random') return { pattern }
  return pattern === 'prefix' && typeof prefix === 'string' ? { pattern, prefix } : BY_NUMBER
}

/** Both ends of a range have as many digits as its numbers. */
function isIn(number: string, range: string): boolean {
  const [from = '', to = from] = range.split('-')
  return /^\d+$/.test(number) && number.length === from.length && number >= from && number <= to
}

/** Refuses with NUMBER_INVALID a number outside the ranges of the site. */
export function requireNumberInRange(number: string, { numberRanges }: ExtensionPolicy): void {
  if (!numberRanges || numberRanges.some((range) => isIn(number, range))) return
  throw new AppError('NUMBER_INVALID', `number: ${number} lies outside ${numberRanges.join(', ')}`, {
    field: 'number',
    hint: 'The setting numberRanges of the site says which numbers there may be',
  })
}

/** The first number that is free, for a form; undefined when there is no range or all are taken. */
export function proposeNumber(
  { numberRanges = [] }: ExtensionPolicy,
  isTaken: (number: string) => boolean,
): string | undefined {
  for (const range of numberRanges) {
    const [from = '', to = from] = range.split('-')
    for (let n = BigInt(from), tries = 0; n <= BigInt(to) && tries < 100_000; n += 1n, tries += 1) {
      const number = String(n).padStart(from.length, '0')
      if (!isTaken(number)) return number
    }
  }
  return undefined
}

/** Kinds of characters that a password can be asked to hold. */
export const PASSWORD_CLASSES: Readonly<Record<string, { pattern: RegExp; word: string }>> = {
  lower: { pattern: /[a-z]/, word: 'a lower-case letter' },
  upper: { pattern: /[A-Z]/, word: 'an upper-case letter' },
  digit: { pattern: /[0-9]/, word: 'a digit' },
  special: { pattern: /[^a-zA-Z0-9]/, word: 'another character' },
}

/** Refuses with PASSWORD_INVALID a password that the site's rules do not take; says all that is missing. */
export function requirePasswordByPolicy(password: string, policy: ExtensionPolicy, field = 'password'): void {
  const { passwordMinLength: least, passwordClasses = [] } = policy
  const missing = passwordClasses.flatMap((name) => {
    const kind = PASSWORD_CLASSES[name]
    return kind && !kind.pattern.test(password) ? [kind.word] : []
  })
  const wants = [...(password.length < least ? [`${least} characters`] : []), ...missing]
  if (wants.length === 0) return
  throw new AppError('PASSWORD_INVALID', `${field}: the password needs ${wants.join(', ')}`, {
    field,
    hint: 'The settings passwordMinLength and passwordClasses of the site say so; leave it empty to have one made',
  })
}
