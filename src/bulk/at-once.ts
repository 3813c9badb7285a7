import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import type { ExtensionNumber } from '../domain/extension-number.js'
import { newId } from '../domain/random.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import type { ImportDesk } from './desk.js'
import { KEEP_MS, newJob, runJob, type JobInput } from './jobs.js'
import type { DeskWork } from './open-import.js'
import type { RowsPlan } from './plan-rows.js'
import type { ImportOptions } from './import-options.js'
import type { FileView } from './prepare.js'
import { changed, refuseObstacles } from './refusals.js'
import { countOutcomes, hasWarning, isError, type ImportSummary, type RowReport } from './report.js'
import type { ImportRow, ReadRow } from './row.js'
import type { StoredImport } from './store.js'
import { NO_HOOKS, planChecked, writePlan, type WorkParts } from './work.js'

/** What an import at one go did, or would do. */
export interface ImportReport extends Omit<ImportSummary, 'warnings'> {
  dryRun: boolean
  /** Of the import as it is stored; absent after a dry run. */
  id?: Id
  /** Confirms just this: for `confirm` of the same file and options. */
  token: string
  warnings: readonly Problem[]
  /** Mistakes that keep it from being run; only a dry run gets so far. */
  obstacles: readonly Problem[]
  file?: FileView
  questions: RowsPlan['questions']
  secretaries: RowsPlan['secretaries']
  reports: readonly RowReport[]
}

export interface RunOptions extends ImportOptions {
  dryRun?: boolean | undefined
  /** Token of a dry run: refused when that would not be what comes out now. */
  confirm?: string | undefined
}

interface AtOnceParts extends WorkParts {
  desk: ImportDesk
}

/** A file at one go: worked out, and written unless it is a dry run. Throws CSV_INVALID, IMPORT_CHANGED. */
export async function importAtOnce(
  parts: AtOnceParts,
  work: DeskWork,
  actor: string,
  bytes: Uint8Array,
  { dryRun = false, confirm, ...options }: RunOptions,
): Promise<ImportReport> {
  const prepared = await work.preview(bytes, options, NO_HOOKS)
  const { token, summary, file, obstacles } = prepared
  const { reports, questions, secretaries } = prepared.planned
  if (confirm !== undefined && confirm !== token) throw changed(['the data, the file or the options'])
  const report = {
    ...summary,
    dryRun,
    token,
    file,
    obstacles,
    questions,
    secretaries,
    warnings: warningsOf(reports),
    reports,
  }
  if (dryRun) return report
  refuseObstacles(prepared, options.fileName)
  const { fileName } = options
  const id = await runNow(parts, { actor, fileName, profile: file.profile, summary }, (job) =>
    work.run(prepared, job, NO_HOOKS),
  )
  return { ...report, id }
}

/** As `importAtOnce`, of rows that were checked already. */
export async function importChecked(
  parts: AtOnceParts,
  actor: string,
  rows: readonly ImportRow[],
  dryRun: boolean,
): Promise<ImportReport> {
  const read = rows.map((checked): ReadRow => {
    const { row, extension: number = '', mac = '', name = '' } = checked
    return { row, number, mac, name, checked, problems: [] }
  })
  const planned = await planChecked(parts, read)
  const { reports, questions, secretaries } = planned
  const problems = reports.flatMap((report) => report.problems.filter(isError))
  if (problems.length > 0) {
    throw new AppError('CSV_INVALID', `${problems.length} mistake(s) in the rows; nothing was changed`, { problems })
  }
  const summary = summaryOf(planned)
  const told = { obstacles: [], questions, secretaries }
  const report = { ...summary, ...told, token: '', warnings: warningsOf(reports), reports, dryRun }
  if (dryRun) return report
  const id = await runNow(parts, { actor, summary }, (job) => writePlan(parts, planned, summary, job, NO_HOOKS))
  return { ...report, id }
}

/** Gives somebody a number, with all that was kept of the person. Throws EXTENSION_EXISTS, NUMBER_INVALID. */
export async function numberUnnumbered(
  parts: AtOnceParts,
  actor: string,
  person: UnnumberedPerson,
  extension: ExtensionNumber,
): Promise<void> {
  const { displayName: name, email, settings } = person
  const checked: ImportRow = {
    ...{ row: 1, extension, name, settings: settings as NonNullable<ImportRow['settings']> },
    ...(email === undefined ? {} : { email }),
  }
  const planned = await planChecked(parts, [{ row: 1, number: extension, mac: '', name, checked, problems: [] }], {
    strategy: 'fail',
  })
  const [problem] = planned.reports.flatMap(({ problems }) => problems.filter(isError))
  if (problem) {
    throw new AppError(problem.code, problem.message.replace(/^row 1[^:]*: /, ''), { field: 'number' })
  }
  const plan = { ...planned, plan: { ...planned.plan, takeUnnumbered: [person] } }
  const summary = summaryOf(planned)
  await runNow(parts, { actor, fileName: name, summary }, (job) => writePlan(parts, plan, summary, job, NO_HOOKS))
}

/** Keeps the import as running, does `work`, and tells the import's id. */
async function runNow(
  { desk: { parts }, siteId }: AtOnceParts,
  input: Pick<JobInput, 'actor' | 'fileName' | 'profile' | 'summary'>,
  work: (job: StoredImport) => Promise<void>,
): Promise<Id> {
  const { store, clock, random, runner } = parts
  const now = clock.now()
  const job = newJob({ ...input, id: newId(random, now), siteId, runner }, now)
  await store.begin(job, now - KEEP_MS)
  await runJob(parts, job, () => work(job))
  return job.id
}

/** Of rows that come from no file: there are no columns to tell of. */
function summaryOf({ reports, people, phones }: RowsPlan): ImportSummary {
  return {
    ...{ rows: reports.length, outcomes: countOutcomes(reports), warnings: reports.filter(hasWarning).length },
    ...{ people, phones, kept: [], unknown: [], left: [], repairs: [] },
  }
}

function warningsOf(reports: readonly RowReport[]): Problem[] {
  return reports.flatMap(({ problems }) => problems.filter((problem) => !isError(problem)))
}
