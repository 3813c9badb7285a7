// Looks into a running server: memory after garbage collection, and what it holds open.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder } from './installation.mjs'
import { eventually, residentMiB } from './processes.mjs'

const PRELOAD = resolve(import.meta.dirname, '../../test/support/probe-preload.mjs')
const MIB = 1024 * 1024
let probes = 0

/** `settings` are for `serve`, `look(pid)` asks the server that has them. */
export function newProbe() {
  const file = join(folder, `probe-${++probes}.json`)
  let asked = 0
  return {
    settings: { NODE_OPTIONS: `--import=${PRELOAD}`, PHONEBOOT_TEST_PROBE_FILE: file, PHONEBOOT_TEST_PROBE_LOOP: '1' },
    async look(pid) {
      asked += 1
      process.kill(pid, 'SIGUSR2')
      const { heapUsed, external, resources, held } = await eventually(() => {
        const probed = JSON.parse(readFileSync(file, 'utf8'))
        if (probed.count !== asked) throw new Error('the server did not answer the probe')
        return probed
      })
      const { Timeout: timers = 0, ...others } = resources
      return {
        /** How long the event loop was held up since the look before: `{ p99, longest }`, milliseconds. */
        held,
        heapMiB: heapUsed / MIB,
        externalMiB: external / MIB,
        rssMiB: residentMiB(pid),
        handles: Object.values(others).reduce((sum, count) => sum + count, 0),
        timers,
        files: readdirSync(`/proc/${pid}/fd`).length,
      }
    },
  }
}
