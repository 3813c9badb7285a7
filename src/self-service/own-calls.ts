import { AppError } from '../domain/errors.js'
import { firstSet } from '../snapshot/person-layers.js'

/** Forwards that people set themselves, as the vocabulary names them. */
const OWN_FORWARDS = ['forwardAlways', 'forwardBusy', 'forwardNoAnswer'] as const
type OwnForward = (typeof OWN_FORWARDS)[number]

export function isOwnForward(key: string): key is OwnForward {
  return OWN_FORWARDS.some((one) => one === key)
}

/** What a forward may be set to: as the admin has it, none, the own mobile number, or another number. */
export const FORWARD_CHOICES = ['inherit', 'none', 'mobile', 'number'] as const
export type ForwardChoice = (typeof FORWARD_CHOICES)[number]

/** Values of the person, of the site and of all, the strongest first. */
type Layers = readonly ReadonlyMap<string, unknown>[]

/** What the admin leaves to the person: `mayChangeForwarding`, `mayChangeDoNotDisturb`. */
export interface FreeCalls {
  forwarding: boolean
  doNotDisturb: boolean
}

export function freeCalls(layers: Layers): FreeCalls {
  const isFree = (key: string): boolean => firstSet(layers, key) !== false
  return { forwarding: isFree('mayChangeForwarding'), doNotDisturb: isFree('mayChangeDoNotDisturb') }
}

interface OwnCalls {
  forwards: readonly {
    key: OwnForward
    choice: ForwardChoice
    /** With the choice `number`. */
    number?: string | undefined
    /** What holds where the person has set nothing. */
    inherited: string | undefined
  }[]
  seconds: number | undefined
  doNotDisturb: boolean | undefined
  /** As it is shown; a forward to it needs one. */
  mobile: string | undefined
}

/** What is set for a person now. */
export function ownCalls([own, ...others]: Layers): OwnCalls {
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
  const seconds = own?.get('forwardNoAnswerSeconds')
  const quiet = own?.get('doNotDisturb')
  return {
    forwards: OWN_FORWARDS.map((key) => {
      const value = own?.get(key)
      const choice = value === undefined ? 'inherit' : value === null ? 'none' : value === 'mobile' ? value : 'number'
      const number = choice === 'number' ? { number: textOf(value) } : {}
      return { key, choice, ...number, inherited: textOf(firstSet(others, key)) }
    }),
    seconds: typeof seconds === 'number' ? seconds : undefined,
    doNotDisturb: typeof quiet === 'boolean' ? quiet : undefined,
    mobile: textOf(own?.get('mobileNumber')),
  }
}

/**
 * The settings that a form means, of those that are free; undefined goes back to what the admin has. What the form
 * does not hold stays. Throws SETTING_VALUE_INVALID for a forward to a number without one.
 */
export function changedCalls(form: URLSearchParams, free: FreeCalls): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  if (free.forwarding) {
    for (const key of OWN_FORWARDS) {
      const choice = form.get(key)
      if (choice === 'inherit') values[key] = undefined
      else if (choice === 'none') values[key] = null
      else if (choice === 'mobile') values[key] = 'mobile'
      else if (choice === 'number') values[key] = numberOf(form, key)
    }
    const seconds = form.get('forwardNoAnswerSeconds')?.trim()
    if (seconds !== undefined) values.forwardNoAnswerSeconds = seconds === '' ? undefined : Number(seconds)
  }
  const quiet = free.doNotDisturb ? form.get('doNotDisturb') : null
  if (quiet === 'inherit') values.doNotDisturb = undefined
  else if (quiet === 'on' || quiet === 'off') values.doNotDisturb = quiet === 'on'
  return values
}

function numberOf(form: URLSearchParams, key: OwnForward): string {
  const number = (form.get(`${key}-number`) ?? '').replace(/[\s()/]/g, '')
  if (number !== '') return number
  throw new AppError('SETTING_VALUE_INVALID', `${key}: the number is missing`, { field: key })
}
