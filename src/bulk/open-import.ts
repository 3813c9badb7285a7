import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Problem } from '../domain/errors.js'
import type { ImportOptions, Progress, Stage } from './import-options.js'
import type { FileView, Prepared } from './prepare.js'
import type { ImportSummary } from './report.js'
import type { SecretaryProposal } from './secretary-keys.js'
import type { ImportState, StoredImport } from './store.js'
import type { ValueQuestion } from './value-questions.js'

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
  /** What values of the file stand for. */
  readonly questions?: readonly ValueQuestion[]
  readonly secretaries?: SecretaryProposal
  /** To confirm just this preview. */
  readonly token?: string
  /** Mistakes that keep it from being run: the first 100. */
  readonly obstacles?: readonly Problem[]
  /** Why it was not done, or what changed since the preview before. */
  readonly error?: string
}

/** What the desk does with a file; of one site. */
export interface DeskWork {
  readonly siteId: Id
  preview(bytes: Uint8Array, options: ImportOptions, hooks: WorkHooks): Promise<Prepared>
  /** What changed since the preview, in words. */
  changedSince(prepared: Prepared): Promise<readonly string[]>
  /** Writes what was prepared. Throws what the database has against it. */
  run(prepared: Prepared, job: StoredImport, hooks: WorkHooks): Promise<void>
}

export interface WorkHooks {
  readonly progress: Progress
  /** Throws IMPORT_CANCELLED once nobody wants it any more. */
  check(): void
}

/** A file that lies open on the desk. */
export interface OpenImport {
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

/** Of 50,000 mistakes nobody reads the last one, but each look at an import would carry all of them. */
const OBSTACLES_SHOWN = 100

export function viewOf(one: OpenImport): ImportView {
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
    ...(prepared && shownOf(prepared)),
    ...(prepared?.file.profile === undefined ? {} : { profile: prepared.file.profile }),
  }
}

function shownOf({ file, summary, token, obstacles, planned }: Prepared): Partial<ImportView> {
  const { questions, secretaries } = planned
  return { file, summary, token, obstacles: obstacles.slice(0, OBSTACLES_SHOWN), questions, secretaries }
}
