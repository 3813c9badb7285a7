// What does the first request for a file cost after a change (render, read back), and what the next one? One after the other over
// one connection, processor time of the thread that answers, request by request.
// [--phones 2000: asked for in each round]
import { Agent, get } from 'node:http'
import { once } from 'node:events'
import { dataDir, phoneboot, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { heading, percentile, spread } from './support/rounds.mjs'
import { schedstat } from './support/threads.mjs'

const WARM_UP = 4
const WANTED_US = 1_000

await prepare()
const [watched, ...asked] = (await phones()).slice(0, OPTIONS.phones + 1)
const server = await serve()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

async function fetchOne(file) {
  const [response] = await once(get({ port: server.ports.http, path: `/${file}`, agent }), 'response')
  if (response.statusCode !== 200) throw new Error(`${file}: ${response.statusCode}`)
  await once(response.resume(), 'end')
  return response.headers.etag
}

/** Somebody always asks until the change is noticed: so nothing is rendered at leisure before. */
async function change(language) {
  const before = await fetchOne(watched.file)
  const saved = phoneboot(['settings', 'set', 'language', language], dataDir)
  while ((await fetchOne(watched.file)) === before);
  await saved
}

/** Microseconds of the thread that answers for each file, with what it does after an answer. */
async function costs() {
  const micros = []
  const ranNow = () => schedstat(`/proc/${server.pid}/task/${server.pid}`).ran / 1000
  let before = ranNow()
  for (const { file } of asked) {
    await fetchOne(file)
    const now = ranNow()
    micros.push(now - before)
    before = now
  }
  return { median: percentile(micros, 0.5), p95: percentile(micros, 0.95) }
}

const rounds = []
for (let round = 0; round < WARM_UP + OPTIONS.rounds; round += 1) {
  await change(round % 2 === 0 ? 'de' : 'en')
  rounds.push({ first: await costs(), again: await costs() })
}
const told = (which, figure) => spread(rounds.slice(WARM_UP).map((round) => round[which][figure]))
heading('first-fetch')
console.log(`  ${asked.length} files, ${OPTIONS.rounds} rounds after ${WARM_UP} that do not count`)
for (const which of ['first', 'again']) {
  console.log(`  ${which}: median ${told(which, 'median')} us, p95 ${told(which, 'p95')} us`)
}
console.log(`  wanted: the first under ${WANTED_US} us`)
await server.stop()
process.exit()
