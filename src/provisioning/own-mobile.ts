import { dialled } from '../phonebook/people.js'
import type { SettingScalar } from '../settings/vocabulary.js'
import { firstSet } from '../snapshot/person-layers.js'

type Values = Readonly<Record<string, SettingScalar>>

/** As the target of a forward: whatever mobile number the person has. */
const OWN_MOBILE = 'mobile'
const FORWARDS = ['forwardAlways', 'forwardBusy', 'forwardNoAnswer']

/**
 * Forwards to `mobile` with the number that stands for it; without one nothing is forwarded. `layers`: values of the
 * person, then those that hold where the person has none, the stronger first; left out: the file is not one person's.
 */
export function withOwnMobile(
  values: Values,
  layers: () => readonly ReadonlyMap<string, unknown>[] = () => [],
): Values {
  const isAsked = (key: string): boolean => values[key] === OWN_MOBILE
  if (!FORWARDS.some(isAsked)) return values
  const number = dialString(layers())
  return { ...values, ...Object.fromEntries(FORWARDS.filter(isAsked).map((key) => [key, number])) }
}

/** `+49 171 555` as `+49171555`, or as `mobileDialString` says. */
function dialString(layers: readonly ReadonlyMap<string, unknown>[]): string | null {
  const [person] = layers
  const bare = dialled(String(person?.get('mobileNumber') ?? ''))
  if (bare === null) return null
  const template = firstSet(layers, 'mobileDialString')
  const filled = typeof template === 'string' ? template.replaceAll('{number}', bare) : bare
  return /^[0-9A-Za-z*#+._-]{1,40}$/.test(filled) ? filled : bare
}
