// How many registrations a second (REGISTER, 401, REGISTER with digest, 200), 100 under way at any time, against
// Kamailio with its bindings in memory? Ours are on disk before the 200; what the disk takes stands beside it.
// --transport udp (default) or tcp.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { freePort, need, start } from './support/processes.mjs'
import { alternate, median, spread } from './support/rounds.mjs'
import { credentials, register } from './support/sipp.mjs'

const UNDER_WAY = 100
const { transport } = OPTIONS

need('sipp', 'kamailio')
await prepare()
const server = await serve({ PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
const users = await phones()

const kamailioPort = await freePort()
const kamailio = start('kamailio', [
  ...['-f', join(resolve(import.meta.dirname, 'support'), 'kamailio.cfg'), '-DD', '-E', '-m', '256', '-M', '16'],
  ...['-Y', folder, '-P', join(folder, 'kamailio.pid'), '-l', `${transport}:127.0.0.1:${kamailioPort}`],
  ...(transport === 'tcp' ? ['-A', 'WITH_TCP'] : []),
])

/** Loaded at once with everybody, unmeasured: what happens only once per phone (HA1, first binding) is not its rate. */
async function side(name, pid, port, list) {
  await register({ port, list, underWay: UNDER_WAY, calls: users.length, transport })
  const load = async () => {
    const {
      done,
      seconds,
      'p99 ms': p99,
      resent,
      failed,
    } = await register({
      ...{ port, list, underWay: UNDER_WAY, seconds: OPTIONS.seconds, transport },
    })
    return { done, seconds, 'p99 ms': p99, resent, failed }
  }
  return { name, pid, load }
}

/** What the disk takes to keep one write, in milliseconds. */
function syncTimes() {
  const file = openSync(join(folder, 'sync'), 'w')
  const times = Array.from({ length: 300 }, () => {
    writeSync(file, Buffer.alloc(4096))
    const began = performance.now()
    fdatasyncSync(file)
    return performance.now() - began
  })
  closeSync(file)
  return times
}

const sync = syncTimes()
await alternate(`register ${transport}`, [
  await side('phoneboot', server.pid, server.ports.sip, credentials('phoneboot', users)),
  await side(
    'kamailio',
    kamailio.pid,
    kamailioPort,
    credentials('kamailio', users, () => 'bench'),
  ),
])
console.log(`  fdatasync of 4 KB: ${spread(sync)} ms, so ${Math.round(1000 / median(sync))} a second one by one`)
await server.stop()
process.exit()
