import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, type ServerProcess } from './server.js'

/** Memory after garbage collection, in bytes, and how many handles, timers and requests of each kind are alive. */
export interface Probed {
  count: number
  rss: number
  heapUsed: number
  external: number
  resources: Readonly<Record<string, number>>
}

/** Looks into a server that was started with `env`. */
export class ProcessProbe {
  #count = 0
  readonly #file: string

  /** @param folder where the answers go */
  constructor(folder: string) {
    this.#file = join(folder, 'probe.json')
  }

  get env(): Record<string, string> {
    return {
      NODE_OPTIONS: `--import=${new URL('./probe-preload.mjs', import.meta.url).href}`,
      PHONEBOOT_TEST_PROBE_FILE: this.#file,
    }
  }

  async look(server: ServerProcess): Promise<Probed> {
    this.#count += 1
    server.signal('SIGUSR2')
    return await eventually(async () => {
      const probed = JSON.parse(await readFile(this.#file, 'utf8')) as Probed
      if (probed.count !== this.#count) throw new Error('the server did not answer the probe')
      return probed
    }, 20_000)
  }
}
