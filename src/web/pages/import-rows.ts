import type { z } from 'zod'
import type { importRow } from '../../admin/api/import-schemas.js'
import { ROW_OUTCOMES } from '../../bulk/report.js'
import { ask, given, type PageCall } from '../page.js'
import { problemText } from '../problem-text.js'
import { fieldLabel } from './import-columns.js'
import type { ImportJob } from './import-preview.js'

type Row = z.output<typeof importRow>

const PAGE_ROWS = 100
const OUTCOMES = [...ROW_OUTCOMES, 'warning'] as const

export const importPath = (id: string): string => `/import/${encodeURIComponent(id)}`

export const NO_RESULT = {
  outcomes: [],
  rows: [],
  links: {},
  kept: [],
  left: [],
  repairs: [],
  people: '',
  phones: '',
  groups: '',
}

/** What becomes, or became, of the rows: some of them, and all in numbers. */
export async function resultOf(call: PageCall, job: ImportJob): Promise<object> {
  const { words, query } = call
  const { summary } = job
  if (!summary) return NO_RESULT
  const outcome = OUTCOMES.find((name) => name === query.outcome)
  const cursor = Number(/^\d{1,9}$/.exec(query.cursor ?? '')?.[0] ?? '0')
  const asked = given({ outcome, cursor: String(cursor), limit: String(PAGE_ROWS) })
  const rows = await ask<{ items: Row[]; nextCursor?: string }>(call, 'listImportRows', {
    params: { id: job.id },
    query: asked,
  })
  const link = (changes: Record<string, string | undefined>): string => {
    const search = new URLSearchParams(given({ outcome, ...changes })).toString()
    return `${importPath(job.id)}${search === '' ? '' : `?${search}`}#rows`
  }
  const count = (name: (typeof OUTCOMES)[number]): number =>
    name === 'warning' ? summary.warnings : (summary.outcomes[name] ?? 0)
  return {
    outcomes: [
      {
        text: words.t('import.outcome.all'),
        total: summary.rows,
        path: link({ outcome: '' }),
        chosen: outcome === undefined,
      },
      ...OUTCOMES.filter((name) => count(name) > 0 || name === outcome).map((name) => ({
        text: words.t(`import.outcome.${name}`),
        total: count(name),
        path: link({ outcome: name }),
        chosen: outcome === name,
      })),
    ],
    rows: rows.items.map((row) => rowOf(call, row)),
    links: {
      first: cursor > 0 ? link({}) : undefined,
      next: rows.nextCursor === undefined ? undefined : link({ cursor: rows.nextCursor }),
    },
    kept: summary.kept.map(({ column, setting, rows: n }) => ({ column, setting, n })),
    left: summary.left.map(({ column, reason }) => ({ column, reason: reason ?? '' })),
    repairs: summary.repairs.map(({ repair, cells }) => ({
      text: words.find(`import.repair.${repair}`) ?? repair,
      n: cells,
    })),
    people: words.t('import.confirm.people', summary.people),
    phones: words.t('import.confirm.phones', summary.phones),
    groups: summary.groups ? words.t('import.confirm.groups', summary.groups) : '',
  }
}

const COLOURS: Readonly<Record<Row['outcome'], string>> = {
  new: 'green',
  changed: 'blue',
  same: 'secondary',
  exists: 'secondary',
  left: 'secondary',
  duplicate: 'orange',
  error: 'red',
}

function rowOf({ words }: PageCall, { row, number, mac, name, outcome, changes, problems }: Row): object {
  return {
    row,
    number,
    mac,
    name,
    outcomeText: words.t(`import.outcome.${outcome}`),
    colour: COLOURS[outcome],
    changes: changes.map(({ field, before, after }) => ({
      field: fieldLabel(words, field),
      before: before ?? words.t('import.empty'),
      after: after ?? words.t('import.empty'),
    })),
    problems: problems.map((one) => ({ ...problemText(words, one), isWarning: one.severity === 'warning' })),
  }
}
