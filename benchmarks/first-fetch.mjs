// What does a phone's file cost after a change? Rendered and read back by itself; and the first and the next request for it, one
// after the other over one connection. Processor time of the thread that does it, file by file.
// [--phones 2000: asked for in each round]
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { readConfig } from '../dist/src/config.js'
import { systemClock } from '../dist/src/domain/edge/system-clock.js'
import { openInstallation } from '../dist/src/installation.js'
import { SILENT_LOG } from '../dist/src/observe/log.js'
import { createConfigFiles } from '../dist/src/provisioning/config-files.js'
import { loadSnapshot } from '../dist/src/snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from '../dist/src/snapshot/memory-snapshot.js'
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

/** Microseconds by this clock for each piece of work, with what is done after it. */
async function costs(ranNow, pieces, work) {
  const micros = []
  let before = ranNow()
  for (const piece of pieces) {
    await work(piece)
    const now = ranNow()
    micros.push(now - before)
    before = now
  }
  return { median: percentile(micros, 0.5), p95: percentile(micros, 0.95) }
}

const serversCpu = () => schedstat(`/proc/${server.pid}/task/${server.pid}`).ran / 1000
const rounds = []
for (let round = 0; round < WARM_UP + OPTIONS.rounds; round += 1) {
  await change(round % 2 === 0 ? 'de' : 'en')
  const fetchAll = () => costs(serversCpu, asked, ({ file }) => fetchOne(file))
  rounds.push({ first: await fetchAll(), again: await fetchAll() })
}
await server.stop()

const installation = await openInstallation(readConfig({ PHONEBOOT_DATA_DIR: dataDir }, dataDir), SILENT_LOG)
const { catalog, databases, render, secrets, vocabulary, zones } = installation
const snapshot = new MemorySnapshot((await loadSnapshot(databases.main)).content)
const open = (sealed, context) => secrets.open(sealed, context)
const sources = { snapshot, vocabulary, zones, open }
const wanted = asked.map(({ mac }) => {
  const device = snapshot.deviceByMac(mac)
  const model = catalog.model(device.model)
  const file = catalog.files(model.model).find(({ scope, template }) => scope === 'device' && template !== undefined)
  return { device, model, file }
})
/** Linux counts the CPU of a thread that never waits by the tick only; nothing else is at work here. */
const ownTime = () => performance.now() * 1000
const ports = { httpPort: 80, httpsPort: 443, tftpPort: 69, sipPort: 5060, sipsPort: 5061 }
for (const [n, round] of rounds.entries()) {
  // As after a change of a setting of all, some lines of each file are others than the last time.
  const host = `192.0.2.${n + 1}`
  const configs = createConfigFiles({ sources, render, cache: new Map(), clock: systemClock, log: SILENT_LOG })
  round.rendered = await costs(ownTime, wanted, ({ device, model, file }) => {
    const { kind } = configs.device(model, file, device, { host, ...ports }, false)
    if (kind !== 'fresh') throw new Error(`${device.mac}: ${kind}`)
  })
}
await installation.close()

const told = (which, figure) => spread(rounds.slice(WARM_UP).map((round) => round[which][figure]))
heading('first-fetch')
console.log(`  ${asked.length} files, ${OPTIONS.rounds} rounds after ${WARM_UP} that do not count`)
const QUESTIONS = {
  rendered: `rendered and read back (wanted: ${WANTED_US})`,
  first: 'first request',
  again: 'next request',
}
for (const [which, question] of Object.entries(QUESTIONS)) {
  console.log(`  ${question}: median ${told(which, 'median')} us, p95 ${told(which, 'p95')} us`)
}
process.exit()
