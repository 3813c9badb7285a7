import { searchFor, searchText } from '../domain/search-text.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'

type SettingValues = ReadonlyMap<string, unknown>

/** Somebody who is looked for; people without a number have none. */
type Sought = Pick<ExtensionRecord, 'displayName' | 'email'> & { readonly number: string }

/** Names and mobile number, which are settings of the person. */
export interface PersonNames {
  firstName: string | undefined
  lastName: string | undefined
  mobile: string | undefined
}

export function personNames(values: SettingValues): PersonNames {
  const text = (key: string): string | undefined => {
    const value = values.get(key)
    return typeof value === 'string' ? value : undefined
  }
  return { firstName: text('firstName'), lastName: text('lastName'), mobile: text('mobileNumber') }
}

interface Searched {
  /** What it was made of: other values, and it is made again. */
  values: SettingValues
  text: string
  /** Digits of the mobile number. */
  mobile: string
}
const SEARCHED = new WeakMap<Sought, Searched>()

function searched(one: Sought, values: SettingValues): Searched {
  let found = SEARCHED.get(one)
  if (found?.values !== values) {
    const { firstName = '', lastName = '', mobile = '' } = personNames(values)
    const names = [one.number, one.displayName, one.email ?? '', firstName, lastName, mobile]
    found = { values, text: searchText(names.join('\n')), mobile: mobile.replace(/\D/g, '') }
    SEARCHED.set(one, found)
  }
  return found
}

/** Digits of somebody's mobile number, by which lists are sorted. */
export function mobileDigits(one: ExtensionRecord, values: SettingValues): string {
  return searched(one, values).mobile
}

/** Is it a telephone number, whatever it is written with? Then its digits. */
function digitsIn(text: string): string | undefined {
  return /^[-+()./\s\d]+$/.test(text) && /\d{3}/.test(text.replace(/\D/g, '')) ? text.replace(/\D/g, '') : undefined
}

/**
 * Does a person's number, name, e-mail address or mobile number hold what was typed, in whatever alphabet either is
 * written? `values` are those set for the person.
 */
export function personSearch(typed: string): (one: Sought, values: SettingValues) => boolean {
  const holds = searchFor(typed)
  const digits = digitsIn(typed)
  return (one, values) => {
    const { text, mobile } = searched(one, values)
    return holds(text) || (digits !== undefined && mobile.includes(digits))
  }
}
