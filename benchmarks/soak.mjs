// Do memory, handles and timers stay where they are while phones register and poll again and again? An hour in minutes.
// [--phones 2000] [--minutes 5: after the warm-up] [--out dir: soak.csv and soak.svg; default benchmarks/, docs/images/]
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { generate, withTransport } from '../dist/src/cli/simulate.js'
import { SIMULATED_MODELS } from '../dist/src/simulator/models.js'
import { registerPhone } from '../dist/src/simulator/edge/sip-register.js'
import { simulate } from '../dist/src/simulator/edge/simulate.js'
import { isFlat } from './support/flat.mjs'
import { phoneboot, prepare, serve } from './support/installation.mjs'
import { lineCharts } from './support/line-chart.mjs'
import { startListeners } from './support/listeners.mjs'
import { OPTIONS } from './support/options.mjs'
import { newProbe } from './support/probe.mjs'
import { heading } from './support/rounds.mjs'

const { phones: count, minutes } = OPTIONS
const isShort = minutes < 2
/** The registrar grants no less than 60 s; phones refresh at half of it. A short form asks more often than it has to. */
const EXPIRES_SECONDS = 60
const REFRESH_SECONDS = isShort ? 3 : EXPIRES_SECONDS / 2
const POLL_SECONDS = isShort ? 5 : 60
/** SIP transactions live 32 s; bindings of phones that went away 60 s, and as long as it takes until they are swept. */
const WARM_UP_SECONDS = isShort ? 36 : 120
const SAMPLE_SECONDS = isShort ? 1 : 5
/** So many of a hundred lose power again and again; what they leave behind must expire. */
const RESTLESS_PERCENT = 10
const RESTLESS_SECONDS = isShort ? 10 : 60
/** What a figure may grow by over the time after the warm-up: a share of its median, but no less than its noise. */
const ALLOWED = {
  heapMiB: { share: 0.05, least: 3 },
  externalMiB: { share: 0.1, least: 3 },
  rssMiB: { share: 0.08, least: 20 },
  handles: { share: 0.1, least: 15 },
  timers: { share: 0.1, least: 15 },
  files: { share: 0.1, least: 15 },
}
/** What may be more 40 s after the last phone than before the first: TFTP keeps 32 sockets for later transfers. */
const LEFT_OVER = { handles: 40, timers: 5, files: 40 }

const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))

await prepare(count)
console.log((await phoneboot(['settings', 'set', 'registrationExpiry', String(EXPIRES_SECONDS)])).trim())
const probe = newProbe()
// Nonces expire between two refreshes, as they do in an hour.
const server = await serve({ ...probe.settings, PHONEBOOT_SIP_NONCE_SECONDS: '20' })
const before = await probe.look(server.pid)
const listeners = await startListeners(server.ports)

const all = withTransport(generate(count, [...SIMULATED_MODELS.keys()]), 30, true)
const restlessCount = Math.max(1, Math.round((count * RESTLESS_PERCENT) / 100))
const world = {
  register: async (request) => {
    const registration = await registerPhone(request)
    if (!isShort) return registration
    // Its time runs out sooner for the phone than for the server.
    const { refresh, unregister, close, latencyMs } = registration
    return { expires: REFRESH_SECONDS * 2, latencyMs, refresh, unregister, close }
  },
}
const address = { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp }
const boot = (phones, spreadSeconds, pollMs) =>
  simulate({ phones, server: address, spreadMs: spreadSeconds * 1000, keepRegistered: true, pollMs, world })

const steady = boot(all.slice(restlessCount), Math.min(30, WARM_UP_SECONDS / 2), POLL_SECONDS * 1000)
let ended = false
let powerCuts = 0
const restless = (async () => {
  while (!ended) {
    const some = boot(all.slice(0, restlessCount), RESTLESS_SECONDS / 2, POLL_SECONDS * 1000)
    await sleep(RESTLESS_SECONDS)
    // Nobody says goodbye: their bindings expire.
    await some.stop()
    powerCuts += restlessCount
  }
})()

const began = performance.now()
const elapsed = () => (performance.now() - began) / 1000
const samples = []
while (elapsed() < WARM_UP_SECONDS + minutes * 60) {
  await sleep(SAMPLE_SECONDS)
  const registered = steady.phones().filter(({ state }) => state === 'registered').length
  samples.push({ seconds: elapsed(), ...(await probe.look(server.pid)), registered, polls: steady.polls().loaded })
}
const settled = steady.phones().filter(({ state }) => state === 'registered').length
const polls = steady.polls()
ended = true
await Promise.all([steady.stop({ unregister: true }), restless])
const heard = listeners.heard()
await listeners.stop()

/** Open TFTP transfers, SIP transactions and keep-alive connections take their time to end. */
async function afterLast() {
  const until = performance.now() + 40_000
  for (;;) {
    const now = await probe.look(server.pid)
    const more = Object.keys(LEFT_OVER).filter((name) => now[name] > before[name] + LEFT_OVER[name])
    if (more.length === 0 || performance.now() > until) return { now, more }
    await sleep(1)
  }
}
const { now, more } = await afterLast()
await server.stop()

heading(`soak: ${count} phones, ${minutes} minutes after ${WARM_UP_SECONDS} s of warm-up`)
const problems = []
const measured = samples.filter(({ seconds }) => seconds > WARM_UP_SECONDS)
for (const [name, allowed] of Object.entries(ALLOWED)) {
  const { level, growth, bound, flat } = isFlat(
    measured.map((sample) => [sample.seconds, sample[name]]),
    allowed,
  )
  const told = `${name}: median ${level.toFixed(1)}, grew by ${growth.toFixed(1)}, allowed ${bound.toFixed(1)}`
  console.log(`  ${told}${flat ? '' : '  NOT FLAT'}`)
  if (!flat) problems.push(`${name} is not flat`)
}
const told = ({ heapMiB, rssMiB, handles, timers, files }) =>
  `heap ${heapMiB.toFixed(0)} MiB, ${rssMiB.toFixed(0)} MiB resident, ${handles} handles, ${timers} timers, ${files} files`
console.log(`  before the first phone: ${told(before)}`)
console.log(`  after the last one:     ${told(now)}`)
if (more.length > 0) problems.push(`left behind: ${more.join(', ')}`)
const expected = count - restlessCount
console.log(`  ${settled} of ${expected} steady phones registered at the end; ${powerCuts} power cuts of the others`)
console.log(`  configs loaded again ${polls.loaded} times, failed ${polls.failed}`)
console.log(`  told by webhook ${heard.posted} times, by streams ${heard.streamed} times`)
if (heard.posted === 0 || heard.streamed === 0) problems.push('a webhook or a stream was told nothing')
if (settled !== expected) problems.push('phones lost their registration')
if (polls.failed > 0) problems.push('polls failed')
if (polls.loaded === 0) problems.push('nobody polled')

const columns = Object.keys(samples[0]).filter((name) => typeof samples[0][name] === 'number')
const rows = samples.map((sample) => columns.map((name) => Number(sample[name].toFixed(2))).join(','))
const into = (usual) => (OPTIONS.out === undefined ? resolve(import.meta.dirname, usual) : resolve(OPTIONS.out))
const [csvFolder, svgFolder] = [into('.'), into('../docs/images')]
for (const one of [csvFolder, svgFolder]) mkdirSync(one, { recursive: true })
writeFileSync(join(csvFolder, 'soak.csv'), [columns.join(','), ...rows, ''].join('\n'))
const panels = {
  'heap after garbage collection, MiB': 'heapMiB',
  'resident memory, MiB': 'rssMiB',
  'handles (sockets, connections)': 'handles',
  timers: 'timers',
}
writeFileSync(
  join(svgFolder, 'soak.svg'),
  lineCharts(
    Object.entries(panels).map(([title, name]) => ({
      title: `${title}, by minutes`,
      points: samples.map((sample) => [sample.seconds / 60, sample[name]]),
    })),
    {
      warmUpUntil: WARM_UP_SECONDS / 60,
      caption: `${count} phones register and poll for ${minutes} minutes: heap, resident memory, handles and timers of the server`,
    },
  ),
)
console.log(problems.length === 0 ? 'soak: flat' : `soak: ${problems.join('; ')}`)
process.exit(problems.length === 0 ? 0 : 1)
