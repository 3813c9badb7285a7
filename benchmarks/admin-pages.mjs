// How long do the pages and lists of admins take at the server with 10,000 people and phones? p50 and p95 of each, by
// the clock of one client that asks one after the other; and what saving a setting for all would do, with the longest
// time that anything else had to wait meanwhile.
import { request } from 'node:http'
import { phoneboot, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { cpuSeconds } from './support/processes.mjs'
import { percentile } from './support/rounds.mjs'

/** Wanted: p95 of lists, search and the page of a phone. */
const WANTED_MS = 100
/** Wanted: a preview answers, and never holds anybody up for longer. */
const PREVIEW_MS = 1_000
const HELD_UP_MS = 50
const TIMES = 60

await prepare()
await phoneboot(['admin', 'create', 'bench', '--role', 'owner']).catch(() => undefined)
const { token } = JSON.parse(await phoneboot(['admin', 'token', 'bench', '--json']))
const server = await serve()
const agentless = { host: '127.0.0.1', port: server.ports.admin, agent: false }

/** Milliseconds, status and text of one request. */
function ask(path, { method = 'GET', headers = {}, body } = {}) {
  const began = performance.now()
  return new Promise((done, fail) => {
    const sent = request({ ...agentless, path, method, headers }, (response) => {
      let text = ''
      response.on('data', (piece) => (text += piece))
      response.on('end', () =>
        done({ ms: performance.now() - began, status: response.statusCode, text, headers: response.headers }),
      )
    })
    sent.on('error', fail)
    sent.end(body)
  })
}

const api = (path, options = {}) =>
  ask(`/api/v1${path}`, { ...options, headers: { Authorization: `Bearer ${token}`, ...options.headers } })
const json = { 'Content-Type': 'application/json' }

/** A session as a browser has one: pages know no tokens. */
async function signIn() {
  const { password } = JSON.parse(await phoneboot(['admin', 'reset-password', 'bench', '--json']))
  const body = JSON.stringify({ login: 'bench', password })
  const { status, text, headers } = await ask('/api/v1/session', { method: 'POST', headers: json, body })
  if (!headers['set-cookie']) throw new Error(`nobody could sign in: ${status} ${text}`)
  return [headers['set-cookie']]
    .flat()
    .map((one) => one.split(';')[0])
    .join('; ')
}

const cookie = await signIn()
const page = (path) => ask(path, { headers: { Cookie: cookie, Accept: 'text/html' } })
const first = JSON.parse((await api('/devices?limit=500')).text).items
const phones = Array.from({ length: TIMES }, (_, index) => first[(index * 7) % first.length])
const people = phones.flatMap(({ lines }) => lines.map(({ extension }) => extension))
const QUESTIONS = {
  'API: 50 phones': () => api('/devices?limit=50'),
  'API: phones, a search': (n) => api(`/devices?limit=50&q=${phones[n % TIMES].mac.slice(-5)}`),
  'API: 50 people': () => api('/extensions?limit=50'),
  'API: people, a search': (n) => api(`/extensions?limit=50&q=${people[n % people.length]}`),
  'list of phones': () => page('/phones'),
  'list of phones, a search': (n) => page(`/phones?q=${phones[n % TIMES].mac.slice(-5)}`),
  'list of people': () => page('/people'),
  'list of people, a search': (n) => page(`/people?q=${people[n % people.length]}`),
  'page of a phone': (n) => page(`/phones/${phones[n % TIMES].mac}`),
  'timeline of a phone': (n) => api(`/devices/${phones[n % TIMES].mac}/timeline`),
  'settings of all sites': () => page('/settings/global/-'),
  'settings of a phone': (n) => page(`/settings/device/${phones[n % TIMES].mac}`),
}

let failed = 0
const row = (name, times, cpuMs) => {
  const p95 = percentile(times, 0.95)
  if (p95 > WANTED_MS) failed += 1
  console.log(
    `  ${name.padEnd(28)} p50 ${percentile(times, 0.5).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ` +
      `CPU of the server ${cpuMs.toFixed(1)} ms each`,
  )
}
console.log(
  `\nadmin-pages: ${OPTIONS.devices} phones and people, ${TIMES} times each; wanted: p95 under ${WANTED_MS} ms`,
)
console.log(`${new Date().toISOString().slice(0, 16)}  npm run bench -- ${process.argv.slice(2).join(' ')}`)
for (const [name, question] of Object.entries(QUESTIONS)) {
  const times = []
  await question(0)
  const before = cpuSeconds(server.pid)
  for (let n = 0; n < TIMES; n += 1) {
    const { ms, status } = await question(n)
    if (status !== 200) throw new Error(`${name}: ${status}`)
    times.push(ms)
  }
  row(name, times, ((cpuSeconds(server.pid) - before) * 1_000) / TIMES)
}

// Meanwhile somebody asks for something that needs no work: what he waits for is what the preview held up.
const preview = async (key, value) => {
  let busy = true
  const waits = []
  const meanwhile = (async () => {
    while (busy) waits.push((await ask('/healthz')).ms)
  })()
  const began = performance.now()
  const body = JSON.stringify({ value })
  let answer = await api(`/settings/global/-/${key}/preview`, { method: 'POST', headers: json, body })
  const answered = performance.now() - began
  let effect = JSON.parse(answer.text)
  while (!effect.complete) {
    answer = await api(`/effects/${effect.id}`)
    effect = JSON.parse(answer.text)
  }
  const complete = performance.now() - began
  busy = false
  await meanwhile
  return { answered, complete, effect, waits }
}
for (const [key, value] of [
  ['language', 'de'],
  ['vlanId', 20],
  ['language', 'fr'],
]) {
  const { answered, complete, effect, waits } = await preview(key, value)
  if (answered > PREVIEW_MS || Math.max(...waits) > 2 * HELD_UP_MS) failed += 1
  console.log(
    `  what ${key} = ${value} would do: answered in ${answered.toFixed(0)} ms, known in ${complete.toFixed(0)} ms, ` +
      `${effect.changed} phones change; others waited ${percentile(waits, 0.5).toFixed(1)} ms, ` +
      `at most ${Math.max(...waits).toFixed(0)} ms`,
  )
}
await server.stop()
process.exit(failed > 0 ? 1 : 0)
