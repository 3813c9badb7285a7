import type { Command } from 'commander'
import { isIPv4 } from 'node:net'
import { hostname } from 'node:os'
import type { Config } from '../config.js'
import { isDamage, prepareDataDir, sqliteFiles, WHAT_TO_DO } from '../database/edge/connect.js'
import { setAsideDamagedLive } from '../database/edge/damaged-file.js'
import { holdServerLock } from '../database/edge/server-lock.js'
import { AppError } from '../domain/errors.js'
import { becomeOwnerOf, openInstallation, type Installation } from '../installation.js'
import { localAddresses } from '../network/edge/interfaces.js'
import { createLogger } from '../observe/edge/logger.js'
import type { Ports } from '../server/ports.js'
import { startServer, type RunningServer } from '../server/start.js'
import { configOf } from './context.js'
import { EXIT, type ExitCode, type Io } from './output.js'
import { makeSetupLink } from './setup-link.js'

/** `serve`: the server itself. Standard output carries one line of JSON, when all listeners are up. */
export function serveCommand(
  program: Command,
  io: Io,
  runServer: (work: () => Promise<ExitCode>) => Promise<void>,
): void {
  program
    .command('serve')
    .description('serve phones until SIGTERM or Ctrl-C')
    .action(() => runServer(() => serve(io)))
}

async function serve(io: Io): Promise<ExitCode> {
  const config = configOf(io)
  const log = createLogger({ level: config.logLevel })
  // Before ports: a service that root starts must not leave root's files in the data folder of its owner.
  if (!needsRoot(config)) becomeOwnerOf(config.dataDir)
  await prepareDataDir(config.dataDir)
  const files = sqliteFiles({ url: config.databaseUrl, dataDir: config.dataDir })
  const release = await holdServerLock({ files })
  try {
    if (files) await setAsideDamagedLive(files.live, log)
    await run(io, await openInstallation(config, log))
    return EXIT.ok
  } catch (error) {
    // The live file was looked at before.
    if (!isDamage(error)) throw error
    throw new AppError('DATABASE_UNUSABLE', `database ${files?.main ?? ''} is damaged`, { hint: WHAT_TO_DO.main })
  } finally {
    await release()
  }
}

async function run(io: Io, installation: Installation): Promise<void> {
  const { config, log } = installation
  try {
    const server = await startServer(installation)
    io.out(`${JSON.stringify({ event: 'ready', pid: process.pid, ...server.ports })}\n`)
    // People get text to read, everything else a log of nothing but JSON lines.
    const adminUrl = adminAddress(config, server)
    const setup = await makeSetupLink(installation, adminUrl).catch((error: unknown) => {
      log.warn({ err: error, hint: 'phoneboot admin create <name> makes one' }, 'no set-up link could be made')
      return undefined
    })
    const lines = [...greeting(config, server.ports), `Admin page:      ${adminUrl}/`]
    if (setup) {
      const link = io.logIsTerminal ? setup.url : `the link is in ${setup.file}`
      lines.push(`First sign-in:   ${link}`)
    }
    if (!io.logIsTerminal) for (const line of lines) log.info({}, line)
    else if (config.logLevel !== 'silent') io.err(`\n${lines.join('\n')}\n\n`)
    server.rehearse()
    await io.stopped()
    log.info({}, 'stopping: commits finish, transfers may go on for 5 seconds')
    await server.stop()
  } finally {
    await installation.close()
  }
}

/** Where admins find their page; on loopback by the name that browsers know. */
function adminAddress({ adminBind, host }: Config, { ports, adminIsSecure }: RunningServer): string {
  const address = adminIsSecure ? (host ?? (adminBind === 'all' ? hostname() : adminBind[0])) : 'localhost'
  const name = address?.includes(':') ? `[${address}]` : address
  return `${adminIsSecure ? 'https' : 'http'}://${name}:${ports.admin}`
}

/** A port below 1024 was set by hand. The TFTP port's default is not: it falls back. */
function needsRoot({
  httpPort,
  httpsPort,
  sipPort,
  sipsPort,
  tftpPort,
  tftpPortIsDefault,
  adminPort,
}: Config): boolean {
  const byHand = [httpPort, httpsPort, sipPort, sipsPort, adminPort, ...(tftpPortIsDefault ? [] : [tftpPort])]
  return byHand.some((port) => port > 0 && port < 1024)
}

/** What phones are to be told: the name that was set, else an address that the server listens on. */
function toldHost({ host, bind }: Config): string {
  if (host !== undefined) return host
  const bound = bind === 'all' ? firstAddress() : bind[0]
  return bound?.includes(':') ? `[${bound}]` : (bound ?? '127.0.0.1')
}

function firstAddress(): string | undefined {
  return localAddresses().find(({ internal, address }) => !internal && isIPv4(address))?.address
}

/** Where phones and people find the server. Goes to standard error, where logs go. */
function greeting(config: Config, ports: Ports): string[] {
  const host = toldHost(config)
  return [
    `phoneboot is up. Phones find it at http://${host}:${ports.http}/ and tftp://${host}:${ports.tftp}/, SIP at ${host}:${ports.sip} (UDP and TCP), ${host}:${ports.sips} (TLS) and wss://${host}:${ports.https}/ws.`,
    `DHCP option 66:  http://${host}:${ports.http}/`,
    `Add a person:    npm run -s phoneboot -- extension add 101 --name "Anna Berg"`,
    `Add a phone:     npm run -s phoneboot -- device add 00:15:65:aa:bb:cc --model yealink/t21p-e2 --line 101`,
    ...(config.tftpPortIsDefault && ports.tftp !== config.tftpPort
      ? [
          `Port ${config.tftpPort} is not permitted to this user, so TFTP listens on ${ports.tftp}: phones that only know port ${config.tftpPort} need HTTP, or run it with CAP_NET_BIND_SERVICE.`,
        ]
      : []),
  ]
}
