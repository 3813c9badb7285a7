import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { readConfig, type Config } from '../config.js'
import { openInstallation, type Installation } from '../installation.js'
import { createLogger } from '../observe/edge/logger.js'
import { startServer } from '../server/start.js'
import { liveView } from '../simulator/edge/live-view.js'
import { simulate } from '../simulator/edge/simulate.js'
import { summaryLines } from '../simulator/progress-lines.js'
import { EXIT, type ExitCode, type Io } from './output.js'
import { generate, withTransport } from './simulate.js'

/** People of the demo; each has a phone, and a BLF key for the next one. */
const PEOPLE = [
  ['101', 'Anna Berg', 'yealink/t19p-e2'],
  ['102', 'Bruno Costa', 'yealink/t21p'],
  ['103', 'Chioma Eze', 'yealink/t21p-e2'],
  ['104', 'Dmitri Orlov', 'yealink/t28p'],
  ['105', 'Elif Kaya', 'snom/d120'],
  ['106', 'Farah Haddad', 'snom/d785'],
  ['107', 'Greta Lind', 'grandstream/gxp1628'],
  ['108', 'Hiro Tanaka', 'grandstream/gxp2160'],
  ['109', 'Ines Duarte', 'grandstream/grp2614'],
] as const

/** `demo`: server, sample people and simulated phones in a temporary folder, until Ctrl-C. */
export function demoCommand(
  program: Command,
  io: Io,
  runServer: (work: () => Promise<ExitCode>) => Promise<void>,
): void {
  program
    .command('demo')
    .description('watch one phone of each kind come up against a temporary server')
    .option('--once', 'end when all phones are up')
    .action(({ once = false }: { once?: boolean }) => runServer(() => demo(io, once)))
}

async function demo(io: Io, once: boolean): Promise<ExitCode> {
  const folder = await mkdtemp(join(tmpdir(), 'phoneboot-demo-'))
  try {
    const config = demoConfig(folder)
    const installation = await openInstallation(config, createLogger({ level: 'error' }))
    try {
      return await run(io, installation, once)
    } finally {
      await installation.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Free ports on loopback only: the demo disturbs nobody, and needs no rights. */
function demoConfig(folder: string): Config {
  const ports = ['HTTP', 'HTTPS', 'TFTP', 'SIP', 'SIPS', 'ADMIN'].map((name) => [`PHONEBOOT_${name}_PORT`, '0'])
  return readConfig({ ...Object.fromEntries(ports), PHONEBOOT_BIND: '127.0.0.1', PHONEBOOT_DATA_DIR: folder }, folder)
}

async function run(io: Io, installation: Installation, once: boolean): Promise<ExitCode> {
  const phones = generate(
    PEOPLE.length,
    PEOPLE.map(([, , model]) => model),
  )
  await addPeople(installation, phones)
  const server = await startServer(installation)
  const { ports } = server
  io.out(
    `phoneboot demo: http://127.0.0.1:${ports.http}/  tftp://127.0.0.1:${ports.tftp}/  SIP 127.0.0.1:${ports.sip}\n`,
  )
  io.out(`${phones.length} phones come out of their boxes${once ? '' : '; Ctrl-C ends'}.\n\n`)
  const view = liveView(io.terminal)
  const running = simulate({
    phones: withTransport(phones, 34, true),
    server: { address: '127.0.0.1', httpPort: ports.http, tftpPort: ports.tftp },
    // One after the other, slowly enough to watch.
    spreadMs: once ? 0 : 4_000,
    keepRegistered: true,
    onProgress: (changed, all) => view.show(all, changed),
  })
  const ended = io.stopped()
  const summary = await Promise.race([running.settled, ended])
  if (summary) {
    view.end(running.phones())
    io.out(`\n${summaryLines(summary).join('\n')}\n`)
    if (!once) await ended
  }
  await running.stop({ unregister: true })
  await server.stop()
  return summary && summary.registered < phones.length ? EXIT.problems : EXIT.ok
}

async function addPeople({ extensions, devices }: Installation, phones: ReturnType<typeof generate>): Promise<void> {
  for (const [index, [number, name, model]] of PEOPLE.entries()) {
    const neighbour = PEOPLE[(index + 1) % PEOPLE.length]?.[0]
    await extensions.add('demo', { number, name })
    await extensions.setKeys('demo', number, [
      { position: 1, kind: model.startsWith('yealink/t19') ? 'speed-dial' : 'blf', value: neighbour },
    ])
    const mac = phones[index]?.mac
    if (mac !== undefined) await devices.add('demo', { mac, model, lines: [{ extension: number }] })
  }
}
