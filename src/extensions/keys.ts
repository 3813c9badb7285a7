import { KEY_KINDS, type KeyKind, type LineKey } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { keyMeaning } from '../catalog/key-bank.js'
import { problemWithLine } from '../settings/vocabulary.js'
import { NEED_VALUE } from './key-kinds.js'

/** A key as an operator gives it; the whole list replaces the owner's keys. */
export interface KeyInput {
  position: number
  /** Device keys only. */
  bank?: string | undefined
  kind: KeyKind
  value?: string | undefined
  label?: string | undefined
  line?: number | undefined
  /** Keys of people only: they cannot change it themselves. */
  locked?: boolean | undefined
}

const OWNER_WORDS = { extension: 'person', group: 'group', device: 'phone' } as const
const VALUE_MAX = 250
const LABEL_MAX = 128

/**
 * Turns input into keys of `owner`, by position. Refuses with KEY_INVALID, or KEY_REPEATED when nothing else is wrong
 * than that two keys would do the same, all mistakes in `problems`.
 */
export function requireKeys(inputs: readonly KeyInput[], owner: LineKey['owner'], newId: () => string): LineKey[] {
  const problems = inputs.flatMap((input) =>
    problemsOf(input, owner.kind).map((what): Problem => ({
      code: 'KEY_INVALID',
      message: `${place(input)}: ${what}`,
    })),
  )
  const seen = new Set<string>()
  for (const input of inputs) {
    if (seen.has(place(input))) problems.push({ code: 'KEY_INVALID', message: `${place(input)}: is given twice` })
    seen.add(place(input))
  }
  problems.push(...repetitions(inputs))
  refuseKeyProblems(problems)
  return inputs.map((input) => keyOf(input, owner, newId())).sort(byPlace)
}

/** The order of keys: bank by bank, those without one first. */
export function byPlace(a: Pick<LineKey, 'bank' | 'position'>, b: Pick<LineKey, 'bank' | 'position'>): number {
  return (a.bank === b.bank ? 0 : (a.bank ?? '').localeCompare(b.bank ?? '')) || a.position - b.position
}

/** Value by value: an import makes tens of thousands, and pieces spread into an object take several times as long. */
function keyOf(
  { position, bank, kind, value, label, line, locked }: KeyInput,
  owner: LineKey['owner'],
  id: string,
): LineKey {
  const key: LineKey = { id, owner, position, kind }
  if (bank !== undefined) key.bank = bank
  if (value !== undefined) key.value = value
  if (label !== undefined) key.label = label
  if (line !== undefined) key.line = line
  if (locked === true) key.locked = locked
  return key
}

/** A phone with two keys for the same leaves one of them dark; several keys for a line hold several calls, and are fine. */
function repetitions(inputs: readonly KeyInput[]): Problem[] {
  const first = new Map<string, KeyInput>()
  return inputs.flatMap((input, index): Problem[] => {
    if (input.kind === 'none' || input.kind === 'line') return []
    const meaning = keyMeaning({ ...input, value: input.value?.trim() })
    const other = first.get(meaning)
    if (!other) {
      first.set(meaning, input)
      return []
    }
    const what = `${input.kind}${input.value === undefined ? '' : ` ${input.value}`}`
    return [
      {
        code: 'KEY_REPEATED',
        column: `keys.${index}`,
        message: `${place(input)}: does the same as ${place(other)} (${what}); the phone would lose one of them`,
      },
    ]
  })
}

/** Throws KEY_INVALID, or the problems' own code, when there is any problem that is not a mere warning. */
export function refuseKeyProblems(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity !== 'warning')
  const first = errors[0]
  if (!first) return
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw new AppError(first.code, `${first.message}${more}`, { field: 'keys', problems: errors })
}

function place({ bank, position }: KeyInput): string {
  return `key ${bank === undefined ? '' : `${bank} `}${position}`
}

function problemsOf(input: KeyInput, ownerKind: LineKey['owner']['kind']): string[] {
  const { position, bank, kind, value, label, line, locked } = input
  const isIndex = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= 1000
  const valueProblem = value === undefined ? undefined : problemWithLine(value, VALUE_MAX)
  const labelProblem = label === undefined ? undefined : problemWithLine(label, LABEL_MAX)
  return [
    isIndex(position) ? undefined : 'the position must be a whole number from 1',
    ownerKind === 'device' && !bank ? 'a key of a phone needs its bank' : undefined,
    ownerKind !== 'device' && bank !== undefined ? `a key of a ${OWNER_WORDS[ownerKind]} has no bank` : undefined,
    KEY_KINDS.includes(kind) ? undefined : `"${String(kind).slice(0, 40)}" is no kind of key`,
    NEED_VALUE.has(kind) && !value ? `a ${kind} key needs a value` : undefined,
    valueProblem === undefined ? undefined : `the value ${valueProblem}`,
    labelProblem === undefined ? undefined : `the label ${labelProblem}`,
    locked === true && ownerKind !== 'extension'
      ? `a key of a ${OWNER_WORDS[ownerKind]} is the admin's anyway`
      : undefined,
    line === undefined || isIndex(line) ? undefined : 'the line must be a whole number from 1',
  ].filter((problem) => problem !== undefined)
}
