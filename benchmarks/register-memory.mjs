// What one registered phone costs in memory: heap and external after a garbage collection, before the first REGISTER,
// right after the last one, and 40 s later, when the transaction table has forgotten its answers (RFC 3261 timer J).
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { copyOfData, folder, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { eventually, need } from './support/processes.mjs'
import { credentials, register } from './support/sipp.mjs'

const TRANSACTIONS_END_MS = 40_000
const reportFile = join(folder, 'heap.json')
const preload = pathToFileURL(resolve(import.meta.dirname, 'support/heap-report.mjs')).href

need('sipp')
await prepare()
const users = await phones()
const list = credentials('phoneboot', users)
// Nobody is registered at the start.
const data = copyOfData('unregistered')
for (const name of readdirSync(data)) if (name.includes('-live.')) rmSync(join(data, name))
const server = await serve({
  PHONEBOOT_DATA_DIR: data,
  PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8',
  NODE_OPTIONS: `--import ${preload}`,
  BENCH_HEAP_FILE: reportFile,
})

const pause = (ms) => new Promise((done) => setTimeout(done, ms))

async function heap() {
  rmSync(reportFile, { force: true })
  process.kill(server.pid, 'SIGUSR2')
  await eventually(() => {
    if (!existsSync(reportFile)) throw new Error('the server did not report its memory')
  })
  const { heapUsed, external, rss } = JSON.parse(readFileSync(reportFile, 'utf8'))
  return { kept: heapUsed + external, rss }
}

const { transport } = OPTIONS
const registerAll = (some, calls) =>
  register({ port: server.ports.sip, list: some, underWay: 50, calls, rate: 2_000, transport })

// Code is compiled and tables are made with the first hundred; they are not counted.
await registerAll(credentials('first', users.slice(0, 100)), 100)
await pause(TRANSACTIONS_END_MS)
const before = await heap()
const { done, failed } = await registerAll(list, users.length)
const last = await heap()
await pause(TRANSACTIONS_END_MS)
const after = await heap()

const fresh = done - 100
const perBinding = Math.round((after.kept - before.kept) / fresh)
const perTransaction = Math.round((last.kept - after.kept) / done)
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
console.log(`\nregister-memory: ${done} registered over ${transport}, ${failed} failed`)
console.log(`${new Date().toISOString().slice(0, 16)}  npm run bench -- ${process.argv.slice(2).join(' ')}`)
console.log(
  `  heap and external: ${[before, last, after].map(({ kept }) => mib(kept)).join(', ')} (before, after, 40 s later)`,
)
console.log(`  a binding: ${perBinding} bytes, with HA1, nonce count and last sighting (wanted: 2048)`)
console.log(`  a transaction in the 32 s it is kept: ${perTransaction} bytes`)
console.log(`  resident: ${[before, last, after].map(({ rss }) => mib(rss)).join(', ')}`)
await server.stop()
process.exit(perBinding > 2_048 ? 1 : 0)
