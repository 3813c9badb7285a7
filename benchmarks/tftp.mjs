// How many configs a second over TFTP (512-byte blocks, no options, as old phones ask), 200 clients at once, against
// tftpd-hpa and dnsmasq with the same bytes?
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { folder, phones, prepare, saveConfigs, serve } from './support/installation.mjs'
import { OPTIONS } from './support/options.mjs'
import { eventually, freePort, need, run, start } from './support/processes.mjs'
import { alternate, percentile } from './support/rounds.mjs'

const CLIENTS = 200
const FILES = 1_000
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
// Nearest to 6 KB: Yealink's.
const asked = (await phones()).filter(({ file }) => file.endsWith('.cfg')).slice(0, FILES)
const root = join(folder, 'tftp')
const bytes = await saveConfigs(server, asked, root)
await run('chmod', ['-R', 'a+rX', folder])
const list = join(folder, 'names')
writeFileSync(list, asked.map(({ file }) => file).join('\n'))
console.log(`${asked.length} configs of ${Math.round(bytes)} bytes on average, ${CLIENTS} clients at once`)

const hpaPort = await freePort()
const hpa = start('in.tftpd', ['--foreground', '--address', `127.0.0.1:${hpaPort}`, '--user', 'root', '--secure', root])
const dnsmasq = start('dnsmasq', [
  ...['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--log-facility=-'],
  ...['--bind-interfaces', `--listen-address=${DNSMASQ}`, '--enable-tftp', `--tftp-root=${root}`, '--tftp-max=1000'],
  ...['--quiet-tftp', `--pid-file=${join(folder, 'dnsmasq.pid')}`],
])

const read = (address, port, clients, seconds) =>
  run(process.execPath, [LOAD, address, String(port), list, String(clients), String(seconds)]).then(JSON.parse)

async function side(name, pid, address, port) {
  await eventually(async () => {
    if ((await read(address, port, 1, 0.1)).bytes === 0) throw new Error(`${name} does not answer`)
  })
  const load = async () => {
    const { seconds, failed, times } = await read(address, port, CLIENTS, OPTIONS.seconds)
    return { done: times.length, seconds, failed, 'p99 ms': percentile(times, 0.99) }
  }
  return { name, pid, load }
}

await alternate('tftp', [
  await side('phoneboot', server.pid, '127.0.0.1', server.ports.tftp),
  await side('tftpd-hpa', hpa.pid, '127.0.0.1', hpaPort),
  await side('dnsmasq', dnsmasq.pid, DNSMASQ, 69),
])
await server.stop()
process.exit()
