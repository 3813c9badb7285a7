// How long from power-on to Registered when 2,000 phones get power within 10 s, against nginx + tftpd-hpa + Kamailio?
// [--phones 2000] [--pairs 5] [--spread 10000 (ms)] [--head-start 5000 (ms: the servers are up so long before the first phone)] [--cold: nothing kept from the days before] [--warm: files rendered since the start] [--alone: no peer] [--one-address: all phones behind one NAT]
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { calmRounds, watchStolen } from './support/calm.mjs'
import { copyOfData, dataDir as prepared, folder, phoneboot, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { startKamailio, startNginx, startTftpd } from './support/peers.mjs'
import { cpuSeconds, eventually, freePort, need, residentMiB, run, start, stop } from './support/processes.mjs'
import { heading, median, percentile, remember, spread } from './support/rounds.mjs'

const LOAD = resolve(import.meta.dirname, 'support/power-cut-load.mjs')
const TFTP_PERCENT = 30
const WANTED = 1.5
/** What the server logs when it has rendered everything, and where that is kept (src/server/rendered-files.ts). */
const READY = 'files of all phones are ready'
const KEPT = 'phoneboot.rendered'
const PRACTISED = 'practised\n'
const { phones: count, spreadMs, headStartMs, pairs, oneAddress } = OPTIONS

if (!OPTIONS.alone) {
  if (process.getuid() !== 0) {
    console.error('SKIPPED: tftpd-hpa starts as root only (--alone measures without peers). Nothing was measured.')
    process.exit(3)
  }
  need('nginx', 'in.tftpd', 'kamailio')
}
await prepare(count)

/** Real phones have memory of their own: all of them in one process stop for no full collection of garbage. */
const NO_FULL_COLLECTION = ['--expose-gc', '--initial-old-space-size=2048']
/** The simulator in a process of its own, so that its CPU time stands apart. */
const argsOf = (options) => [
  ...NO_FULL_COLLECTION,
  LOAD,
  JSON.stringify({ count, tftpPercent: TFTP_PERCENT, spreadMs, oneAddress, ...options }),
]
const load = async (servers, options) => JSON.parse(await run(process.execPath, argsOf({ servers, ...options })))

/**
 * A simulator that is to be measured with: its phones have booted once at another server before, since each real phone has
 * a processor of its own and nothing to compile. Resolves when they have; then they get power at the servers told to it.
 */
async function practisedLoad() {
  const child = start(process.execPath, argsOf({ known: root, practice: practiceServers }), {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  await eventually(() => {
    if (!child.output.includes(PRACTISED) && child.exitCode === null) throw new Error('the simulator does not come up')
  }, 120_000)
  return async (servers) => {
    child.stdin.end(`${JSON.stringify(servers)}\n`)
    const [code] = await ended
    if (code !== 0) throw new Error(`the simulator ended with ${code}:\n${child.output}`)
    return JSON.parse(child.output.slice(child.output.indexOf(PRACTISED) + PRACTISED.length))
  }
}

/** The same ports each time: they stand in the files, which are then the same, too. */
const ports = { httpPort: await freePort(), tftpPort: await freePort() }
const settings = {
  PHONEBOOT_HTTP_PORT: String(ports.httpPort),
  PHONEBOOT_HTTPS_PORT: String(await freePort()),
  PHONEBOOT_TFTP_PORT: String(ports.tftpPort),
  PHONEBOOT_SIP_PORT: String(await freePort()),
  PHONEBOOT_SIPS_PORT: String(await freePort()),
}
const serveCopy = async (dataDir) => serve({ ...settings, PHONEBOOT_DATA_DIR: dataDir })

const savingIn = count * 15
/**
 * The days before: all phones register, so that their firmware is known, and their files are rendered while nothing else
 * is to be done. Then what the phones ask for, as phoneboot answers it: the peers serve these bytes.
 */
async function daysBefore() {
  const root = join(folder, 'files')
  mkdirSync(root)
  chmodSync(root, 0o755)
  const server = await serve({ ...settings, PHONEBOOT_DATA_DIR: prepared, PHONEBOOT_LOG_LEVEL: 'info' })
  const all = ({ registered, failures }) => {
    if (registered !== count) throw new Error(`only ${registered} phones are up: ${JSON.stringify(failures)}`)
  }
  all(await load(ports, { spreadMs: savingIn }))
  await eventually(() => {
    if (!server.output().includes(READY)) throw new Error('the files of all phones are not ready')
  }, 300_000)
  all(await load(ports, { saveTo: root, spreadMs: savingIn }))
  await server.stop()
  return root
}

/** Servers and phones get power together, and a phone takes 20 s and more until it asks for the first time. */
const headStart = () => new Promise((resolve) => setTimeout(resolve, headStartMs))

/** CPU seconds that the servers take for one load, and what it measured. */
async function measured(pids, powerOn, servers) {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const [stolen, before] = [watchStolen(), cpu()]
  const result = await powerOn(servers)
  const server = cpu() - before
  if (result.readAnew > 0)
    console.log(`  ${result.readAnew} files were not the saved ones; the simulator read them itself`)
  const [p50, p95] = [0.5, 0.95].map((share) => percentile(result.times, share))
  return { ...result, p50, p95, server, stolen: stolen() }
}

/** Rounds in which a phone was left behind, also those that are not counted. */
let incomplete = 0

/** Each time a server that was just started, as if it had lost its power too: with what lies on its disk. */
async function ours(round) {
  const powerOn = await practisedLoad()
  const dataDir = copyOfData(`data-${round}`)
  if (OPTIONS.cold) rmSync(join(dataDir, KEPT), { force: true })
  const server = await serveCopy(dataDir)
  if (OPTIONS.warm) {
    const saveTo = join(folder, 'warm')
    mkdirSync(saveTo, { recursive: true })
    await load(ports, { saveTo, spreadMs: savingIn })
  }
  await headStart()
  const result = await measured([server.pid], powerOn, ports)
  if (result.registered !== count) incomplete += 1
  const mib = residentMiB(server.pid)
  await server.stop()
  const banned = JSON.parse(await phoneboot(['--json', 'bans', 'list'], dataDir)).length
  rmSync(dataDir, { recursive: true })
  return { ...result, mib, banned }
}

async function peersOf(accounts) {
  const [nginx, tftpd] = [await startNginx(root), await startTftpd(root)]
  return async () => {
    const powerOn = await practisedLoad()
    const kamailio = await startKamailio(accounts)
    await headStart()
    const pids = [nginx, tftpd, kamailio].map(({ child }) => child.pid)
    const servers = { httpPort: nginx.port, tftpPort: tftpd.port, sipPort: kamailio.port }
    const result = await measured(pids, powerOn, servers)
    await stop(kamailio.child)
    return result
  }
}

const root = await daysBefore()
/** Where simulators practise; it is idle while something is measured. */
const { ports: practicePorts } = await serve({ PHONEBOOT_DATA_DIR: copyOfData('practice') })
const practiceServers = { httpPort: practicePorts.http, tftpPort: practicePorts.tftp, sipPort: practicePorts.sip }
const sides = [{ name: 'phoneboot', once: ours }]
if (!OPTIONS.alone) {
  const once = await peersOf(await phones())
  sides.push({ name: 'nginx + tftpd-hpa + kamailio', once })
}
const state = `${OPTIONS.warm ? ' warm' : OPTIONS.cold ? ' cold' : ''}${oneAddress ? ' one address' : ''}`
const after = headStartMs === 0 ? '' : ` after ${headStartMs / 1000} s`
heading(`power-cut ${count}${state}${after}`)
const counted = await calmRounds(pairs, async (round) => {
  const pair = []
  for (const { once } of sides) pair.push(await once(round))
  const told = `p95 ${pair.map(({ p95 }) => `${p95} ms`).join(', of the peers ')}`
  return { pair, told, stolen: Math.max(...pair.map(({ stolen }) => stolen)) }
})
for (const [n, side] of sides.entries()) side.results = counted.map(({ pair }) => pair[n])

const seconds = (values) => `${spread(values.map((ms) => ms / 1000))} s`
for (const { name, results } of sides) {
  const of = (key) => results.map((result) => result[key])
  console.log(`  ${name}: registered ${of('registered').join(', ')} of ${count}`)
  console.log(`    power-on to Registered: p50 ${seconds(of('p50'))}, p95 ${seconds(of('p95'))}`)
  const tenths = results[0].tenths.map((_, tenth) => Math.round(median(results.map((result) => result.tenths[tenth]))))
  console.log(`    p95 of each tenth, in the order they got power: ${tenths.join(', ')} ms`)
  console.log(`    REGISTER to 200: p95 ${seconds(of('registerP95'))}`)
  const memory = results[0].mib === undefined ? '' : `, ${spread(of('mib'))} MiB resident`
  console.log(`    CPU of the servers ${spread(of('server'))} s${memory}`)
  console.log(
    `    CPU of the simulator ${spread(of('cpuSeconds'))} s in ${spread(of('seconds'))} s, ` +
      `p95 of its own delay ${spread(of('loopDelayP95'))} ms`,
  )
  if (results[0].banned !== undefined) console.log(`    sources banned: ${of('banned').join(', ')}`)
  for (const { failures } of results) if (Object.keys(failures).length > 0) console.log('    failed:', failures)
}
const [own, peer] = sides
if (peer) {
  const pair = (ratio) => own.results.map((result, round) => ratio(result, peer.results[round]))
  const ratios = pair((one, other) => one.p95 / other.p95)
  const cpu = pair((one, other) => other.server / one.server)
  console.log(`  p95 of phoneboot : p95 of the peers = ${spread(ratios)}, wanted at most ${WANTED}`)
  console.log(`  phones per CPU second of the servers, phoneboot : peers = ${spread(cpu)}`)
  const p95 = ({ results }) => median(results.map((result) => result.p95))
  // For this question the columns of rates hold p95 in ms, so a lower ratio is better.
  const question = `power-cut ${count}${state}${after} p95 ms`
  remember([question, peer.name, pairs, p95(own), p95(peer)], [ratios, cpu])
}
if (incomplete > 0) console.log(`  NOT all phones of phoneboot registered in ${incomplete} rounds`)
process.exit(incomplete > 0 ? 1 : 0)
