// power-cut-load.mjs <JSON>: simulated phones get power, fetch their files and register; prints one line of JSON.
// { count, tftpPercent, spreadMs, httpPort, tftpPort, sipPort?, saveTo? }: sipPort overrules the one in the files;
// saveTo keeps the files (all by HTTP) and registers nothing.
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { generate, withTransport } from '../../dist/src/cli/simulate.js'
import { fetchAsPhone } from '../../dist/src/simulator/edge/fetch.js'
import { registerPhone } from '../../dist/src/simulator/edge/sip-register.js'
import { simulate } from '../../dist/src/simulator/edge/simulate.js'
import { SIMULATED_MODELS } from '../../dist/src/simulator/models.js'
import { percentile } from './rounds.mjs'

const { count, tftpPercent, spreadMs, httpPort, tftpPort, sipPort, saveTo } = JSON.parse(process.argv[2])

const world = {}
if (sipPort !== undefined) world.register = (request) => registerPhone({ ...request, port: sipPort })
if (saveTo !== undefined) {
  world.fetch = async (request) => {
    const outcome = await fetchAsPhone(request)
    if (outcome.kind === 'file') writeFileSync(join(saveTo, basename(request.url)), outcome.bytes, { mode: 0o644 })
    return outcome
  }
  const refresh = () => Promise.resolve()
  world.register = () => Promise.resolve({ expires: 3600, latencyMs: 0, refresh, unregister: refresh, close: () => {} })
}

const delay = monitorEventLoopDelay({ resolution: 5 })
const before = process.cpuUsage()
const began = performance.now()
delay.enable()
const running = simulate({
  phones: withTransport(generate(count, [...SIMULATED_MODELS.keys()]), saveTo === undefined ? tftpPercent : 0, true),
  server: { address: '127.0.0.1', httpPort, tftpPort },
  spreadMs,
  world,
})
const { registered, failures } = await running.settled
const seconds = (performance.now() - began) / 1000
delay.disable()
const { user, system } = process.cpuUsage(before)
const up = running.phones().filter(({ state }) => state === 'registered')
const times = up.map(({ registeredAfterMs }) => registeredAfterMs)
await running.stop()
console.log(
  JSON.stringify({
    ...{ registered, failures, seconds, times, cpuSeconds: (user + system) / 1e6 },
    registerP95: percentile(
      up.map(({ registerLatencyMs }) => registerLatencyMs),
      0.95,
    ),
    /** How long the simulator itself let things wait: its share in every time it measures. */
    loopDelayP95: delay.percentile(95) / 1e6,
  }),
)
