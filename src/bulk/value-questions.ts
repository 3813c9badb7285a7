import type { Id, LineKey } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { paced, type Pace } from './pace.js'
import type { Ask } from './profile.js'
import { problemAt } from './row-problems.js'
import type { AskedValue, ImportRow, ReadRow } from './row.js'

/** A group of people and phones, with the keys that it lays onto phones. */
export interface KnownGroup {
  readonly id: Id
  readonly name: string
  readonly revision: number
  readonly keys: readonly LineKey[]
}

/** What values of a file may stand for in this site, and what was said of them before. */
export interface KnownPlaces {
  readonly site: { readonly slug: string; readonly name: string }
  readonly groups: readonly KnownGroup[]
  /** Roles that accounts can have in this site. */
  readonly roles: readonly string[]
  /** Answers by `answerKey`. */
  readonly remembered: ReadonlyMap<string, string>
}

/** Why an answer is the one that it is: `named`: the value is the name of it; `assumed`: what goes without saying. */
export type AnsweredBy = 'said' | 'remembered' | 'named' | 'assumed'

/** A value that stands for something of ours, and what that is. */
export interface ValueQuestion {
  readonly column: string
  readonly kind: Ask
  readonly value: string
  /** Rows that have it. */
  readonly rows: number
  /** Every answer there is. */
  readonly answers: readonly string[]
  /** Absent: nobody knows, and the import waits for it. */
  readonly answer?: string
  readonly by?: AnsweredBy
}

/** Said by the one who imports: column, value, answer. */
export type SaidAnswers = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Setting that holds the role an account of the person is proposed with. */
export const ROLE_SETTING = 'accountRole'
/** Of the site that is imported into. */
const HERE = 'here'
/** Not of this site: the row is left out. */
const LEAVE = 'leave'
/** Nothing of ours: the value is kept as it is. */
const KEEP = 'keep'

/** Under which an answer is remembered. */
export function answerKey({ kind, value }: Pick<AskedValue, 'kind' | 'value'>): string {
  return `${kind} ${value}`
}

/** The same value of the same column is one question. */
function questionKey({ column, value }: Pick<AskedValue, 'column' | 'value'>): string {
  return JSON.stringify([column, value])
}

/**
 * Finds out what the values of a file stand for. The only site of a file is this one; a context or group that nobody
 * knows is kept; several sites must be told apart by the one who imports. Throws CSV_INVALID for an answer that is none.
 */
export async function questionsOf(
  rows: readonly ReadRow[],
  places: KnownPlaces,
  said: SaidAnswers,
  pace: Pace,
): Promise<ValueQuestion[]> {
  const found = new Map<string, { asked: AskedValue; rows: number }>()
  for await (const { asked: all = [] } of paced(rows, pace)) {
    for (const asked of all) {
      const key = questionKey(asked)
      const one = found.get(key)
      if (one) one.rows += 1
      else found.set(key, { asked, rows: 1 })
    }
  }
  const values = [...found.values()]
  const sites = values.filter(({ asked }) => asked.kind === 'site').length
  const columns = [...new Set(values.map(({ asked }) => asked.column))]
  const inOrder = columns.flatMap((column) => values.filter(({ asked }) => asked.column === column))
  return inOrder.map(({ asked, rows: count }) => {
    const answers = answersTo(asked.kind, places)
    return { ...asked, rows: count, answers, ...answerTo(asked, answers, places, said, sites === 1) }
  })
}

function answersTo(kind: Ask, { groups, roles }: KnownPlaces): string[] {
  if (kind === 'site') return [HERE, LEAVE]
  if (kind === 'role') return [KEEP, ...roles.map((name) => `role:${name}`)]
  return [KEEP, LEAVE, ...groups.map(({ name }) => `group:${name}`)]
}

function answerTo(
  asked: AskedValue,
  answers: readonly string[],
  { site, remembered }: KnownPlaces,
  said: SaidAnswers,
  isOnlySite: boolean,
): { answer: string; by: AnsweredBy } | undefined {
  const { column, kind, value } = asked
  const own = Object.hasOwn(said, column) ? said[column] : undefined
  const told = own && Object.hasOwn(own, value) ? own[value] : undefined
  if (told !== undefined && told !== '') {
    if (answers.includes(told)) return { answer: told, by: 'said' }
    throw new AppError('CSV_INVALID', `"${told.slice(0, 60)}" is no answer to what "${value.slice(0, 60)}" is`, {
      field: 'values',
      hint: `Known are ${answers.slice(0, 20).join(', ')}`,
    })
  }
  const before = remembered.get(answerKey(asked))
  if (before !== undefined && answers.includes(before)) return { answer: before, by: 'remembered' }
  const isNamed = (name: string): boolean => name.toLowerCase() === value.toLowerCase()
  const named =
    kind === 'site'
      ? [site.slug, site.name].some(isNamed) && HERE
      : answers.find((answer) => answer.startsWith(`${kind}:`) && isNamed(answer.slice(kind.length + 1)))
  if (named) return { answer: named, by: 'named' }
  if (kind !== 'site') return { answer: KEEP, by: 'assumed' }
  return isOnlySite ? { answer: HERE, by: 'assumed' } : undefined
}

/** A row that is not of this site, and why. */
export interface LeftRow {
  readonly row: ReadRow
  readonly problem: Problem
}

/** Does what the answers say: groups and roles go into the rows, rows of other sites are left out. */
export async function applyAnswers(
  rows: readonly ReadRow[],
  questions: readonly ValueQuestion[],
  { groups }: KnownPlaces,
  pace: Pace,
): Promise<{ rows: ReadRow[]; left: LeftRow[] }> {
  const answers = new Map(questions.map((one) => [questionKey(one), one.answer]))
  const byName = new Map(groups.map((group) => [`group:${group.name}`, group]))
  const taken: ReadRow[] = []
  const left: LeftRow[] = []
  for await (const row of paced(rows, pace)) {
    if (row.leftOut !== undefined) {
      left.push({ row, problem: problemAt('CSV_INVALID', row.row, undefined, `${row.leftOut}; left out`, 'warning') })
      continue
    }
    const answered = (row.asked ?? []).map((one) => ({ one, answer: answers.get(questionKey(one)) }))
    const out = answered.find(({ answer }) => answer === LEAVE)
    if (out) {
      const what = `${out.one.value} is not of this site; left out`
      left.push({ row, problem: problemAt('CSV_INVALID', row.row, out.one.column, what, 'warning') })
      continue
    }
    const group = answered.flatMap(({ answer }) => byName.get(answer ?? '') ?? [])[0]
    const role = answered.flatMap(({ answer }) => (answer?.startsWith('role:') ? answer.slice(5) : []))[0]
    taken.push(group || role !== undefined ? withMeaning(row, group, role) : row)
  }
  return { rows: taken, left }
}

function withMeaning(row: ReadRow, group: ImportRow['group'], role: string | undefined): ReadRow {
  if (!row.checked) return row
  const settings =
    role === undefined ? row.checked.settings : new Map([...(row.checked.settings ?? []), [ROLE_SETTING, role]])
  return { ...row, checked: { ...row.checked, ...(group ? { group } : {}), ...(settings ? { settings } : {}) } }
}

/** Values that nobody said anything of, and that the import waits for. */
export function unanswered(questions: readonly ValueQuestion[]): Problem[] {
  return questions.flatMap(({ column, kind, value, rows, answer }): Problem[] => {
    if (answer !== undefined) return []
    const message = `column ${column}: is ${kind} ${value} (${rows} rows) this one, or another? Say "here" or "leave"`
    return [{ code: 'CSV_INVALID', column, message }]
  })
}
