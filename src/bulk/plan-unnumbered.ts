import { newId } from '../domain/random.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import { sameText } from './damage.js'
import { paced, type Pace } from './pace.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { changeOf, settingText, withoutWholeName } from './plan-settings.js'
import { reportOf, type Counts, type FieldChange, type RowReport } from './report.js'
import { problemAt } from './row-problems.js'
import type { GoodRow } from './row.js'

/** What becomes of people who have no number yet. */
export interface UnnumberedPlan {
  /** New ones, and those whose fields change; with the revision that was read, 0 when new. */
  readonly put: readonly UnnumberedPerson[]
  readonly reports: readonly RowReport[]
  readonly counts: Counts
  /** Who was looked at, as `basis.ts` has it. */
  readonly basis: readonly string[]
}

/**
 * People whom the file gives no number are kept apart, with all that it says but secrets, until somebody gives them one.
 * Who they are is told by name and e-mail address.
 */
export async function planUnnumbered(
  rows: readonly GoodRow[],
  { unnumbered, extensions }: Existing,
  parts: Pick<PlanParts, 'strategy' | 'random' | 'clock' | 'siteId' | 'isSecret'>,
  pace: Pace,
): Promise<UnnumberedPlan> {
  const put: UnnumberedPerson[] = []
  const reports: RowReport[] = []
  const basis: string[] = []
  const counts = { added: 0, changed: 0, unchanged: 0 }
  const known = new Map(unnumbered.map((person) => [whoIs(person.displayName, person.email), person]))
  const numbersOf = rows.length === 0 ? new Map<string, string>() : namesWithNumber(extensions.values())
  const seen = new Map<string, number>()
  for await (const row of paced(rows, pace)) {
    const { checked, name: displayName } = row
    const key = whoIs(displayName, checked.email)
    const before = known.get(key)
    const twice = seen.get(key)
    basis.push(unnumberedBasis(key, before))
    if (twice !== undefined) {
      reports.push(reportOf(row, 'duplicate', [], [problemAt('CSV_INVALID', row.row, undefined, sameAs(twice))]))
      continue
    }
    seen.set(key, row.row)
    const { settings: open, lost } = openSettings(row, parts.isSecret)
    const settings = before ? withoutWholeName(open, before.displayName, before.settings) : open
    const unset = parts.strategy === 'overwrite' ? emptied(row, before) : []
    const changes = changesOf(before, settings, unset)
    const number = numbersOf.get(displayName.toLowerCase())
    const problems = [
      ...row.problems,
      ...(before
        ? []
        : [problemAt('NUMBER_INVALID', row.row, undefined, 'no number: kept among the people without one', 'warning')]),
      ...lost.map((what) =>
        problemAt('CSV_INVALID', row.row, what, 'not kept for somebody without a number', 'warning'),
      ),
      ...(number === undefined
        ? []
        : [problemAt('NUMBER_INVALID', row.row, undefined, `${number} has the same name`, 'warning')]),
    ]
    if (before && parts.strategy === 'fail') {
      problems.push(problemAt('EXTENSION_EXISTS', row.row, undefined, 'is there already, without a number'))
      reports.push(reportOf(row, 'error', [], problems))
      continue
    }
    if (before && (parts.strategy === 'skip' || changes.length === 0)) {
      counts.unchanged += 1
      reports.push(reportOf(row, changes.length === 0 ? 'same' : 'exists', [], problems))
      continue
    }
    put.push({
      id: before?.id ?? newId(parts.random, parts.clock.now()),
      siteId: parts.siteId,
      displayName: before?.displayName ?? displayName,
      ...(checked.email === undefined ? {} : { email: checked.email }),
      settings: new Map([...(before?.settings ?? []), ...settings].filter(([name]) => !unset.includes(name))),
      createdAt: before?.createdAt ?? parts.clock.now(),
      createdBy: before?.createdBy ?? '',
      revision: before?.revision ?? 0,
    })
    if (before) counts.changed += 1
    else counts.added += 1
    reports.push(reportOf(row, before ? 'changed' : 'new', changes, problems))
  }
  return { put, reports, counts, basis }
}

/** What a plan took to be so of somebody without a number. */
export function unnumberedBasis(key: string, person: UnnumberedPerson | undefined): string {
  return `unnumbered ${person ? `${person.id}@${person.revision}` : '-'} ${key}`
}

/** By which somebody without a number is known. */
export function whoIs(name: string, email: string | undefined): string {
  return `${name} <${email ?? ''}>`.normalize('NFC').toLowerCase()
}

function namesWithNumber(extensions: Iterable<{ displayName: string; number: string }>): Map<string, string> {
  const names = new Map<string, string>()
  for (const { displayName, number } of extensions) names.set(displayName.toLowerCase(), number)
  return names
}

function sameAs(row: number): string {
  return `somebody of the same name without a number stands in row ${row}; nothing tells them apart`
}

/** Settings that may lie open, and names of what the row says besides and nobody can have without a number. */
function openSettings(
  { checked }: GoodRow,
  isSecret: (key: string) => boolean,
): { settings: ReadonlyMap<string, unknown>; lost: string[] } {
  const given = [...(checked.settings ?? [])]
  const fields = [
    ...(checked.password === undefined ? [] : ['password']),
    ...(checked.username === undefined ? [] : ['username']),
    ...(checked.enabled === undefined ? [] : ['enabled']),
    ...(checked.groups === undefined ? [] : ['groups']),
    ...(checked.keys === undefined || checked.keys.length === 0 ? [] : ['keys']),
  ]
  return {
    settings: new Map(given.filter(([key]) => !isSecret(key))),
    lost: [...fields, ...given.flatMap(([key]) => (isSecret(key) ? key : []))],
  }
}

/** What is kept of somebody, and the file has an empty cell for. */
function emptied({ checked }: GoodRow, before: UnnumberedPerson | undefined): string[] {
  return [...(before?.settings.keys() ?? [])].filter((key) => checked.empty?.has(key))
}

function changesOf(
  before: UnnumberedPerson | undefined,
  settings: ReadonlyMap<string, unknown>,
  unset: readonly string[],
): FieldChange[] {
  const changed = [...settings].flatMap(([key, value]) => {
    const old = before?.settings.get(key)
    const [was, is] = [old === undefined ? undefined : settingText(old), settingText(value)]
    return was !== undefined && sameText(was, is) ? [] : changeOf(key, was, is)
  })
  return [...changed, ...unset.map((key) => ({ field: key, before: settingText(before?.settings.get(key)) }))]
}
