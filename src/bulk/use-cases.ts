import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Sealed, Secret } from '../domain/secret.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import type { UnnumberedAdmin } from '../extensions/unnumbered.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { OwnerLayer } from './settings-change.js'
import { importAtOnce, importChecked, numberUnnumbered, type ImportReport, type RunOptions } from './at-once.js'
import type { ImportDesk } from './desk.js'
import { exportPeople } from './export.js'
import type { ExportOptions } from './export-rows.js'
import type { ImportView } from './open-import.js'
import type { ImportOptions } from './import-options.js'
import { isExactColumn } from './mapping.js'
import type { Profile } from './profile.js'
import { wrongState } from './refusals.js'
import { resultCsv } from './result.js'
import type { ImportRow } from './row.js'
import { pageOf, type RowsPage, type RowsWanted, type ShownRow } from './rows-page.js'
import type { StoredImport } from './store.js'
import { templateCsv } from './template.js'
import { createWork, type WorkParts } from './work.js'

export interface BulkParts extends WorkParts {
  desk: ImportDesk
  unnumbered: UnnumberedAdmin
  /** A person's own password; leaves an audit row. */
  password(actor: string, number: string): Promise<Secret>
}

/** Many people and phones at once. */
export interface BulkUseCases {
  /** A file at one go. Throws CSV_INVALID with every mistake, IMPORT_CHANGED. */
  importCsv(actor: string, bytes: Uint8Array, options?: RunOptions): Promise<ImportReport>
  /** As `importCsv`, of rows that were checked already. */
  importRows(actor: string, rows: readonly ImportRow[], options?: { dryRun?: boolean }): Promise<ImportReport>
  /** Takes a file in for a preview, which is worked out in the background. */
  openImport(actor: string, bytes: Uint8Array, options: ImportOptions): Promise<ImportView>
  changeImport(id: Id, options: ImportOptions): Promise<ImportView>
  /** Open ones and those of the last 90 days, newest first. */
  imports(): Promise<ImportView[]>
  /** Throws IMPORT_NOT_FOUND, as all below. */
  showImport(id: Id): Promise<ImportView>
  /** Rows of the preview, or what became of them. */
  importReports(id: Id, wanted?: RowsWanted): Promise<RowsPage>
  /** Throws IMPORT_CHANGED, IMPORT_STATE, CSV_INVALID. */
  confirmImport(actor: string, id: Id, token: string): Promise<ImportView>
  cancelImport(id: Id): Promise<ImportView>
  /** Waits until nothing is under way. */
  settledImport(id: Id): Promise<ImportView>
  /** Numbers of those that it added. Throws IMPORT_STATE before it is done. */
  addedPeople(id: Id): Promise<ReadonlySet<string>>
  /** Numbers of all of its rows without mistakes. */
  importedNumbers(id: Id): Promise<ReadonlySet<string>>
  /** What became of each row, as CSV. */
  importResult(id: Id): Promise<string>
  /** Puts everything back. Throws IMPORT_NOT_UNDONE, IMPORT_STATE. */
  undoImport(actor: string, id: Id): Promise<ImportView>
  /** People whom files gave no number. */
  readonly unnumbered: UnnumberedAdmin
  /** Gives one of them a number, with all that was kept. Throws EXTENSION_NOT_FOUND, EXTENSION_EXISTS, NUMBER_INVALID. */
  giveNumber(actor: string, id: Id, number: string): Promise<void>
  profiles(): Promise<readonly Profile[]>
  /** An empty file of a profile, with an example row. Throws PROFILE_NOT_FOUND. */
  template(profile: string): Promise<string>
  /** People and phones as a CSV file that `importCsv` reads; passwords only when asked for. */
  exportCsv(actor: string, options?: ExportOptions): Promise<string>
}

const LISTED = 50

export function createBulkUseCases(parts: BulkParts): BulkUseCases {
  const { desk, siteId } = parts
  const work = createWork(parts)
  const stored = async (id: Id): Promise<StoredImport> => {
    const job = await desk.parts.store.byId(siteId, id)
    if (!job) throw new AppError('IMPORT_NOT_FOUND', 'there is no such import', { field: 'id' })
    return job
  }
  const view = async (id: Id): Promise<ImportView> => desk.view(siteId, id) ?? storedView(await stored(id), desk)
  const reports = async (id: Id): Promise<readonly ShownRow[]> =>
    desk.reports(siteId, id) ?? (await desk.parts.store.results((await stored(id)).id))
  return {
    importCsv: (actor, bytes, options = {}) => importAtOnce(parts, work, actor, bytes, options),
    importRows: (actor, rows, { dryRun = false } = {}) => importChecked(parts, actor, rows, dryRun),
    openImport: async (actor, bytes, options) => desk.open(work, actor, bytes, options),
    changeImport: async (id, options) => desk.change(siteId, id, options),
    imports: async () => {
      const open = desk.views(siteId)
      const ids = new Set(open.map(({ id }) => id))
      const old = (await desk.parts.store.list(siteId, LISTED)).filter(({ id }) => !ids.has(id))
      return [...open, ...old.map((job) => storedView(job, desk))].sort((a, b) => b.startedAt - a.startedAt)
    },
    showImport: view,
    importReports: async (id, wanted = {}) => pageOf(await reports(id), wanted),
    confirmImport: (actor, id, token) => desk.confirm(siteId, id, token, actor),
    cancelImport: async (id) => desk.cancel(siteId, id),
    settledImport: async (id) => {
      if (desk.view(siteId, id)) await desk.settled(siteId, id)
      return view(id)
    },
    addedPeople: async (id) => {
      if ((await view(id)).state !== 'done') throw wrongState('it is not done (yet)')
      return new Set((await reports(id)).filter(({ outcome }) => outcome === 'new').map(({ number }) => number))
    },
    importedNumbers: async (id) =>
      new Set(
        (await reports(id)).flatMap(({ number, outcome }) => (outcome === 'error' || number === '' ? [] : [number])),
      ),
    importResult: async (id) => resultCsv(await reports(id), parts.pace()),
    undoImport: async (actor, id) => {
      const job = await stored(id)
      if (job.state !== 'done') throw wrongState(`an import that is ${job.state} cannot be undone`)
      await desk.parts.store.undo(job, { actor, at: parts.clock.now() })
      return view(id)
    },
    unnumbered: parts.unnumbered,
    giveNumber: async (actor, id, number) => {
      const person = await parts.unnumbered.show(id)
      await numberUnnumbered(parts, actor, person, requireExtensionNumber(number, 'number'))
    },
    profiles: async () => (await parts.knowledge()).profiles,
    template: async (profile) => templateCsv((await parts.knowledge()).profiles, profile),
    exportCsv: async (actor, options = {}) => {
      const { profiles, isSecret, vocabulary } = await parts.knowledge()
      const all = await parts.load()
      const people = { ...all, extensions: [...all.extensions].filter((one) => one.siteId === siteId) }
      const devices = [...all.devices].filter((one) => one.siteId === siteId)
      const password = async (number: string): Promise<string> => (await parts.password(actor, number)).reveal()
      const openSetting = (layer: OwnerLayer, owner: Id, key: string, sealed: unknown): string =>
        typeof sealed === 'string' && sealed !== ''
          ? parts.secrets.open(sealed as Sealed, SEAL_CONTEXTS.settingValue(layer, owner, key)).reveal()
          : ''
      const isExact = (column: string): boolean => isExactColumn(column, vocabulary)
      const how = { isExact, profiles, isSecret, password, openSetting, pace: parts.pace() }
      const { unnumbered, places } = await parts.surroundings(siteId)
      return exportPeople({ ...people, devices, unnumbered, groups: places.groups }, how, options)
    },
  }
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
