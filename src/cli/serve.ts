import type { Command } from 'commander'
import { networkInterfaces } from 'node:os'
import type { Config } from '../config.js'
import { becomeOwnerOf, openInstallation } from '../installation.js'
import { createLogger } from '../observe/edge/logger.js'
import { startServer, type Ports } from '../server.js'
import { configOf } from './context.js'
import { EXIT, type ExitCode, type Io } from './output.js'

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
  if (config.httpPort >= 1024 && config.sipPort >= 1024) becomeOwnerOf(config.dataDir)
  const installation = await openInstallation(config, log)
  try {
    const server = await startServer(installation)
    io.out(`${JSON.stringify({ event: 'ready', pid: process.pid, ...server.ports })}\n`)
    if (io.env.PHONEBOOT_LOG_LEVEL !== 'silent') for (const line of greeting(config, server.ports)) io.err(`${line}\n`)
    await io.stopped()
    log.info({}, 'stopping: commits finish, transfers may go on for 5 seconds')
    await server.stop()
    return EXIT.ok
  } finally {
    await installation.close()
  }
}

/** Where phones and people find the server. Goes to standard error, where logs go. */
function greeting(config: Config, ports: Ports): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address)
  const host = config.host ?? addresses[0] ?? '127.0.0.1'
  return [
    '',
    `phoneboot is up. Phones find it at http://${host}:${ports.http}/ and tftp://${host}:${ports.tftp}/, SIP at ${host}:${ports.sip} (UDP and TCP).`,
    `DHCP option 66:  http://${host}:${ports.http}/`,
    `Add a person:    npm run -s phoneboot -- extension add 101 --name "Anna Berg"`,
    `Add a phone:     npm run -s phoneboot -- device add 00:15:65:aa:bb:cc --model yealink/t21p-e2 --line 101`,
    ...(ports.tftp === 6969
      ? [
          'Port 69 is not permitted to this user, so TFTP listens on 6969: phones that only know port 69 need HTTP, or run it with CAP_NET_BIND_SERVICE.',
        ]
      : []),
    '',
  ]
}
