// How long does `serve` take to its ready line, and how much memory does it hold then?
import { availableParallelism, cpus, loadavg } from 'node:os'
import { phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { cpuSeconds, residentMiB } from './support/processes.mjs'
import { spread } from './support/rounds.mjs'

await prepare()
const { length } = await phones()
// The first start makes the certificate.
await (await serve()).stop()
const starts = []
for (let round = 0; round < OPTIONS.rounds; round += 1) {
  const server = await serve()
  starts.push({ ms: server.readyMs, cpu: cpuSeconds(server.pid) * 1000, mib: residentMiB(server.pid) })
  await server.stop()
}
const told = (name) => spread(starts.map((start) => start[name]))
console.log(`${cpus()[0].model.trim()}, nproc ${availableParallelism()}, load ${loadavg()[0].toFixed(1)}`)
console.log(
  `start-up with ${length} phones: ready after ${told('ms')} ms, CPU ${told('cpu')} ms, ${told('mib')} MiB resident`,
)
process.exit()
