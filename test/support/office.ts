import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../src/config.js'
import { openInstallation, type Installation } from '../../src/installation.js'
import { runCommandLine } from '../../src/cli/program.js'
import { startServer, type RunningServer } from '../../src/server/start.js'
import { recordingLog, type RecordingLog } from './recording-log.js'

/** A whole server inside the test's own process, with ports of its own. */
export interface Office {
  folder: string
  installation: Installation
  ports: RunningServer['ports']
  log: RecordingLog
  /** Runs a command that must succeed, on the same data, and gives its JSON. */
  cli<T = unknown>(...args: string[]): Promise<T>
  /** Stops the server, and starts it again on the same data after `meanwhile`; its ports are others then. */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>
  stop(): Promise<void>
}

export async function openOffice(given: Readonly<Record<string, string>> = {}): Promise<Office> {
  const folder = await mkdtemp(join(tmpdir(), 'phoneboot-office-'))
  const port = (name: string): [string, string] => [`PHONEBOOT_${name}_PORT`, '0']
  const settings = {
    ...Object.fromEntries(['HTTP', 'HTTPS', 'TFTP', 'SIP', 'SIPS', 'ADMIN'].map(port)),
    PHONEBOOT_BIND: '127.0.0.1',
    PHONEBOOT_DATA_DIR: join(folder, 'data'),
    PHONEBOOT_FIRMWARE_DIR: join(folder, 'firmware'),
    ...given,
  }
  const log = recordingLog()
  const installation = await openInstallation(readConfig(settings, folder), log)
  let server: RunningServer
  try {
    server = await startServer(installation)
  } catch (error) {
    await installation.close()
    throw error
  }
  const { http, https, tftp, sip, sips, admin } = server.ports
  return {
    folder,
    installation,
    ports: server.ports,
    log,
    cli: (...args) =>
      command(
        folder,
        {
          ...settings,
          PHONEBOOT_HTTP_PORT: String(http),
          PHONEBOOT_HTTPS_PORT: String(https),
          PHONEBOOT_TFTP_PORT: String(tftp),
          PHONEBOOT_SIP_PORT: String(sip),
          PHONEBOOT_SIPS_PORT: String(sips),
          PHONEBOOT_ADMIN_PORT: String(admin),
        },
        args,
      ),
    restart: async (meanwhile) => {
      await server.stop()
      await meanwhile?.()
      server = await startServer(installation)
    },
    stop: async () => {
      await server.stop()
      await installation.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function command<T>(folder: string, env: Record<string, string>, args: readonly string[]): Promise<T> {
  let [out, err] = ['', '']
  const exit = await runCommandLine([...args, '--json'], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: () => Promise.resolve(''),
    env,
    folder,
    terminal: { write: (text) => void (out += text) },
    stopped: () => new Promise(() => undefined),
  })
  if (exit !== 0) throw new Error(`phoneboot ${args.join(' ')}: exit code ${exit}\n${err}`)
  return JSON.parse(out) as T
}
