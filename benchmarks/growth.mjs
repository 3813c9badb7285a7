// Does anything cost more when there are more phones? 1,000, 10,000 and 100,000, all registered, servers side by side.
// [--sizes 1000,10000,100000] [--rounds 3] [--seconds 5] [--data dir: kept for the next run, a folder per size]
import { join } from 'node:path'
import { Secret } from '../dist/src/domain/secret.js'
import { fetchAsPhone } from '../dist/src/simulator/edge/fetch.js'
import { registerPhone } from '../dist/src/simulator/edge/sip-register.js'
import { dataDir, phoneboot, phones, prepare, registerAll, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { newProbe } from './support/probe.mjs'
import { heading, percentile, spread } from './support/rounds.mjs'
import { inTurns, tellTurns } from './support/turns.mjs'

/** The same number of phones is busy at every size, so that caches are no part of the question. */
const BUSY = 1_000
const AT_ONCE = 4
const WANTED = 1.3
const { rounds, sizes } = OPTIONS

async function makeSize(size) {
  const dir = join(dataDir, `growth-${size}`)
  const began = performance.now()
  await prepare(size, dir)
  const busy = await phones(dir, BUSY)
  await registerAll(dir)
  console.log(`${size} phones, all registered: made or opened in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  return { size, dir, busy, probe: newProbe(), starts: [] }
}

const installations = []
for (const size of sizes) installations.push(await makeSize(size))

for (let round = 1; round <= rounds; round += 1) {
  for (const one of installations) {
    await one.server?.stop()
    one.server = await serve({ PHONEBOOT_DATA_DIR: one.dir, ...one.probe.settings })
    one.starts.push(one.server.readyMs)
  }
}
heading('growth: start and memory')
for (const { size, server, probe, starts } of installations) {
  // The last server of each size has answered no probe yet.
  const { heapMiB, rssMiB } = await probe.look(server.pid)
  console.log(
    `  ${size} phones: ready after ${spread(starts)} ms, heap ${heapMiB.toFixed(0)} MiB after garbage collection, ` +
      `${rssMiB.toFixed(0)} MiB resident`,
  )
}

/** Does the work of `one(n)` again and again, some at once, until `more(n)` says no. */
async function repeat(more, one) {
  const times = []
  let next = 0
  const began = performance.now()
  const worker = async () => {
    while (more(next)) {
      const n = next++
      const startedAt = performance.now()
      await one(n)
      times.push(performance.now() - startedAt)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const seconds = (performance.now() - began) / 1000
  return { done: times.length, seconds, 'p50 ms': percentile(times, 0.5), 'p99 ms': percentile(times, 0.99) }
}

const TURN_SECONDS = 0.5
const forTurn = () => {
  const until = performance.now() + TURN_SECONDS * 1000
  return () => performance.now() < until
}

const userAgent = 'phoneboot benchmark'
async function fetchFile({ server }, { file }) {
  const outcome = await fetchAsPhone({ url: `http://127.0.0.1:${server.ports.http}/${file}`, userAgent })
  if (outcome.kind !== 'file') throw new Error(`${file}: ${JSON.stringify(outcome)}`)
}

async function register({ server }, { number, username, password }) {
  const registration = await registerPhone({
    ...{ serverAddress: '127.0.0.1', port: server.ports.sip, transport: 'udp', domain: '127.0.0.1', userAgent },
    ...{ user: number, authUser: username, password: new Secret(password), expires: 3600 },
    instanceId: `urn:uuid:00000000-0000-1000-8000-${number.padStart(12, '0')}`,
  })
  registration.close()
}

/** In force after this; what was rendered before, at leisure or for the next start, is then of no use at any size. */
const NOTICED_MS = 1_000
const changeForAll = async ({ dir }, language) => {
  await phoneboot(['settings', 'set', 'language', language], dir)
  await new Promise((done) => setTimeout(done, NOTICED_MS))
}

/** Of each question the first turns do not count: the program has just started. */
const SHORT = { warmUp: 8, turns: Math.ceil((rounds * OPTIONS.seconds) / TURN_SECONDS) }
/** Every turn asks for files that were not asked for before, after a change that takes longer than the turn. */
const FIRST = { warmUp: 1, turns: rounds }
const fresh = Math.floor(Math.min(BUSY, ...sizes) / (FIRST.warmUp + FIRST.turns))
/** Each turn goes on with the phone after the last one of the turn before. */
function goingOn(one, ask) {
  let from = 0
  const load = async () => {
    const result = await repeat(forTurn(), (n) => ask(one, one.busy[(from + n) % one.busy.length]))
    from += result.done
    return result
  }
  return { load }
}

function firstFetch(one) {
  let from = -fresh
  return {
    prepare: () => {
      from += fresh
      return changeForAll(one, (from / fresh) % 2 === 0 ? 'de' : 'en')
    },
    load: () =>
      repeat(
        (n) => n < fresh,
        (n) => fetchFile(one, one.busy[from + n]),
      ),
  }
}

const questions = {
  'growth first fetch': [FIRST, firstFetch],
  'growth fetch': [SHORT, (one) => goingOn(one, fetchFile)],
  'growth register': [SHORT, (one) => goingOn(one, register)],
}

const TOLD = { main: 'CPU of the thread that answers', all: 'CPU of all threads', p50: 'p50' }
const verdicts = []
for (const [question, [plan, workOf]] of Object.entries(questions)) {
  const sides = installations.map((one) => ({ name: `${one.size} phones`, pid: one.server.pid, ...workOf(one) }))
  const ratios = tellTurns(question, await inTurns(sides, plan))
  for (const [figure, told] of Object.entries(TOLD)) {
    const ratio = ratios[figure]
    verdicts.push(
      `  ${question}, ${told}: dearest to cheapest size ${ratio.toFixed(2)}${ratio > WANTED ? ' NOT FLAT' : ''}`,
    )
  }
}
console.log(`\nFlat means at most ${WANTED}:`)
for (const verdict of verdicts) console.log(verdict)
for (const { server, probe, size } of installations) {
  const { heapMiB, rssMiB } = await probe.look(server.pid)
  console.log(`  ${size} phones, after the load: heap ${heapMiB.toFixed(0)} MiB, ${rssMiB.toFixed(0)} MiB resident`)
}
process.exit()
