// How many registrations a second (REGISTER, 401, REGISTER with digest, 200) over UDP, 100 under way at any time,
// against Kamailio with its bindings in memory? Ours are on disk before the 200; what the disk takes stands beside it.
import { closeSync, fdatasyncSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder, phones, prepare, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { freePort, need, run, start } from './support/processes.mjs'
import { alternate, median, percentile, spread } from './support/rounds.mjs'

const UNDER_WAY = 100
const SUPPORT = resolve(import.meta.dirname, 'support')

need('sipp', 'kamailio')
await prepare()
const server = await serve()
const users = await phones()

/** SIPp's list of users; `[authentication]` becomes the Authorization header. */
function list(name, passwordOf) {
  const rows = users.map(
    (user) => `${user.number};[authentication username=${user.username} password=${passwordOf(user)}]`,
  )
  const path = join(folder, `${name}.csv`)
  writeFileSync(path, ['SEQUENTIAL', ...rows, ''].join('\n'))
  return path
}

const kamailioPort = await freePort()
const kamailio = start('kamailio', [
  ...['-f', join(SUPPORT, 'kamailio.cfg'), '-DD', '-E', '-m', '256', '-M', '16', '-Y', folder],
  ...['-P', join(folder, 'kamailio.pid'), '-l', `udp:127.0.0.1:${kamailioPort}`],
])

let run_ = 0
function side(name, pid, port, credentials) {
  const load = async () => {
    // Each round leaves its times in a folder of its own.
    const cwd = join(folder, `sipp-${++run_}`)
    await run('mkdir', [cwd])
    const began = performance.now()
    const output = await run(
      'sipp',
      [
        ...[`127.0.0.1:${port}`, '-sf', join(SUPPORT, 'register.xml'), '-inf', credentials, '-i', '127.0.0.1'],
        ...['-r', '20000', '-l', String(UNDER_WAY), '-timeout', `${OPTIONS.seconds}s`, '-nostdin'],
        ...['-trace_rtt', '-rtt_freq', '100', '-trace_stat', '-fd', '1', '-buff_size', '4000000'],
      ],
      { cwd, mayFail: true, env: { ...process.env, TERM: 'dumb' } },
    )
    const seconds = (performance.now() - began) / 1000
    if (!readdirSync(cwd).some((file) => file.endsWith('_rtt.csv'))) throw new Error(`sipp measured nothing: ${output}`)
    return { ...resultOf(cwd), seconds: Math.min(seconds, OPTIONS.seconds) }
  }
  return { name, pid, load }
}

function resultOf(cwd) {
  const read = (ending) =>
    readFileSync(join(cwd, readdirSync(cwd).find((file) => file.endsWith(ending)) ?? ending), 'utf8')
      .trim()
      .split('\n')
  const times = read('_rtt.csv')
    .slice(1)
    .map((row) => Number(row.split(';')[1]))
  const [head = '', ...rows] = read('_.csv')
  const last = rows.at(-1).split(';')
  const value = (name) => Number(last[head.split(';').indexOf(name)])
  return {
    done: value('SuccessfulCall(C)'),
    'p99 ms': percentile(times, 0.99),
    resent: value('Retransmissions(C)'),
    failed: value('FailedCall(C)') - value('FailedMaxUDPRetrans(C)'),
  }
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
await alternate('register udp', [
  side(
    'phoneboot',
    server.pid,
    server.ports.sip,
    list('phoneboot', ({ password }) => password),
  ),
  side(
    'kamailio',
    kamailio.pid,
    kamailioPort,
    list('kamailio', () => 'bench'),
  ),
])
console.log(`  fdatasync of 4 KB: ${spread(sync)} ms, so ${Math.round(1000 / median(sync))} a second one by one`)
await server.stop()
process.exit()
