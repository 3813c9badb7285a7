import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { GroupNames } from './group-names.js'
import { changeOf } from './plan-settings.js'
import type { Existing } from './plan-parts.js'
import type { ImportPlan } from './plan.js'
import type { RowReport } from './report.js'
import { isGood, type ReadRow } from './row.js'

/** People whose rows name a group join it, behind the groups that they are in; their phones get what it has by them. */
export function joinGroups(
  planned: ImportPlan,
  rows: readonly ReadRow[],
  existing: Existing,
  groups: GroupNames,
): ImportPlan {
  const wanted = rows.filter(isGood).filter(({ checked }) => checked.group !== undefined)
  if (wanted.length === 0) return planned
  const { plan, people } = planned
  const created = byNumber(plan.createExtensions)
  const updated = byNumber(plan.updateExtensions)
  const reports = new Map(planned.reports.map((report) => [report.row, report]))
  let changed = 0
  for (const { row, checked } of wanted) {
    const { group, extension = '' } = checked
    const report = reports.get(row)
    const before = created.get(extension) ?? updated.get(extension) ?? existing.extensions.get(extension)
    if (!group || !before || !report || !TAKEN.has(report.outcome)) continue
    const id = groups.idOf(group.name)
    if (before.groups?.includes(id)) continue
    const after = { ...before, groups: [...(before.groups ?? []), id] }
    if (created.has(extension)) created.set(extension, after)
    else updated.set(extension, after)
    const isSame = report.outcome === 'same'
    if (isSame) changed += 1
    const change = changeOf('groups', groups.cellOf(before), groups.cellOf(after))
    const outcome = isSame ? 'changed' : report.outcome
    reports.set(row, { ...report, outcome, changes: [...report.changes, ...change] })
  }
  return {
    ...planned,
    plan: { ...plan, createExtensions: [...created.values()], updateExtensions: [...updated.values()] },
    people: { ...people, changed: people.changed + changed, unchanged: people.unchanged - changed },
    reports: [...reports.values()],
  }
}

/** Rows that are written, or would be if anything differed. */
const TAKEN: ReadonlySet<RowReport['outcome']> = new Set(['new', 'changed', 'same'])

function byNumber(people: readonly ExtensionRecord[]): Map<string, ExtensionRecord> {
  return new Map(people.map((person) => [person.number, person]))
}
