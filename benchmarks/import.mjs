// How long do 10,000 people with phones and keys take by the API, preview and commit together, what does the server need for it, and
// are phones served meanwhile? p99 of config fetches (50 a second) and registrations (100) before and during; how long the event loop was held up.
// [--rows 10000] [--undo: and undone, as long measured] [--cancel: a second preview is cancelled first]
import { watchStolen } from './support/calm.mjs'
import { folder, phoneboot, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { newProbe } from './support/probe.mjs'
import { cpuSeconds, eventually, need, residentMiB } from './support/processes.mjs'
import { heading, percentile } from './support/rounds.mjs'
import { credentials, register } from './support/sipp.mjs'
import { watchThreads } from './support/threads.mjs'

const { rows: COUNT, undo, cancel } = OPTIONS
const KEYS = 4
/** Configs a second. */
const RATE = 50
/** Registrations a second; SIPp tells its times by the hundred. */
const REGISTRATIONS = 100
const WITHIN_MS = 300_000

need('sipp')
await prepare(100)
await phoneboot(['admin', 'create', 'bench', '--json'])
const { token } = JSON.parse(await phoneboot(['admin', 'token', 'bench', '--json']))
const probe = newProbe()
const server = await serve({ ...probe.settings, PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
const users = await phones()
const list = credentials('phoneboot', users)

async function api(path, init = {}) {
  const headers = { Authorization: `Bearer ${token}`, ...init.headers }
  const answer = await fetch(`http://127.0.0.1:${server.ports.admin}/api/v1${path}`, { ...init, headers })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return await answer.json()
}

/** Fetches configs at a steady rate until `ended()`; milliseconds of each. */
async function fetching(ended) {
  const times = []
  const under = []
  for (let n = 0; !ended(); n += 1) {
    const began = performance.now()
    under.push(
      fetch(`http://127.0.0.1:${server.ports.http}/${users[n % users.length].file}`)
        .then((answer) => answer.arrayBuffer())
        .then(() => times.push(performance.now() - began)),
    )
    await new Promise((resolve) => setTimeout(resolve, 1000 / RATE))
  }
  await Promise.all(under)
  return times
}

/** Registers at a steady rate until `ended()`, in pieces of three seconds. */
async function registering(ended) {
  const times = []
  let failed = 0
  while (!ended()) {
    const load = register({ port: server.ports.sip, list, underWay: 500, seconds: 3, rate: REGISTRATIONS })
    // A machine that is too busy for SIPp itself leaves a piece without times.
    const piece = await load.catch(() => ({ times: [], failed: 3 * REGISTRATIONS }))
    times.push(...piece.times)
    failed += piece.failed
  }
  return { times, failed }
}

/** What phones see while `work` is done, and what the server needs for it. */
async function meanwhile(name, work) {
  await probe.look(server.pid)
  let isOver = false
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, residentMiB(server.pid))), 50)
  const cpu = cpuSeconds(server.pid)
  const began = performance.now()
  const loads = Promise.all([fetching(() => isOver), registering(() => isOver)])
  const result = await work()
  const seconds = (performance.now() - began) / 1000
  const used = cpuSeconds(server.pid) - cpu
  isOver = true
  const [configs, registrations] = await loads
  clearInterval(watch)
  const { held } = await probe.look(server.pid)
  const told = (times) =>
    times.length === 0
      ? 'none measured'
      : `${times.length}, p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms, longest ${Math.max(...times).toFixed(0)} ms`
  console.log(
    `  ${name}: ${seconds.toFixed(1)} s, CPU of the server ${used.toFixed(1)} s, at most ${most.toFixed(0)} MiB resident, ` +
      `event loop held up ${held.longest.toFixed(0)} ms at most, p99 ${held.p99.toFixed(1)} ms`,
  )
  console.log(`    configs ${told(configs)}`)
  console.log(`    registrations ${told(registrations.times)}, ${registrations.failed} failed`)
  return { ...result, p99: percentile(configs, 0.99) }
}

const until = (id, state) =>
  eventually(async () => {
    const job = await api(`/imports/${id}`)
    if (job.state !== state) throw new Error(`the import is ${job.state}: ${job.error ?? ''}`)
    return job
  }, WITHIN_MS)
const opened = () => api('/imports', { method: 'POST', body: csv, headers: { 'Content-Type': 'text/csv' } })

const keys = Array.from({ length: KEYS }, (_, key) => `key${key + 1}`)
const macOf = (n) => `0015651${n.toString(16).padStart(5, '0')}`
const lines = Array.from({ length: COUNT }, (_, n) => {
  const mac = macOf(n)
  const own = keys.map((_, key) => `blf:${200_000 + ((n + key + 1) % COUNT)}:Colleague`)
  return [mac, 'yealink/t28p', 200_000 + n, `Person ${n}`, `p${n}@example.com`, ...own].join(',')
})
const csv = ['mac,model,extension,name,email,' + keys.join(','), ...lines].join('\n')

heading('import')
console.log(`  ${COUNT} people with a phone and ${KEYS} keys each, ${(csv.length / 2 ** 20).toFixed(1)} MiB, ${folder}`)
// A server that has just started compiles while it answers: that is another question.
await meanwhile('warming up', () => new Promise((resolve) => setTimeout(resolve, 6_000)))
const quiet = await meanwhile('before', () => new Promise((resolve) => setTimeout(resolve, 6_000)))
if (cancel) {
  await meanwhile('cancelled', async () => {
    const { id } = await opened()
    await eventually(async () => {
      if ((await api(`/imports/${id}`)).progress?.stage !== 'checking') throw new Error('not yet')
    }, WITHIN_MS)
    await api(`/imports/${id}/cancel`, { method: 'POST' })
    await until(id, 'cancelled')
  })
}
const laps = []
const busy = await meanwhile('import', async () => {
  const [threads, stolen] = [watchThreads(server.pid), watchStolen()]
  const began = performance.now()
  const { id } = await opened()
  const { token: confirmation } = await until(id, 'preview')
  const previewed = performance.now()
  laps.push(['preview', threads.lap()])
  await api(`/imports/${id}/confirm`, {
    method: 'POST',
    body: JSON.stringify({ token: confirmation }),
    headers: { 'Content-Type': 'application/json' },
  })
  await until(id, 'done')
  const done = performance.now()
  laps.push(['commit', threads.lap()])
  // Taking it in belongs to it, too: until its last phone is served.
  const last = `http://127.0.0.1:${server.ports.http}/${macOf(COUNT - 1)}.cfg`
  await eventually(async () => {
    const answer = await fetch(last)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error('not yet')
  }, WITHIN_MS)
  const served = performance.now()
  laps.push(['taking in', threads.lap()])
  threads.stop()
  return {
    id,
    preview: (previewed - began) / 1000,
    commit: (done - previewed) / 1000,
    served: (served - done) / 1000,
    stolen: stolen(),
  }
})
console.log(
  `    preview ${busy.preview.toFixed(1)} s, commit ${busy.commit.toFixed(1)} s, its phones served ${busy.served.toFixed(1)} s later; ` +
    `${(100 * busy.stolen).toFixed(0)} % of the processors were stolen`,
)
for (const [name, { answering, imports, others }] of laps) {
  const told = ({ ran, waited }) => `${ran.toFixed(2)} s (${waited.toFixed(2)} s waiting for a processor)`
  console.log(
    `    ${name}: CPU of the thread that answers ${told(answering)}, of imports ${told(imports)}, of others ${told(others)}`,
  )
}
console.log(`    p99 of configs, before : during = 1 : ${(busy.p99 / quiet.p99).toFixed(2)}`)
await meanwhile('after', () => new Promise((resolve) => setTimeout(resolve, 4_000)))
if (undo) await meanwhile('undo', () => api(`/imports/${busy.id}/undo`, { method: 'POST' }))
await server.stop()
process.exit(0)
