import { STATUSES, type ForwardingRule } from './personal-rules.js'

/** Forwards that phones carry out themselves, by the condition of a rule. */
const OF_PHONES: Readonly<Record<string, string>> = {
  always: 'forwardAlways',
  busy: 'forwardBusy',
  'no-answer': 'forwardNoAnswer',
}

/** What somebody should know who wrote a list of forwarding rules. */
export interface RuleReport {
  /** States for which no rule says what becomes of a call, when any rule asks for one. */
  readonly unruled: readonly string[]
  /** Rules that a phone could do, from 1, with the setting that makes it do so. */
  readonly byPhones: readonly { readonly rule: number; readonly setting: string }[]
}

const NOTHING_TO_SAY: RuleReport = { unruled: [], byPhones: [] }

/** Undefined or anything but a list of rules has nothing to be said of. */
export function reportRules(value: unknown): RuleReport {
  if (!Array.isArray(value)) return NOTHING_TO_SAY
  const rules = value as readonly ForwardingRule[]
  const ruled = new Set(rules.map(({ status }) => status))
  const unruled = ruled.has(undefined) ? [] : STATUSES.filter((status) => !ruled.has(status))
  const byPhones = rules.flatMap(({ condition = 'always', action, target, ...only }, index) => {
    const setting = OF_PHONES[condition]
    const isPlain = Object.keys(only).every((key) => key === 'afterSeconds')
    if (action !== 'forward' || !target || target.kind === 'mailbox' || !setting || !isPlain) return []
    return [{ rule: index + 1, setting }]
  })
  return { unruled, byPhones }
}

/** Settings whose value is a number that calls are sent to. */
export const FORWARD_SETTINGS = ['forwardAlways', 'forwardBusy', 'forwardNoAnswer', 'forwardUnavailable'] as const

/** True for a number as long as those of the house and of digits only: it is meant to be somebody here. */
export function looksInternal(target: string, ownNumber: string): boolean {
  return target.length === ownNumber.length && /^\d+$/.test(target)
}

/** True for a number outside: a PBX needs a trunk and a route for it. */
export function looksExternal(target: string, ownNumber: string): boolean {
  return (
    target === 'mobile' ||
    (/^\+?\d+$/.test(target.replace(/[\s()/.-]/g, '')) &&
      target.replace(/\D/g, '').length > Math.max(ownNumber.length, 5))
  )
}
