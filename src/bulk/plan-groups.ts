import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import type { BulkPlan, GroupChange } from './apply.js'
import type { SettingsChange } from './settings-change.js'
import { withoutDuplicates, type DuplicateRule } from './duplicates.js'
import { groupKey } from './group-names.js'
import { paced, type Pace } from './pace.js'
import { keyChange, keysText } from './plan-keys.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { changedSettings, changeOf, ownedNames, settingChanges } from './plan-settings.js'
import { reportOf, type Counts, type FieldChange, type RowOutcome, type RowReport } from './report.js'
import { problemAt } from './row-problems.js'
import type { GoodRow, ImportRow } from './row.js'
import type { KnownGroup } from './value-questions.js'

/** What becomes of groups whose keys a file says. */
export interface GroupsPlan {
  readonly put: readonly GroupChange[]
  readonly settings: readonly SettingsChange[]
  readonly reports: readonly RowReport[]
  readonly counts: Counts
  /** Which were looked at, as `basis.ts` has it. */
  readonly basis: readonly string[]
}

type GroupsParts = Pick<
  PlanParts,
  'random' | 'clock' | 'siteId' | 'secrets' | 'strategy' | 'groups' | 'settings' | 'isSecret'
>

/** Keys of groups take the places that the rows name; a group that is not there is made. */
export async function planGroups(
  rows: readonly GoodRow[],
  known: readonly KnownGroup[],
  parts: GroupsParts,
  rule: DuplicateRule,
  pace: Pace,
): Promise<GroupsPlan> {
  const put: GroupChange[] = []
  const settings: SettingsChange[] = []
  const reports: RowReport[] = []
  const basis: string[] = []
  const counts = { added: 0, changed: 0, unchanged: 0 }
  const byKey = new Map(known.map((group) => [groupKey(group.name), group]))
  const duplicates = await withoutDuplicates(rows, rule, pace)
  for await (const row of paced(rows, pace)) {
    const problems = [...row.problems, ...notKept(row.checked)]
    const twice = duplicates.get(row)
    if (twice) {
      reports.push(reportOf(row, 'duplicate', [], [...problems, twice]))
      continue
    }
    const name = row.checked.keysOfGroup ?? ''
    const before = byKey.get(groupKey(name))
    basis.push(groupBasis(groupKey(name), before, parts))
    try {
      const { outcome, change, settings: changed } = planGroup(name, row.checked, before, parts)
      if (change) put.push(change)
      if (changed) settings.push(changed)
      if (outcome === 'new') counts.added += 1
      else if (outcome === 'changed') counts.changed += 1
      else counts.unchanged += 1
      const changes = before ? changesOf(before, change, changed, parts) : []
      reports.push(reportOf(row, outcome, changes, problems))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const problem = problemAt(error.code, row.row, error.details.field ?? 'keysOfGroup', error.message)
      reports.push(reportOf(row, 'error', [], [...problems, problem]))
    }
  }
  return { put, settings, reports, counts, basis }
}

function planGroup(
  name: string,
  { keys, groupSettings = new Map(), empty = new Set() }: ImportRow,
  before: KnownGroup | undefined,
  parts: GroupsParts,
): { outcome: RowOutcome; change?: GroupChange; settings?: SettingsChange } {
  const { strategy, groups, siteId } = parts
  if (before && strategy === 'skip') return { outcome: 'exists' }
  if (before && strategy === 'fail') {
    throw new AppError('GROUP_EXISTS', `there is a group "${name}" already`, { field: 'keysOfGroup' })
  }
  const start: KnownGroup = before ?? { id: groups.idOf(name), name, revision: 0, keys: [] }
  const change = keyChange(start, keys, strategy === 'overwrite', parts, 'group')
  const said = { settings: groupSettings, empty: ownedNames(empty, 'group') }
  const of = { layer: 'group', owner: start.id, siteId, label: start.name } as const
  const settings = changedSettings(of, said, parts.settings(start.id, 'group'), parts)
  const isSame = before && change.keys === undefined
  if (isSame && !settings) return { outcome: 'same' }
  return {
    outcome: before ? 'changed' : 'new',
    ...(isSame ? {} : { change: { ...start, ...change, siteId } }),
    ...(settings ? { settings } : {}),
  }
}

function changesOf(
  before: KnownGroup,
  after: GroupChange | undefined,
  settings: SettingsChange | undefined,
  parts: GroupsParts,
): FieldChange[] {
  return [
    ...(after ? changeOf('keys', textOf(before), textOf(after)) : []),
    ...(settings ? settingChanges(settings, parts.settings(before.id, 'group'), parts, 'group.') : []),
  ]
}

/** Groups that only rows of people and phones name, which are in this plan. */
export function groupsOfPeople(
  { createExtensions, updateExtensions, createDevices, updateDevices }: BulkPlan,
  put: readonly GroupChange[],
  { groups, siteId }: Pick<GroupsParts, 'groups' | 'siteId'>,
): GroupChange[] {
  const there = new Set(put.map(({ id }) => id))
  const named = new Set<Id>()
  for (const people of [createExtensions, updateExtensions]) {
    for (const { groups: own = [] } of people) for (const id of own) named.add(id)
  }
  for (const phones of [createDevices, updateDevices]) {
    for (const { groupId } of phones) if (groupId !== undefined) named.add(groupId)
  }
  return [...named]
    .filter((id) => groups.isMade(id) && !there.has(id))
    .map((id) => ({ id, siteId, name: groups.nameOf(id), revision: 0, keys: [] }))
}

/** What a plan took to be so of a group. */
export function groupBasis(
  key: string,
  group: KnownGroup | undefined,
  { settings }: Pick<Existing, 'settings'>,
): string {
  return `group ${group ? `${group.id}@${group.revision},${settings(group.id, 'group').revision}` : '-'} ${key}`
}

/** What the row says besides, and a group has not. */
function notKept(row: ImportRow): Problem[] {
  const { name, email, password, username, enabled, groups, line, model, phoneName, settings } = row
  const given = { name, email, password, username, enabled, groups, line, model, phoneName }
  const fields = Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : field))
  return [...fields, ...(settings?.keys() ?? [])].map((field) =>
    problemAt(
      'CSV_INVALID',
      row.row,
      field,
      'not kept for a group, which has keys and settings of its own (group.…)',
      'warning',
    ),
  )
}

function textOf(group: KnownGroup | undefined): string | undefined {
  return group === undefined || group.keys.length === 0 ? undefined : keysText(group.keys)
}
