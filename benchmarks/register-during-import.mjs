// Do phones still register in time while an operator imports 10,000 phones? Registrations at a steady rate, p99 of
// those before the import, while it runs (it commits and the server takes the change in), and the longest of all.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, phoneboot, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { need } from './support/processes.mjs'
import { percentile } from './support/rounds.mjs'
import { credentials, register } from './support/sipp.mjs'

/** Registrations a second: 10,000 phones that refresh twice an hour are 6. */
const RATE = 100
/** The import ends within; the rest of it shows what follows. */
const SECONDS = Math.max(OPTIONS.seconds, 20)

need('sipp')
await prepare()
const server = await serve({ PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
const users = await phones()
const list = credentials('phoneboot', users)
const { transport } = OPTIONS
const load = (seconds) => register({ port: server.ports.sip, list, underWay: 2_000, seconds, rate: RATE, transport })

// Every row differs from what is there, so all 10,000 phones and people are written again.
const rows = (await phoneboot(['export'])).trim().split('\n')
const at = rows[0].split(',').indexOf('name')
if (at < 0) throw new Error(`the export has no column of names: ${rows[0]}`)
const changed = rows.map((row, index) => (index === 0 ? row : row.split(',').with(at, `Person ${index}`).join(',')))
const csv = join(folder, 'changed.csv')
writeFileSync(csv, `${changed.join('\n')}\n`)

await load(5)
const quiet = await load(5)
const began = performance.now()
const loaded = load(SECONDS)
const importing = phoneboot(['import', csv]).then((text) => ({ text, seconds: (performance.now() - began) / 1000 }))
const [busy, imported] = await Promise.all([loaded, importing])

const row = (name, { times, failed }) =>
  console.log(
    `  ${name}: ${times.length} registered, ${failed} failed, p50 ${percentile(times, 0.5).toFixed(0)} ms, ` +
      `p99 ${percentile(times, 0.99).toFixed(0)} ms, longest ${Math.max(...times).toFixed(0)} ms`,
  )
console.log(
  `\nregister-during-import: ${RATE} a second over ${transport}; the import took ${imported.seconds.toFixed(1)} s`,
)
console.log(`${new Date().toISOString().slice(0, 16)}  npm run bench -- ${process.argv.slice(2).join(' ')}`)
console.log(`  ${imported.text.trim().split('\n').join('\n  ')}`)
row('before', quiet)
row('during', busy)
await server.stop()
process.exit(percentile(busy.times, 0.99) > 100 ? 1 : 0)
