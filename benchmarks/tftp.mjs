// How many configs of about 6 KB a second over TFTP (512-byte blocks, no options, as old phones ask), 200 clients at
// once, against tftpd-hpa and dnsmasq with the same bytes? And does everybody get his file at 2 % loss, and 500 at once?
import { statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder, phones, prepare, saveConfigs, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { eventually, freePort, need, run, start } from './support/processes.mjs'
import { alternate, percentile } from './support/rounds.mjs'

const CLIENTS = 200
const FILES = 500
/** Phones whose configs are looked at to find those. */
const SAMPLE = 1_500
const WANTED_BYTES = 6_000
const LOAD = resolve(import.meta.dirname, 'support/tftp-load.mjs')
/** dnsmasq has no setting for the port it listens on, so it gets an address of its own. */
const DNSMASQ = '127.0.0.69'

if (process.getuid() !== 0) {
  console.error('SKIPPED: tftpd-hpa and dnsmasq start as root only. Nothing was measured.')
  process.exit(3)
}
need('in.tftpd', 'dnsmasq')
await prepare()
const server = await serve()
const root = join(folder, 'tftp')
const sample = await phones(undefined, SAMPLE)
await saveConfigs(server, sample, root)
const sizes = new Map(sample.map(({ file }) => [file, statSync(join(root, file)).size]))
const distance = (file) => Math.abs(sizes.get(file) - WANTED_BYTES)
const files = [...sizes.keys()].sort((a, b) => distance(a) - distance(b)).slice(0, FILES)
const bytes = files.reduce((sum, file) => sum + sizes.get(file), 0) / files.length
await run('chmod', ['-R', 'a+rX', folder])
const list = join(folder, 'names')
writeFileSync(list, files.join('\n'))
console.log(`${files.length} configs of ${Math.round(bytes)} bytes on average, ${CLIENTS} clients at once`)

const hpaPort = await freePort()
const hpa = start('in.tftpd', ['--foreground', '--address', `127.0.0.1:${hpaPort}`, '--user', 'root', '--secure', root])
const dnsmasq = start('dnsmasq', [
  ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--log-facility=-'],
  ...['--bind-interfaces', `--listen-address=${DNSMASQ}`, '--enable-tftp', `--tftp-root=${root}`, '--tftp-max=1000'],
  ...['--quiet-tftp', `--pid-file=${join(folder, 'dnsmasq.pid')}`],
])

const read = (address, port, { clients = CLIENTS, seconds = OPTIONS.seconds, loss = 0 } = {}) =>
  run(process.execPath, [LOAD, address, String(port), list, String(clients), String(seconds), String(loss)]).then(
    JSON.parse,
  )

async function side(name, pid, address, port) {
  await eventually(async () => {
    if ((await read(address, port, { clients: 1, seconds: 0.1 })).bytes === 0)
      throw new Error(`${name} does not answer`)
  })
  const load = async () => {
    const { seconds, failed, cpuMicros, times } = await read(address, port)
    return { done: times.length, seconds, failed, 'p99 ms': percentile(times, 0.99), 'CPU of a client us': cpuMicros }
  }
  return { name, pid, address, port, load }
}

const sides = [
  await side('phoneboot', server.pid, '127.0.0.1', server.ports.tftp),
  await side('tftpd-hpa', hpa.pid, '127.0.0.1', hpaPort),
  await side('dnsmasq', dnsmasq.pid, DNSMASQ, 69),
]
await alternate('tftp', sides)
for (const [what, how] of [
  ['2 % of the packets lost', { loss: 2 }],
  ['500 at once', { clients: 500 }],
]) {
  for (const { name, address, port } of sides) {
    const { failed, resent, times } = await read(address, port, how)
    console.log(`  ${what}, ${name}: ${times.length} files, ${failed} failed, ${resent} asked twice`)
  }
}
await server.stop()
process.exit()
