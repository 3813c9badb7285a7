// How long do 10,000 people with phones and keys take by the API, preview and commit together, what does the server need for it, and do
// phones get their configs meanwhile? p99 of config fetches, 50 a second, before and during.
import { folder, phoneboot, phones, prepare, serve } from './support/installation.mjs'
import { cpuSeconds, eventually, residentMiB } from './support/processes.mjs'
import { percentile } from './support/rounds.mjs'

const COUNT = 10_000
const KEYS = 4
const EVERY_MS = 20

await prepare(100)
await phoneboot(['admin', 'create', 'bench', '--json'])
const { token } = JSON.parse(await phoneboot(['admin', 'token', 'bench', '--json']))
const server = await serve()
const files = (await phones()).map(({ file }) => file)
const api = async (path, init = {}) => {
  const headers = { Authorization: `Bearer ${token}`, ...init.headers }
  const answer = await fetch(`http://127.0.0.1:${server.ports.admin}/api/v1${path}`, { ...init, headers })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return await answer.json()
}

/** Fetches configs at a steady rate until `work` is done; milliseconds of each. */
async function fetching(work) {
  const times = []
  let ended = false
  const under = []
  const loop = (async () => {
    for (let n = 0; !ended; n += 1) {
      const began = performance.now()
      const one = fetch(`http://127.0.0.1:${server.ports.http}/${files[n % files.length]}`)
        .then((answer) => answer.arrayBuffer())
        .then(() => times.push(performance.now() - began))
      under.push(one)
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
  })()
  const result = await work()
  ended = true
  await loop
  await Promise.all(under)
  return { times, result }
}

const keys = Array.from({ length: KEYS }, (_, key) => `key${key + 1}`)
const rows = Array.from({ length: COUNT }, (_, n) => {
  const mac = `0015651${n.toString(16).padStart(5, '0')}`
  const own = keys.map((_, key) => `blf:${200_000 + ((n + key + 1) % COUNT)}:Colleague`)
  return [mac, 'yealink/t28p', 200_000 + n, `Person ${n}`, `p${n}@example.com`, ...own].join(',')
})
const csv = ['mac,model,extension,name,email,' + keys.join(','), ...rows].join('\n')

const quiet = await fetching(() => new Promise((resolve) => setTimeout(resolve, 4_000)))
const cpuBefore = cpuSeconds(server.pid)
let most = 0
const watch = setInterval(() => (most = Math.max(most, residentMiB(server.pid))), 50)
const began = performance.now()
const busy = await fetching(async () => {
  const { id } = await api('/imports', { method: 'POST', body: csv, headers: { 'Content-Type': 'text/csv' } })
  const until = (state) =>
    eventually(async () => {
      const job = await api(`/imports/${id}`)
      if (job.state !== state) throw new Error(`the import is ${job.state}: ${job.error ?? ''}`)
      return job
    }, 60_000)
  const { token: confirmation } = await until('preview')
  const previewed = performance.now()
  await api(`/imports/${id}/confirm`, {
    method: 'POST',
    body: JSON.stringify({ token: confirmation }),
    headers: { 'Content-Type': 'application/json' },
  })
  await until('done')
  return { preview: (previewed - began) / 1000, all: (performance.now() - began) / 1000 }
})
clearInterval(watch)
const row = (name, times) =>
  console.log(
    `  ${name}: ${times.length} configs, p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms, longest ${Math.max(...times).toFixed(0)} ms`,
  )
console.log(`\nimport: ${COUNT} people with a phone and ${KEYS} keys each, ${folder}`)
console.log(
  `  preview ${busy.result.preview.toFixed(1)} s, preview and commit ${busy.result.all.toFixed(1)} s, CPU of the server ${(cpuSeconds(server.pid) - cpuBefore).toFixed(1)} s, at most ${most.toFixed(0)} MiB resident`,
)
row('before', quiet.times)
row('during', busy.times)
await server.stop()
process.exit(0)
