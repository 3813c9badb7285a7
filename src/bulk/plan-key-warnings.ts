import type { Id } from '../domain/entities.js'
import { featureCodesOf } from '../extensions/feature-codes.js'
import { keyWarning, keyWarningText } from '../extensions/key-warnings.js'
import { mayBeWatched, mayTransfer } from '../extensions/watching.js'
import type { ImportPlan } from './plan.js'
import type { Existing } from './plan-parts.js'
import type { RowReport } from './report.js'
import { problemAt } from './row-problems.js'

/** Tells, in the row of the person, of keys that watch somebody who may not be watched, or dial a code that is off. */
export function warnOfKeys(planned: ImportPlan, existing: Existing): ImportPlan {
  const { plan, reports } = planned
  const changed = [...plan.createExtensions, ...plan.updateExtensions]
  if (changed.every(({ keys }) => keys.length === 0)) return planned
  const created = new Map(plan.createExtensions.map((one) => [one.number as string, one]))
  const set = new Map(plan.settings.map(({ owner, set: values }) => [owner, values]))
  const layersOf = (id: Id): ReadonlyMap<string, unknown>[] => [
    ...[set.get(id), existing.settings(id).values].filter((one) => one !== undefined),
    ...existing.siteLayers,
  ]
  const isUnwatched = (number: string): boolean => {
    const person = existing.extensions.get(number) ?? created.get(number)
    return person !== undefined && !mayBeWatched(layersOf(person.id))
  }
  const codes = featureCodesOf(existing.siteLayers)
  const told = new Map(
    changed.flatMap(({ id, number, keys }) => {
      const knowledge = { isUnwatched, codes, mayNotTransfer: !mayTransfer(layersOf(id)) }
      const found = keys.flatMap((key) => {
        const warning = keyWarning(key, knowledge)
        return warning ? [{ column: `key${key.position}`, what: keyWarningText(warning) }] : []
      })
      return found.length === 0 ? [] : [[number as string, found] as const]
    }),
  )
  if (told.size === 0) return planned
  return {
    ...planned,
    reports: reports.map((report): RowReport => {
      const found = told.get(report.number)
      if (!found || (report.outcome !== 'new' && report.outcome !== 'changed')) return report
      told.delete(report.number)
      const problems = found.map(({ column, what }) => problemAt('KEY_INVALID', report.row, column, what, 'warning'))
      return { ...report, problems: [...report.problems, ...problems] }
    }),
  }
}
