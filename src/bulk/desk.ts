import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import type { Log } from '../observe/log.js'
import type { FileView, ImportOptions, Prepared, Progress, Stage } from './prepare.js'
import type { ImportSummary, RowReport } from './report.js'
import type { ImportState, ImportStore, StoredImport } from './store.js'

/** Imports whose file is open here, before they are run or while they are. */
export type OpenState = 'reading' | 'preview' | ImportState

/** An import as admins see it. */
export interface ImportView {
  readonly id: Id
  readonly state: OpenState
  readonly fileName?: string
  readonly actor: string
  readonly startedAt: Millis
  readonly finishedAt?: Millis
  readonly undoneAt?: Millis
  readonly undoneBy?: string
  /** Only of an open file. */
  readonly options?: ImportOptions
  readonly file?: FileView
  readonly profile?: string
  readonly progress?: { readonly stage: Stage; readonly done: number; readonly total: number }
  readonly summary?: ImportSummary
  /** To confirm just this preview. */
  readonly token?: string
  /** Mistakes that keep it from being run. */
  readonly obstacles?: readonly Problem[]
  /** Why it was not done, or what changed since the preview before. */
  readonly error?: string
}

/** What the desk does with a file; of one site. */
export interface DeskWork {
  readonly siteId: Id
  /** Works the file out. With `basis` it is checked first that what a preview was made from is still so. */
  preview(bytes: Uint8Array, options: ImportOptions, hooks: WorkHooks): Promise<Prepared>
  /** What changed since the preview, in words. */
  changedSince(prepared: Prepared): Promise<readonly string[]>
  /** Writes it. Throws what the file or the database has against it. */
  run(bytes: Uint8Array, options: ImportOptions, job: StoredImport, hooks: WorkHooks): Promise<ImportSummary>
}

export interface WorkHooks {
  readonly progress: Progress
  /** Throws IMPORT_CANCELLED once nobody wants it any more. */
  check(): void
}

interface OpenImport {
  id: Id
  work: DeskWork
  bytes: Uint8Array
  options: ImportOptions
  actor: string
  startedAt: Millis
  touchedAt: Millis
  state: OpenState
  cancelled: boolean
  progress?: { stage: Stage; done: number; total: number } | undefined
  prepared?: Prepared | undefined
  error?: string | undefined
  /** Resolves when nothing is under way. */
  busy: Promise<void>
}

export interface DeskParts {
  store: ImportStore
  clock: Clock
  random: Random
  log: Log
  /** Names this program among those that may run imports. */
  runner: string
}

const OPEN_MAX = 20
const OPEN_BYTES_MAX = 150 * 1024 * 1024
const IDLE_MS = 60 * 60_000
/** Imports are kept so long, with their results and what undoing takes. */
export const KEEP_MS = 90 * 86_400_000

/** Where files lie open between upload, preview and import. In memory only: they hold passwords. */
export class ImportDesk {
  readonly #open = new Map<Id, OpenImport>()

  constructor(readonly parts: DeskParts) {}

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
    if (differs.length > 0) {
      one.error = whatChanged(differs)
      this.#preview(one)
      throw changed(differs)
    }
    await this.#run(one, prepared, actor)
    return viewOf(one)
  }

  /** Ends what is under way, or lets the file go. True: nothing was written and nothing will be. */
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

  /** A stored import ended elsewhere: it is not open any more. */
  forget(id: Id): void {
    this.#open.delete(id)
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
      } catch (error) {
        if (one.options !== options) return
        this.#failed(one, error)
      }
      one.progress = undefined
    })
  }

  async #run(one: OpenImport, prepared: Prepared, actor: string): Promise<void> {
    const { store, clock, runner } = this.parts
    const { fileName } = one.options
    const { profile } = prepared.file
    const job: StoredImport = {
      id: one.id,
      siteId: one.work.siteId,
      state: 'running',
      ...(fileName === undefined ? {} : { fileName }),
      ...(profile === undefined ? {} : { profile }),
      actor,
      startedAt: clock.now(),
      summary: prepared.summary,
      runner,
    }
    try {
      await store.begin(job, clock.now() - KEEP_MS)
    } catch (error) {
      one.state = 'preview'
      throw error
    }
    one.state = 'running'
    // The import makes its own plan; two of them are much.
    one.prepared = undefined
    one.busy = this.#finish(one, job)
  }

  async #finish(one: OpenImport, job: StoredImport): Promise<void> {
    const { store, clock } = this.parts
    try {
      await one.work.run(
        one.bytes,
        one.options,
        job,
        this.#hooks(one, () => false),
      )
      one.state = 'done'
      // From now on the database tells of it.
      this.#open.delete(one.id)
    } catch (error) {
      this.#failed(one, error)
      const state = one.state === 'cancelled' ? 'cancelled' : 'failed'
      const finished = { ...job, state, finishedAt: clock.now(), error: one.error ?? '' } as const
      await store
        .finish(finished)
        .catch((failure: unknown) => this.parts.log.warn({ err: failure }, 'an import ended untold'))
      this.#open.delete(one.id)
    }
    one.progress = undefined
  }

  #failed(one: OpenImport, error: unknown): void {
    one.state = error instanceof AppError && error.code === 'IMPORT_CANCELLED' ? 'cancelled' : 'failed'
    one.error = error instanceof AppError ? told(error) : 'internal error'
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

  #makeRoom(bytes: number): void {
    const now = this.parts.clock.now()
    const idle = [...this.#open.values()]
      .filter(({ state }) => state !== 'running')
      .sort((a, b) => a.touchedAt - b.touchedAt)
    let total = bytes + [...this.#open.values()].reduce((sum, one) => sum + one.bytes.length, 0)
    for (const one of idle) {
      if (now - one.touchedAt < IDLE_MS && this.#open.size < OPEN_MAX && total <= OPEN_BYTES_MAX) break
      one.cancelled = true
      total -= one.bytes.length
      this.#open.delete(one.id)
    }
  }
}

function viewOf(one: OpenImport): ImportView {
  const { id, state, actor, startedAt, options, progress, prepared, error } = one
  return {
    id,
    state,
    ...(options.fileName === undefined ? {} : { fileName: options.fileName }),
    actor,
    startedAt,
    options,
    ...(progress ? { progress } : {}),
    ...(error === undefined ? {} : { error }),
    ...(prepared
      ? { file: prepared.file, summary: prepared.summary, token: prepared.token, obstacles: prepared.obstacles }
      : {}),
    ...(prepared?.file.profile === undefined ? {} : { profile: prepared.file.profile }),
  }
}

/** Throws CSV_INVALID with every mistake that keeps this from being run. */
export function refuseObstacles({ obstacles }: Pick<Prepared, 'obstacles'>, source = 'the file'): void {
  if (obstacles.length === 0) return
  throw new AppError('CSV_INVALID', `${obstacles.length} mistake(s) in ${source}; nothing was changed`, {
    problems: obstacles,
  })
}

export function changed(what: readonly string[]): AppError {
  return new AppError('IMPORT_CHANGED', whatChanged(what), { hint: 'Look at the new preview and confirm that' })
}

function whatChanged(what: readonly string[]): string {
  const more = what.length > 5 ? ` and ${what.length - 5} more` : ''
  return `since the preview this changed: ${what.slice(0, 5).join(', ')}${more}`
}

export function wrongState(why: string): AppError {
  return new AppError('IMPORT_STATE', why)
}

function told({ message, details }: AppError): string {
  return details.hint === undefined ? message : `${message}. ${details.hint}`
}
