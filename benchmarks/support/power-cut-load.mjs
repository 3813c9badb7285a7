// power-cut-load.mjs <JSON>: simulated phones get power, fetch their files and register; prints one line of JSON.
// { count, tftpPercent, spreadMs, servers, practice?, saveTo?, known? }: servers are { httpPort, tftpPort, sipPort? }, where
// sipPort overrules the one in the files; saveTo keeps the files (all by HTTP) and registers nothing; known is a folder of
// files that were saved so. With practice, other servers, the phones boot there first; then it prints "practised" and waits
// for the servers as a line of JSON on its standard input.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { generate, withTransport } from '../../dist/src/cli/simulate.js'
import { fetchAsPhone } from '../../dist/src/simulator/edge/fetch.js'
import { registerPhone } from '../../dist/src/simulator/edge/sip-register.js'
import { simulate } from '../../dist/src/simulator/edge/simulate.js'
import { SIMULATED_MODELS } from '../../dist/src/simulator/models.js'
import { READERS } from '../../dist/src/readers/index.js'
import { percentile } from './rounds.mjs'

/** Where V8 was told to give it (--expose-gc). */
const { gc: collect } = globalThis
const options = JSON.parse(process.argv[2])
const { count, tftpPercent, spreadMs, oneAddress = false, practice, saveTo, known } = options
let { servers } = options

/** Tags and nonces of the phones need not be hard to guess; asking the system each time costs. */
const random = { bytes: (length) => Uint8Array.from({ length }, () => Math.random() * 256) }
const world = {
  register: (request) => registerPhone({ ...request, port: servers.sipPort ?? request.port }, { random }),
}
if (saveTo !== undefined) {
  world.fetch = async (request) => {
    const outcome = await fetchAsPhone(request)
    if (outcome.kind === 'file') writeFileSync(join(saveTo, basename(request.url)), outcome.bytes, { mode: 0o644 })
    return outcome
  }
  const refresh = () => Promise.resolve()
  world.register = () => Promise.resolve({ expires: 3600, latencyMs: 0, refresh, unregister: refresh, close: () => {} })
}

/**
 * Real phones read their files with a processor of their own. Here that would take from the server's time, so files
 * are read before the clock starts, and known by their digest when they come.
 */
let readAnew = 0
if (known !== undefined) {
  const digest = (bytes) => createHash('sha1').update(bytes).digest('latin1')
  const readerOf = { '.cfg': 'yealink-cfg', '.htm': 'snom-xml', '.xml': 'grandstream-xml' }
  const read = new Map()
  for (const file of readdirSync(known)) {
    const bytes = readFileSync(join(known, file))
    const reader = readerOf[extname(file)]
    if (reader !== undefined) read.set(digest(bytes), READERS[reader](bytes))
  }
  world.read = (reader, bytes) => {
    const result = read.get(digest(bytes))
    if (result === undefined) readAnew += 1
    return result ?? READERS[reader](bytes)
  }
}

const powerOn = () =>
  simulate({
    phones: withTransport(
      generate(count, [...SIMULATED_MODELS.keys()]),
      saveTo === undefined ? tftpPercent : 0,
      !oneAddress,
    ),
    server: { address: '127.0.0.1', httpPort: servers.httpPort, tftpPort: servers.tftpPort },
    spreadMs,
    world,
  })

if (practice !== undefined) {
  servers = practice
  const practised = powerOn()
  await practised.settled
  await practised.stop()
  readAnew = 0
  collect?.()
  console.log('practised')
  const [line] = await once(createInterface({ input: process.stdin }), 'line')
  servers = JSON.parse(line)
}

const delay = monitorEventLoopDelay({ resolution: 5 })
const before = process.cpuUsage()
const began = performance.now()
delay.enable()
const running = powerOn()
const { registered, failures } = await running.settled
const seconds = (performance.now() - began) / 1000
delay.disable()
const { user, system } = process.cpuUsage(before)
const all = running.phones()
const up = all.filter(({ state }) => state === 'registered')
const timesOf = (phones) => phones.flatMap(({ registeredAfterMs }) => registeredAfterMs ?? [])
const times = timesOf(up)
/** They got power in this order: when were the slow ones? */
const tenths = Array.from({ length: 10 }, (_, tenth) =>
  percentile(timesOf(all.slice((count * tenth) / 10, (count * (tenth + 1)) / 10)), 0.95),
)
await running.stop()
console.log(
  JSON.stringify({
    ...{
      registered,
      failures,
      seconds,
      times,
      tenths,
      readAnew,
      cpuSeconds: (user + system) / 1e6,
      system: system / 1e6,
    },
    registerP95: percentile(
      up.map(({ registerLatencyMs }) => registerLatencyMs),
      0.95,
    ),
    /** How long the simulator itself let things wait: its share in every time it measures. */
    loopDelayP95: delay.percentile(95) / 1e6,
  }),
)
