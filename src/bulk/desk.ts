import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import type { Log } from '../observe/log.js'
import { endOf, KEEP_MS, newJob, runJob } from './jobs.js'
import { viewOf, type DeskWork, type ImportView, type OpenImport, type WorkHooks } from './open-import.js'
import type { ImportOptions } from './import-options.js'
import type { Prepared } from './prepare.js'
import { changed, refuseObstacles, whatChanged, wrongState } from './refusals.js'
import type { RowReport } from './report.js'
import type { ImportState, ImportStore, StoredImport } from './store.js'

export interface DeskParts {
  store: ImportStore
  clock: Clock
  random: Random
  log: Log
  /** Names this program among those that may run imports. */
  runner: string
  /** Hears of each import that came to its end here: done, failed or cancelled. */
  ended?: (job: StoredImport) => void
}

const OPEN_MAX = 20
const IDLE_MS = 60 * 60_000
/** What open files may take up together, in bytes. */
const ROOM = 300 * 1024 * 1024
/** What the plan of a row takes up, about: a person with a phone and some keys. */
const ROW_BYTES = 4 * 1024

/** Where files lie open between upload, preview and import. In memory only: they hold passwords. */
export class ImportDesk {
  readonly #open = new Map<Id, OpenImport>()

  constructor(readonly parts: DeskParts) {}

  /** No file is open, and nothing is under way. */
  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  /** Takes a file in and begins to work it out. */
  open(work: DeskWork, actor: string, bytes: Uint8Array, options: ImportOptions): ImportView {
    const { clock, random } = this.parts
    this.#makeRoom(bytes.length)
    const now = clock.now()
    const one: OpenImport = {
      id: newId(random, now),
      work,
      bytes,
      options,
      actor,
      startedAt: now,
      touchedAt: now,
      state: 'reading',
      cancelled: false,
      busy: Promise.resolve(),
    }
    this.#open.set(one.id, one)
    this.#preview(one)
    return viewOf(one)
  }

  /** Another profile, mapping or strategy, as a whole: the same file is worked out again. Throws IMPORT_STATE while it runs. */
  change(siteId: Id, id: Id, options: ImportOptions): ImportView {
    const one = this.#require(siteId, id)
    if (one.state === 'running' || one.state === 'done') throw wrongState('it runs already')
    if (one.cancelled) throw wrongState('it is cancelled; choose the file again')
    const { fileName } = one.options
    one.options = { ...options, ...(fileName === undefined ? {} : { fileName }) }
    one.error = undefined
    this.#preview(one)
    return viewOf(one)
  }

  view(siteId: Id, id: Id): ImportView | undefined {
    const one = this.#find(siteId, id)
    return one && viewOf(one)
  }

  views(siteId: Id): ImportView[] {
    return [...this.#open.values()].filter(({ work }) => work.siteId === siteId).map(viewOf)
  }

  /** Rows of the preview; undefined: the file is not open here, or not worked out yet. */
  reports(siteId: Id, id: Id): readonly RowReport[] | undefined {
    return this.#find(siteId, id)?.prepared?.planned.reports
  }

  /** Waits until nothing is under way. */
  async settled(siteId: Id, id: Id): Promise<ImportView> {
    const one = this.#require(siteId, id)
    for (let busy: Promise<void> | undefined; busy !== one.busy;) {
      busy = one.busy
      await busy
    }
    return viewOf(one)
  }

  /**
   * Runs what was shown, in the background. Throws IMPORT_STATE, CSV_INVALID with what is wrong with the file, and
   * IMPORT_CHANGED when data or options are not those of the preview any more: then a new preview is made.
   */
  async confirm(siteId: Id, id: Id, token: string, actor: string): Promise<ImportView> {
    const one = this.#require(siteId, id)
    const { prepared } = one
    if (one.state !== 'preview' || !prepared) throw wrongState('there is no preview to confirm')
    if (token !== prepared.token) throw changed(['the preview is another one'])
    refuseObstacles(prepared)
    one.state = 'reading'
    let differs: readonly string[]
    try {
      differs = await one.work.changedSince(prepared)
    } catch (error) {
      one.state = 'preview'
      throw error
    }
    if (one.prepared !== prepared) throw changed(['the options'])
    if (differs.length > 0) {
      one.error = whatChanged(differs)
      this.#preview(one)
      throw changed(differs)
    }
    await this.#run(one, prepared, actor)
    return viewOf(one)
  }

  /** Ends what is under way, or lets the file go: nothing was written, and nothing will be. Throws IMPORT_STATE. */
  cancel(siteId: Id, id: Id): ImportView {
    const one = this.#require(siteId, id)
    if (one.state === 'done' || one.state === 'undone') throw wrongState('it is done; undo it instead')
    one.cancelled = true
    if (one.state !== 'reading' && one.state !== 'running') {
      one.state = 'cancelled'
      this.#open.delete(id)
    }
    return viewOf(one)
  }

  /** Lets go of files that nobody looked at for long. */
  tidy(): void {
    this.#makeRoom(0)
  }

  /** Lets go of files whose preview was cancelled, once it has ended; resolves with how they are seen from now on. */
  async takeCancelled(): Promise<{ siteId: Id; view: ImportView }[]> {
    const cancelled = [...this.#open.values()].filter((one) => one.cancelled)
    await Promise.all(cancelled.map(({ busy }) => busy))
    return cancelled
      .filter((one) => one.state === 'cancelled' && this.#open.delete(one.id))
      .map((one) => ({ siteId: one.work.siteId, view: viewOf(one) }))
  }

  /** Cancels what is under way and lets every file go; resolves when nothing is written any more. */
  async close(): Promise<void> {
    const open = [...this.#open.values()]
    for (const one of open) one.cancelled = true
    await Promise.all(open.map(({ busy }) => busy))
    this.#open.clear()
  }

  #preview(one: OpenImport): void {
    one.state = 'reading'
    one.prepared = undefined
    one.touchedAt = this.parts.clock.now()
    const { options } = one
    const hooks = this.#hooks(one, () => one.options !== options)
    one.busy = one.busy.then(async () => {
      if (one.options !== options) return
      try {
        const prepared = await one.work.preview(one.bytes, options, hooks)
        if (one.options !== options) return
        one.prepared = prepared
        one.state = 'preview'
        this.#makeRoom(0, one)
      } catch (error) {
        if (one.options !== options) return
        this.#failed(one, error)
      }
      one.progress = undefined
    })
  }

  async #run(one: OpenImport, prepared: Prepared, actor: string): Promise<void> {
    const { store, clock, runner } = this.parts
    const { siteId } = one.work
    const { fileName } = one.options
    const { profile } = prepared.file
    const now = clock.now()
    const job = newJob({ id: one.id, siteId, actor, fileName, profile, summary: prepared.summary, runner }, now)
    try {
      await store.begin(job, now - KEEP_MS)
    } catch (error) {
      one.state = 'preview'
      throw error
    }
    one.state = 'running'
    // It is written now; nobody confirms it twice, and its memory goes as soon as it is.
    one.prepared = undefined
    one.busy = this.#finish(one, prepared, job)
  }

  async #finish(one: OpenImport, prepared: Prepared, job: StoredImport): Promise<void> {
    const hooks = this.#hooks(one, () => false)
    try {
      await runJob(this.parts, job, () => one.work.run(prepared, job, hooks))
      one.state = 'done'
    } catch (error) {
      this.#failed(one, error)
    }
    // From now on the database tells of it.
    this.#open.delete(one.id)
    one.progress = undefined
    this.parts.ended?.({ ...job, state: one.state as ImportState })
  }

  #failed(one: OpenImport, error: unknown): void {
    const end = endOf(error)
    one.state = end.state
    one.error = end.error
    if (one.cancelled) one.bytes = NOTHING
    if (!(error instanceof AppError)) this.parts.log.error({ err: error, import: one.id }, 'an import failed')
  }

  #hooks(one: OpenImport, isOld: () => boolean): WorkHooks {
    return {
      progress: (stage, done, total) => {
        if (!isOld()) one.progress = { stage, done, total }
      },
      check: () => {
        if (one.cancelled || isOld()) throw new AppError('IMPORT_CANCELLED', 'cancelled; nothing was changed')
      },
    }
  }

  #find(siteId: Id, id: Id): OpenImport | undefined {
    const one = this.#open.get(id)
    if (one?.work.siteId !== siteId) return undefined
    one.touchedAt = this.parts.clock.now()
    return one
  }

  #require(siteId: Id, id: Id): OpenImport {
    const one = this.#find(siteId, id)
    if (one) return one
    throw new AppError('IMPORT_NOT_FOUND', 'this file is not open any more; choose it again', { field: 'id' })
  }

  /** Lets go of files that nobody looked at for long, and of more when there is no room; never of `own`. */
  #makeRoom(bytes: number, own?: OpenImport): void {
    const now = this.parts.clock.now()
    const idle = [...this.#open.values()]
      .filter((one) => one !== own && one.state !== 'running')
      .sort((a, b) => a.touchedAt - b.touchedAt)
    let room = ROOM - bytes - [...this.#open.values()].reduce((sum, one) => sum + sizeOf(one), 0)
    for (const one of idle) {
      if (now - one.touchedAt < IDLE_MS && this.#open.size < OPEN_MAX && room >= 0) break
      one.cancelled = true
      room += sizeOf(one)
      this.#open.delete(one.id)
    }
  }
}

const NOTHING = new Uint8Array(0)

function sizeOf({ bytes, prepared }: OpenImport): number {
  return bytes.length + (prepared?.planned.reports.length ?? 0) * ROW_BYTES
}
