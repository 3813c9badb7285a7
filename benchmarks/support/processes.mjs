import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'

/** Clock ticks of /proc, a second; 100 on every Linux that Node runs on. */
export const TICKS = 100

/** Ends the benchmark with a clear word when one of the programs is not installed. */
export function need(...programs) {
  const path = `${process.env.PATH}:/usr/sbin:/sbin`
  const missing = programs.filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH: path } }).status !== 0,
  )
  process.env.PATH = path
  if (missing.length === 0) return
  console.error(`SKIPPED: not installed: ${missing.join(', ')} (Debian: apt-get install wrk nginx-light tftpd-hpa`)
  console.error('dnsmasq-base sip-tester kamailio). Nothing was measured.')
  process.exit(3)
}

const running = new Set()
process.on('exit', () => running.forEach(killGroup))

/** With the processes it has started: workers of nginx and Kamailio outlive their master. */
function killGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    return
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/** A server in the background. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
  child.output = ''
  child.stdout.on('data', (text) => (child.output += text))
  child.stderr.on('data', (text) => (child.output += text))
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', (error) => (child.output += error.message))
  return child
}

export async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

/** Runs a load program to its end, beside servers that this process does not have to serve. */
export async function run(command, args, options = {}) {
  const child = start(command, args, options)
  const [code] = await once(child, 'close')
  if (code !== 0 && !options.mayFail) throw new Error(`${command} ended with ${code}:\n${child.output}`)
  return child.output
}

/** Asks again and again until it does not throw; a server needs its time to come up. */
export async function eventually(check, withinMs = 10_000) {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** A port that was free a moment ago, for servers that cannot choose one themselves. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')
    return { parent: Number(fields[1]), ticks: fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) }
  } catch {
    return undefined
  }
}

/** CPU seconds used by a process and its children so far, also those that have ended. */
export function cpuSeconds(pid) {
  const stats = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), statOf(name)]),
  )
  const total = (one) =>
    (stats.get(one)?.ticks ?? 0) +
    [...stats].filter(([, stat]) => stat?.parent === one).reduce((sum, [child]) => sum + total(child), 0)
  return total(pid) / TICKS
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid) {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(kib) / 1024
}
