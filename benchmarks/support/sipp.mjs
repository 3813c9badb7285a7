// SIPp as a crowd of phones: the whole registration (REGISTER, 401, REGISTER with digest, 200), so many under way.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder } from './installation.mjs'
import { run } from './processes.mjs'
import { percentile } from './rounds.mjs'

const SCENARIO = resolve(import.meta.dirname, 'register.xml')

/** SIPp's list of users in order; `[authentication]` becomes the Authorization header. */
export function credentials(name, users, passwordOf = ({ password }) => password) {
  const rows = users.map(
    (user) => `${user.number};[authentication username=${user.username} password=${passwordOf(user)}]`,
  )
  const path = join(folder, `${name}.csv`)
  writeFileSync(path, ['SEQUENTIAL', ...rows, ''].join('\n'))
  return path
}

let runs = 0

/**
 * Registers until `seconds` are over, or `calls` are done. Over TCP all of them share one connection that stays:
 * with one for each, SIPp itself is what is measured (some 200 a second, against any server). Resolves to
 * `{ done, seconds, times, 'p99 ms', resent, failed }`; times in milliseconds.
 */
export async function register({ port, list, underWay, seconds, calls, rate = 20_000, transport = 'udp' }) {
  // Each run leaves its times in a folder of its own.
  const cwd = join(folder, `sipp-${++runs}`)
  mkdirSync(cwd)
  const began = performance.now()
  const output = await run(
    'sipp',
    [
      ...[`127.0.0.1:${port}`, '-sf', SCENARIO, '-inf', list, '-i', '127.0.0.1', '-nostdin'],
      ...(transport === 'tcp' ? ['-t', 't1'] : []),
      ...['-r', String(rate), '-l', String(underWay)],
      ...(seconds === undefined ? [] : ['-timeout', `${seconds}s`]),
      ...(calls === undefined ? [] : ['-m', String(calls)]),
      ...['-trace_rtt', '-rtt_freq', '100', '-trace_stat', '-fd', '1', '-buff_size', '4000000'],
    ],
    { cwd, mayFail: true, env: { ...process.env, TERM: 'dumb' } },
  )
  const took = (performance.now() - began) / 1000
  if (!readdirSync(cwd).some((file) => file.endsWith('_rtt.csv'))) throw new Error(`sipp measured nothing: ${output}`)
  return { ...resultOf(cwd), seconds: Math.min(took, seconds ?? took) }
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
    times,
    'p99 ms': percentile(times, 0.99),
    resent: value('Retransmissions(C)'),
    failed: value('FailedCall(C)') - value('FailedMaxUDPRetrans(C)'),
  }
}
