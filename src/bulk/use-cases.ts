import type { ModelLookup } from '../devices/draft.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import type { Problem } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import type { Sealed, Secret } from '../domain/secret.js'
import { policyOf } from '../extensions/policy.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SecretBox } from '../secrets/seal.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import { planSize, type ApplyBulk } from './apply.js'
import {
  changed,
  KEEP_MS,
  refuseObstacles,
  wrongState,
  type DeskWork,
  type ImportDesk,
  type ImportView,
  type WorkHooks,
} from './desk.js'
import { exportPeople, type ExportOptions } from './export.js'
import type { Pace } from './pace.js'
import type { Existing } from './plan-parts.js'
import { changedSince } from './plan.js'
import { planRows, prepare, type FileView, type ImportOptions, type Prepared, type PrepareParts } from './prepare.js'
import type { Profile } from './profile.js'
import { countOutcomes, hasWarning, isError, type ImportSummary, type RowReport } from './report.js'
import { resultCsv } from './result.js'
import type { ImportRow } from './row.js'
import type { ImportResult, StoredImport } from './store.js'
import { templateCsv } from './template.js'

/** Everything there is, of all sites, as stored now. */
export interface Stored {
  extensions: Iterable<ExtensionRecord>
  devices: Iterable<DeviceRecord>
  layer(layer: 'global' | 'site' | 'extension', owner: string): LayerValues
}

export interface BulkParts {
  siteId: Id
  secrets: SecretBox
  clock: Clock
  random: Random
  models: ModelLookup
  load(): Promise<Stored>
  apply: ApplyBulk
  desk: ImportDesk
  /** Gives way to others in between; `check` may throw. */
  pace(check?: () => void): Pace
  /** The vocabulary and what else is known of phones, read when first asked for. */
  knowledge(): Pick<PrepareParts, 'vocabulary' | 'profiles' | 'findModel' | 'isSecret'>
  /** The value of a person's setting; throws SETTING_UNKNOWN, SETTING_VALUE_INVALID. */
  checkSetting(key: string, value: unknown): SettingContent
  /** A person's own password; leaves an audit row. */
  password(actor: string, number: string): Promise<Secret>
}

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
  reports: readonly RowReport[]
}

interface RunOptions extends ImportOptions {
  dryRun?: boolean | undefined
  /** Token of a dry run: refused when that would not be what comes out now. */
  confirm?: string | undefined
}

/** Many people and phones at once. */
export interface BulkUseCases {
  /** A file at one go. Throws CSV_INVALID with every mistake, IMPORT_CHANGED. */
  importCsv(actor: string, bytes: Uint8Array, options?: RunOptions): Promise<ImportReport>
  /** As `importCsv`, of rows that were checked already. */
  importRows(actor: string, rows: readonly ImportRow[], options?: { dryRun?: boolean }): Promise<ImportReport>
  /** Takes a file in for a preview, which is worked out in the background. */
  openImport(actor: string, bytes: Uint8Array, options: ImportOptions): ImportView
  changeImport(id: Id, options: ImportOptions): ImportView
  /** Open ones and those of the last 90 days, newest first. */
  imports(): Promise<ImportView[]>
  /** Throws IMPORT_NOT_FOUND, as all below. */
  showImport(id: Id): Promise<ImportView>
  /** Rows of the preview, or what became of them. */
  importReports(id: Id): Promise<readonly (RowReport | ImportResult)[]>
  /** Throws IMPORT_CHANGED, IMPORT_STATE, CSV_INVALID. */
  confirmImport(actor: string, id: Id, token: string): Promise<ImportView>
  cancelImport(id: Id): ImportView
  /** Waits until nothing is under way. */
  settledImport(id: Id): Promise<ImportView>
  /** What became of each row, as CSV. */
  importResult(id: Id): Promise<string>
  /** Puts everything back. Throws IMPORT_NOT_UNDONE, IMPORT_STATE. */
  undoImport(actor: string, id: Id): Promise<ImportView>
  profiles(): readonly Profile[]
  /** An empty file of a profile, with an example row. Throws PROFILE_NOT_FOUND. */
  template(profile: string): string
  /** People and phones as a CSV file that `importCsv` reads; passwords only when asked for. */
  exportCsv(actor: string, options?: ExportOptions): Promise<string>
}

const LISTED = 50

export function createBulkUseCases(parts: BulkParts): BulkUseCases {
  const { desk, siteId } = parts
  const work = deskWork(parts)
  const stored = async (id: Id): Promise<StoredImport> => {
    const job = await desk.parts.store.byId(siteId, id)
    if (!job) throw new AppError('IMPORT_NOT_FOUND', 'there is no such import', { field: 'id' })
    return job
  }
  const view = async (id: Id): Promise<ImportView> => desk.view(siteId, id) ?? storedView(await stored(id), desk)
  const reports = async (id: Id): Promise<readonly (RowReport | ImportResult)[]> =>
    desk.reports(siteId, id) ?? (await desk.parts.store.results((await stored(id)).id))
  return {
    importCsv: (actor, bytes, options = {}) => importAtOnce(parts, work, actor, bytes, options),
    importRows: (actor, rows, { dryRun = false } = {}) => importChecked(parts, actor, rows, dryRun),
    openImport: (actor, bytes, options) => desk.open(work, actor, bytes, options),
    changeImport: (id, options) => desk.change(siteId, id, options),
    imports: async () => {
      const open = desk.views(siteId)
      const ids = new Set(open.map(({ id }) => id))
      const old = (await desk.parts.store.list(siteId, LISTED)).filter(({ id }) => !ids.has(id))
      return [...open, ...old.map((job) => storedView(job, desk))].sort((a, b) => b.startedAt - a.startedAt)
    },
    showImport: view,
    importReports: reports,
    confirmImport: (actor, id, token) => desk.confirm(siteId, id, token, actor),
    cancelImport: (id) => desk.cancel(siteId, id),
    settledImport: async (id) => {
      if (desk.view(siteId, id)) await desk.settled(siteId, id)
      return view(id)
    },
    importResult: async (id) => resultCsv(await reports(id)),
    undoImport: async (actor, id) => {
      const job = await stored(id)
      if (job.state !== 'done') throw wrongState(`an import that is ${job.state} cannot be undone`)
      await desk.parts.store.undo(job, { actor, at: parts.clock.now() })
      return view(id)
    },
    profiles: () => parts.knowledge().profiles,
    template: (profile) => templateCsv(parts.knowledge().profiles, profile),
    exportCsv: async (actor, options = {}) => {
      const { vocabulary, profiles, isSecret } = parts.knowledge()
      const all = await parts.load()
      const people = { ...all, extensions: [...all.extensions].filter((one) => one.siteId === siteId) }
      const devices = [...all.devices].filter((one) => one.siteId === siteId)
      const password = async (number: string): Promise<string> => (await parts.password(actor, number)).reveal()
      const openSetting = (owner: Id, key: string, sealed: unknown): string =>
        typeof sealed === 'string' && sealed !== ''
          ? parts.secrets.open(sealed as Sealed, SEAL_CONTEXTS.settingValue('extension', owner, key)).reveal()
          : ''
      const how = { vocabulary, profiles, isSecret, password, openSetting, pace: parts.pace() }
      return exportPeople({ ...people, devices }, how, options)
    },
  }
}

function deskWork(parts: BulkParts): DeskWork {
  return {
    siteId: parts.siteId,
    preview: async (bytes, options, hooks) =>
      prepare(bytes, options, await loadExisting(parts), prepareParts(parts), {
        pace: parts.pace(hooks.check),
        progress: hooks.progress,
        dry: true,
      }),
    changedSince: async ({ planned }) => changedSince(planned.basis, await loadExisting(parts)),
    run: async (bytes, options, job, hooks) => {
      const prepared = await prepare(bytes, options, await loadExisting(parts), prepareParts(parts), {
        pace: parts.pace(hooks.check),
        progress: hooks.progress,
        dry: false,
      })
      refuseObstacles(prepared)
      await write(parts, prepared.planned, prepared.summary, job, hooks)
      return prepared.summary
    },
  }
}

async function write(
  parts: BulkParts,
  { plan, reports }: Prepared['planned'],
  summary: ImportSummary,
  job: StoredImport,
  hooks: WorkHooks,
): Promise<void> {
  const total = planSize(plan)
  const pace = parts.pace(hooks.check)
  const at = parts.clock.now()
  const done: StoredImport = { ...job, state: 'done', summary, finishedAt: at }
  await parts.apply(
    plan,
    { actor: job.actor, at },
    {
      done,
      results: reports,
      progress: async (written) => {
        hooks.progress('writing', written, total)
        hooks.check()
        await pace()
      },
    },
  )
}

const NO_HOOKS: WorkHooks = { progress: () => undefined, check: () => undefined }

async function importAtOnce(
  parts: BulkParts,
  work: DeskWork,
  actor: string,
  bytes: Uint8Array,
  { dryRun = false, confirm, ...options }: RunOptions,
): Promise<ImportReport> {
  const { report, refuse, profile, summary } = shownPreview(await work.preview(bytes, options, NO_HOOKS))
  if (confirm !== undefined && confirm !== report.token) throw changed(['the data, the file or the options'])
  if (dryRun) return { ...report, dryRun }
  refuse(options.fileName)
  const job = newJob(parts, actor, summary, options.fileName, profile)
  await running(parts, job, () => work.run(bytes, options, job, NO_HOOKS))
  return { ...report, dryRun, id: job.id }
}

/** What is told of a preview, without its plan: the import makes its own, and two of them are much. */
function shownPreview({ token, summary, planned: { reports }, file, obstacles }: Prepared) {
  return {
    report: { ...summary, token, file, obstacles, warnings: warningsOf(reports), reports },
    refuse: (source?: string) => refuseObstacles({ obstacles }, source),
    profile: file.profile,
    summary,
  }
}

async function importChecked(
  parts: BulkParts,
  actor: string,
  rows: readonly ImportRow[],
  dryRun: boolean,
): Promise<ImportReport> {
  const read = rows.map((checked) => {
    const { row, extension: number = '', mac = '', name = '' } = checked
    return { row, number, mac, name, checked, problems: [] }
  })
  const hooks = { pace: parts.pace(), progress: NO_HOOKS.progress, dry: dryRun }
  const planned = await planRows(read, {}, await loadExisting(parts), prepareParts(parts), hooks)
  const problems = planned.reports.flatMap((report) => report.problems.filter(isError))
  if (problems.length > 0) {
    throw new AppError('CSV_INVALID', `${problems.length} mistake(s) in the rows; nothing was changed`, { problems })
  }
  const summary: ImportSummary = {
    rows: planned.reports.length,
    outcomes: countOutcomes(planned.reports),
    warnings: planned.reports.filter(hasWarning).length,
    people: planned.people,
    phones: planned.phones,
    kept: [],
    unknown: [],
    left: [],
    repairs: [],
  }
  const { reports } = planned
  const report = { ...summary, token: '', obstacles: [], warnings: warningsOf(reports), reports, dryRun }
  if (dryRun) return report
  const job = newJob(parts, actor, summary)
  await running(parts, job, () => write(parts, planned, summary, job, NO_HOOKS))
  return { ...report, id: job.id }
}

function newJob(
  parts: BulkParts,
  actor: string,
  summary: ImportSummary,
  fileName?: string,
  profile?: string,
): StoredImport {
  const now = parts.clock.now()
  return {
    id: newId(parts.random, now),
    siteId: parts.siteId,
    state: 'running',
    ...(fileName === undefined ? {} : { fileName }),
    ...(profile === undefined ? {} : { profile }),
    actor,
    startedAt: now,
    summary,
    runner: parts.desk.parts.runner,
  }
}

/** Keeps the import as running, then, by what `work` writes, as done, or as failed. */
async function running(parts: BulkParts, job: StoredImport, work: () => Promise<unknown>): Promise<void> {
  const { store, log } = parts.desk.parts
  await store.begin(job, job.startedAt - KEEP_MS)
  try {
    await work()
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'internal error'
    await store
      .finish({ ...job, state: 'failed', finishedAt: parts.clock.now(), error: why })
      .catch((failure: unknown) => log.warn({ err: failure }, 'an import ended untold'))
    throw error
  }
}

function prepareParts(parts: BulkParts): PrepareParts {
  const { siteId, secrets, clock, random, models, checkSetting } = parts
  return { siteId, secrets, clock, random, models, checkSetting, ...parts.knowledge() }
}

async function loadExisting({ load, siteId }: BulkParts): Promise<Existing> {
  const stored = await load()
  const extensions = new Map<string, ExtensionRecord>()
  for (const one of stored.extensions) if (one.siteId === siteId) extensions.set(one.number, one)
  const devices = new Map<Mac, DeviceRecord>()
  const foreign = new Set<Mac>()
  for (const one of stored.devices) {
    if (one.siteId === siteId) devices.set(one.mac, one)
    else foreign.add(one.mac)
  }
  for (const mac of devices.keys()) foreign.delete(mac)
  const policy = policyOf([stored.layer('global', '').values, stored.layer('site', siteId).values])
  return { extensions, devices, foreign, policy, settings: (id) => stored.layer('extension', id) }
}

function storedView(job: StoredImport, { parts }: ImportDesk): ImportView {
  const { siteId, runner, state, ...rest } = job
  void siteId
  // A server that runs an import has it open; when another server is said to, that one is gone.
  const isGone = state === 'running' && (runner === parts.runner || runner.startsWith(SERVER_RUNNER))
  return { ...rest, state: isGone ? 'interrupted' : state }
}

/** How servers call themselves as runners of imports; there is one at a time. */
export const SERVER_RUNNER = 'server:'

function warningsOf(reports: readonly RowReport[]): Problem[] {
  return reports.flatMap(({ problems }) => problems.filter((problem) => !isError(problem)))
}
