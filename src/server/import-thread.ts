import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { tellError } from '../bulk/beside.js'
import type { FromImports, ToImports } from '../bulk/thread-messages.js'
import { orUnusable } from '../database/edge/write.js'
import { AppError } from '../domain/errors.js'
import { openInstallation, type Installation } from '../installation.js'
import { createLogger } from '../observe/edge/logger.js'
import { PROGRAM, type ImportThreadData } from './imports-beside.js'

/** Phones come first: of a busy core this thread gets a tenth beside the one that answers them. */
const NICE = 10
/** How often it looks for files that nobody wants any more. */
const TIDY_MS = 300_000

type Call = Extract<ToImports, { kind: 'call' }>

/** What the thread beside the one that answers phones does: imports, with connections of its own to the database. */
export async function workOnImports(): Promise<void> {
  if (!parentPort) throw new Error('this is no thread of a server')
  const { config, program } = workerData as ImportThreadData
  givePrecedence()
  try {
    if (program !== PROGRAM) throw programReplaced()
    const installation = await orUnusable(openInstallation(config, createLogger({ level: config.logLevel })))
    new ImportWork(installation, parentPort).begin()
  } catch (error) {
    const unopened: FromImports = { kind: 'unopened', error: tellError(error) }
    parentPort.postMessage(unopened)
  }
}

const programReplaced = (): AppError =>
  new AppError('PROGRAM_REPLACED', 'another version was installed while this server runs', {
    hint: 'Start the server again; nothing was imported',
  })

class ImportWork {
  readonly #calls = new Set<Promise<void>>()
  #stopping = false

  constructor(
    private readonly installation: Installation,
    private readonly port: MessagePort,
  ) {}

  begin(): void {
    const { installation, port } = this
    installation.serve({
      importEnded: (job) => {
        this.#tell({ kind: 'ended', job })
        void this.#lookIdle()
      },
    })
    port.on('message', (message: ToImports) => {
      if (message.kind === 'stop') return void this.#stop()
      const answered: Promise<void> = this.#answer(message).finally(() => {
        this.#calls.delete(answered)
        void this.#lookIdle()
      })
      this.#calls.add(answered)
    })
    setInterval(() => {
      installation.importDesk.tidy()
      void this.#lookIdle()
    }, TIDY_MS).unref()
  }

  async #answer({ call, siteId, method, args }: Call): Promise<void> {
    try {
      const bulk = this.installation.forSite(siteId).bulk
      const value = await (bulk[method] as (...given: readonly unknown[]) => Promise<unknown>)(...args)
      this.#tell({ kind: 'answer', call, value })
    } catch (error) {
      this.#tell({ kind: 'refusal', call, error: tellError(error) })
    }
  }

  async #lookIdle(): Promise<void> {
    const { importDesk } = this.installation
    for (const { siteId, view } of await importDesk.takeCancelled()) this.#tell({ kind: 'cancelled', siteId, view })
    if (this.#calls.size === 0 && importDesk.isEmpty) this.#tell({ kind: 'idle' })
  }

  async #stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    await this.installation.importDesk.close()
    await Promise.allSettled(this.#calls)
    await this.installation.close()
    this.port.close()
  }

  #tell(message: FromImports): void {
    this.port.postMessage(message)
  }
}

/** On Linux a thread has a priority of its own; elsewhere it stays as it is. */
function givePrecedence(): void {
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), NICE)
  } catch {
    return
  }
}
