import { Worker } from 'node:worker_threads'
import { toldError, type BesideMethod, type ImportsBeside } from '../bulk/beside.js'
import type { ImportView } from '../bulk/open-import.js'
import type { StoredImport } from '../bulk/store.js'
import type { FromImports, ToImports } from '../bulk/thread-messages.js'
import type { BulkUseCases } from '../bulk/use-cases.js'
import type { Config } from '../config.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Log } from '../observe/log.js'

/** SHA-256 over the program, which `build.mjs` writes into it; undefined when it runs from its modules. */
declare const PHONEBOOT_PROGRAM_SHA256: string | undefined

/** The program that this is a part of; undefined when it runs from its modules. */
export const PROGRAM = typeof PHONEBOOT_PROGRAM_SHA256 === 'undefined' ? undefined : PHONEBOOT_PROGRAM_SHA256

/** `phoneboot.ts` as built, seen from the script that holds all of the program. */
const LAUNCHER = new URL('../phoneboot.js', import.meta.url)

/** What the thread is started with. */
export interface ImportThreadData {
  readonly config: Config
  readonly program: string
}

export interface ImportThreadOptions {
  config: Config
  clock: Clock
  log: Log
  ended(job: StoredImport): void
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** Of a plan nearly all survives, so that a large new space is only memory: 20 MB less resident, and no more CPU. */
const YOUNG_MB = 12
/** Cancelled files that are remembered, for those who still look. */
const CANCELLED_MAX = 20

/** For a transaction to be rolled back and the database to be closed. */
const STOPPED_WITHIN_MS = 10_000

/**
 * Imports in a thread of their own, with a database connection of their own (decision 23). The thread is there while a file
 * is open or an import runs; what it needed of memory goes with it.
 */
export class ImportThread implements ImportsBeside {
  #worker: Worker | undefined
  #exited: Promise<void> = Promise.resolve()
  readonly #waiting = new Map<number, Waiting>()
  readonly #cancelled = new Map<Id, { siteId: Id; view: ImportView }>()
  #calls = 0
  #stopped = false

  constructor(
    private readonly options: ImportThreadOptions,
    private readonly program: string,
  ) {}

  get isUp(): boolean {
    return this.#worker !== undefined
  }

  cancelled(siteId: Id, id: Id): ImportView | undefined {
    const known = this.#cancelled.get(id)
    return known?.siteId === siteId ? known.view : undefined
  }

  async call<M extends BesideMethod>(
    siteId: Id,
    method: M,
    args: Parameters<BulkUseCases[M]>,
  ): Promise<Awaited<ReturnType<BulkUseCases[M]>>> {
    if (this.#stopped) throw new Error('the server is stopping')
    this.#worker ??= this.#start()
    this.#calls += 1
    const call = this.#calls
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(call, { resolve, reject }))
    const given = args.map(ownBytes)
    const files = given.flatMap((value) => (value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []))
    this.#tell({ kind: 'call', call, siteId, method, args: given }, files)
    return (await answered) as Awaited<ReturnType<BulkUseCases[M]>>
  }

  /** Cancels what is under way; nothing of it is written. */
  async stop(): Promise<void> {
    this.#stopped = true
    const worker = this.#worker
    this.#tell({ kind: 'stop' })
    const cancel = this.options.clock.after(STOPPED_WITHIN_MS, () => void worker?.terminate())
    await this.#exited
    cancel()
  }

  #start(): Worker {
    const { config } = this.options
    const workerData: ImportThreadData = { config, program: this.program }
    const worker = new Worker(LAUNCHER, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
    this.#exited = new Promise((resolve) => {
      worker.on('message', (message: FromImports) => this.#hear(worker, message))
      worker.once('error', (error) => this.#ended(worker, error))
      worker.once('exit', () => {
        this.#ended(worker, new Error('the thread that works on imports has ended'))
        resolve()
      })
    })
    return worker
  }

  /** `given`: what goes over to the thread instead of being copied. */
  #tell(message: ToImports, given: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, given)
  }

  #hear(worker: Worker, message: FromImports): void {
    switch (message.kind) {
      case 'unopened':
        if (worker === this.#worker) this.#letGo(toldError(message.error))
        return void worker.terminate()
      case 'ended':
        return this.options.ended(message.job)
      case 'cancelled':
        return this.#remember(message)
      case 'idle':
        // Whoever asks from now on begins a new one.
        if (worker !== this.#worker || this.#waiting.size > 0) return
        this.#tell({ kind: 'stop' })
        this.#worker = undefined
        return
      case 'answer':
        return this.#take(message.call)?.resolve(message.value)
      case 'refusal':
        return this.#take(message.call)?.reject(toldError(message.error))
    }
  }

  #remember({ siteId, view }: { siteId: Id; view: ImportView }): void {
    this.#cancelled.set(view.id, { siteId, view })
    for (const id of this.#cancelled.keys()) {
      if (this.#cancelled.size <= CANCELLED_MAX) return
      this.#cancelled.delete(id)
    }
  }

  #take(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    return waiting
  }

  /** It was out of memory, say. Phones do not notice. */
  #ended(worker: Worker, error: Error): void {
    if (worker !== this.#worker) return
    if (!this.#stopped)
      this.options.log.error({ err: error }, 'imports under way were interrupted; nothing of them was written')
    this.#letGo(error)
  }

  #letGo(error: Error): void {
    this.#worker = undefined
    for (const call of [...this.#waiting.keys()]) this.#take(call)?.reject(error)
  }
}

/** A copy of bytes that may be given away: they may be a piece of a larger buffer, and whoever called may need them still. */
function ownBytes(value: unknown): unknown {
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}
