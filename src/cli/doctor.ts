import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { createSocket } from 'node:dgram'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Config } from '../config.js'
import { sqliteFiles, WHAT_TO_DO } from '../database/edge/connect.js'
import { damageOf, filesSetAside } from '../database/edge/damaged-file.js'
import { AppError } from '../domain/errors.js'
import { loadPhoneData } from '../phone-data.js'
import { localAddresses } from '../network/edge/interfaces.js'
import { networkTrust } from '../network/trust.js'
import { KEY_FILE_NAME } from '../secrets/edge/key-file.js'
import { tftpGet } from '../tftp/edge/client.js'
import { configOf, withInstallation } from './context.js'
import { EXIT, type Io, type Report, type Run } from './output.js'

interface Finding {
  check: string
  state: 'ok' | 'warning' | 'problem'
  message: string
  hint?: string
}

/** `doctor`: is everything as phones need it? */
export function doctorCommand(program: Command, io: Io, run: Run): void {
  program
    .command('doctor')
    .description('check this installation, and the server if it runs')
    .action(() => run(() => examine(io)))
}

async function examine(io: Io): Promise<Report> {
  const config = configOf(io)
  const findings: Finding[] = [
    { check: 'settings', state: 'ok', message: 'environment and phoneboot.yaml are readable' },
  ]
  const attempt = async (check: string, work: () => Promise<Finding[]> | Finding[]): Promise<void> => {
    try {
      findings.push(...(await work()))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const hint = error instanceof AppError ? error.details.hint : undefined
      findings.push({ check, state: 'problem', message, ...(hint === undefined ? {} : { hint }) })
    }
  }
  await attempt('phones', () => phones(config))
  await attempt('database', () => database(io))
  await attempt('database files', () => databaseFiles(config))
  await attempt('key file', () => keyFile(config))
  await attempt('firmware', () => firmwareFolder(config))
  await attempt('networks', () => networks(config))
  await attempt('receive buffer', () => receiveBuffer())
  await attempt('server', () => server(config))
  const marks = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' }
  return {
    json: findings,
    lines: findings.flatMap(({ check, state, message, hint }) => [
      `${marks[state]}  ${check}: ${message}`,
      ...(hint === undefined ? [] : [`         ${hint}`]),
    ]),
    exit: findings.some(({ state }) => state === 'problem') ? EXIT.problems : EXIT.ok,
  }
}

function phones(config: Config): Finding[] {
  const { catalog, asBuilt } = loadPhoneData(config)
  const source = asBuilt ? 'as built' : 'read from their folders'
  return [
    { check: 'phones', state: 'ok', message: `${catalog.models().length} models, all manifests are sound (${source})` },
  ]
}

async function database(io: Io): Promise<Finding[]> {
  return withInstallation(io, async ({ databases, devices, extensions, catalog }) => {
    const known = await devices.list()
    const people = await extensions.list()
    const orphans = known.filter(({ model }) => catalog.model(model) === undefined)
    return [
      {
        check: 'database',
        state: 'ok',
        message: `${databases.dialect}, ${people.length} extension(s), ${known.length} phone(s)`,
      },
      ...orphans.slice(0, 5).map(({ mac, model }): Finding => ({
        check: 'database',
        state: 'problem',
        message: `phone ${mac} has the model ${model}, which is not in the catalogue`,
        hint: 'Bring its folder back, or give the phone another model: device update <mac> --model <id>',
      })),
    ]
  })
}

/** Reads both SQLite files whole, which a start does not. */
async function databaseFiles({ databaseUrl: url, dataDir }: Config): Promise<Finding[]> {
  const files = sqliteFiles({ url, dataDir })
  if (!files) return []
  const check = 'database files'
  const findings: Finding[] = []
  for (const part of ['main', 'live'] as const) {
    const damage = await damageOf(files[part])
    if (damage === undefined) continue
    findings.push({ check, state: 'problem', message: `${files[part]} is damaged: ${damage}`, hint: WHAT_TO_DO[part] })
  }
  if (findings.length === 0) findings.push({ check, state: 'ok', message: `${files.main} and ${files.live} are whole` })
  const aside = await filesSetAside(files.live)
  if (aside.length > 0) {
    findings.push({
      check,
      state: 'warning',
      message: `the file of registrations and events was damaged and set aside: ${aside.join(', ')}`,
      hint: 'Find out why (disk, memory, a copy made while the server ran), then delete it',
    })
  }
  return findings
}

async function keyFile(config: Config): Promise<Finding[]> {
  const path = join(config.dataDir, KEY_FILE_NAME)
  const { mode } = await stat(path)
  const open = (mode & 0o077) !== 0
  return [
    open
      ? { check: 'key file', state: 'problem', message: `${path} may be read by others`, hint: `chmod 600 ${path}` }
      : { check: 'key file', state: 'ok', message: `${path}; keep a copy apart from the database` },
  ]
}

async function firmwareFolder({ firmwareDir }: Config): Promise<Finding[]> {
  try {
    await access(firmwareDir, constants.R_OK)
    return [{ check: 'firmware', state: 'ok', message: firmwareDir }]
  } catch {
    return [{ check: 'firmware', state: 'warning', message: `${firmwareDir} cannot be read: no firmware is served` }]
  }
}

function networks(config: Config): Finding[] {
  const { trustedNetworks: trusted, trustedProxies: proxies, unlimitedNetworks: unlimited } = config
  const trust = networkTrust({ trusted, proxies, unlimited }, localAddresses())
  const everything = trust.trusted.cidrs.find((cidr) => /\/0$/.test(cidr))
  if (everything !== undefined) {
    return [
      {
        check: 'networks',
        state: 'problem',
        message: `${everything} is trusted: anybody may fetch any phone's passwords`,
        hint: 'Set PHONEBOOT_TRUSTED_NETWORKS to the networks your phones are in',
      },
    ]
  }
  return [{ check: 'networks', state: 'ok', message: `config by MAC address for ${trust.trusted.cidrs.join(', ')}` }]
}

const WANTED_BUFFER = 4 * 1024 * 1024

async function receiveBuffer(): Promise<Finding[]> {
  if (process.platform !== 'linux') return []
  const granted = Number(await readFile('/proc/sys/net/core/rmem_max', 'utf8'))
  if (granted >= WANTED_BUFFER) return [{ check: 'receive buffer', state: 'ok', message: `${granted} bytes` }]
  return [
    {
      check: 'receive buffer',
      state: 'warning',
      message: `the kernel grants ${granted} bytes: many phones at once may have to ask twice`,
      hint: `sysctl -w net.core.rmem_max=${WANTED_BUFFER}`,
    },
  ]
}

/** Asks the three listeners as a stranger would. */
async function server(config: Config): Promise<Finding[]> {
  const http = await httpStatus(config.httpPort)
  if (http === undefined) {
    return [
      {
        check: 'server',
        state: 'warning',
        message: `nothing answers on HTTP port ${config.httpPort}`,
        hint: 'Start it: npm start',
      },
    ]
  }
  return [
    {
      check: 'HTTP',
      state: http === 404 ? 'ok' : 'warning',
      message: `port ${config.httpPort} answers ${http} to an unknown file`,
    },
    await tftpFinding(config),
    await sipFinding(config.sipPort),
  ]
}

function httpStatus(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/doctor', timeout: 3_000 }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(undefined))
    asked.end()
  })
}

async function tftpFinding({ tftpPort, tftpPortIsDefault }: Config): Promise<Finding> {
  for (const port of tftpPortIsDefault ? [69, 6969] : [tftpPort]) {
    try {
      await tftpGet({ host: '127.0.0.1', port, file: 'doctor' })
    } catch (error) {
      if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') {
        return port === 6969
          ? {
              check: 'TFTP',
              state: 'warning',
              message: 'listens on 6969',
              hint: 'Phones ask port 69: use HTTP, or grant CAP_NET_BIND_SERVICE',
            }
          : { check: 'TFTP', state: 'ok', message: `port ${port} answers` }
      }
    }
  }
  return { check: 'TFTP', state: 'problem', message: 'does not answer' }
}

function sipFinding(port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const done = (finding: Finding): void => {
      clearTimeout(timer)
      socket.close()
      resolve(finding)
    }
    const timer = setTimeout(
      () => done({ check: 'SIP', state: 'problem', message: `port ${port} does not answer` }),
      2_000,
    )
    socket.once('message', (answer) => {
      const status = answer.toString('latin1').split('\r\n')[0] ?? ''
      done({
        check: 'SIP',
        state: status.startsWith('SIP/2.0 200') ? 'ok' : 'warning',
        message: `port ${port} answers ${status}`,
      })
    })
    socket.once('error', (error) => done({ check: 'SIP', state: 'problem', message: error.message }))
    socket.bind(0, '127.0.0.1', () => {
      const { port: own } = socket.address()
      const lines = [
        `OPTIONS sip:127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bKdoctor${own};rport`,
        'Max-Forwards: 70',
        `From: <sip:doctor@127.0.0.1>;tag=doctor`,
        `To: <sip:127.0.0.1:${port}>`,
        `Call-ID: doctor-${own}@127.0.0.1`,
        'CSeq: 1 OPTIONS',
        'Content-Length: 0',
        '',
        '',
      ]
      socket.send(lines.join('\r\n'), port, '127.0.0.1')
    })
  })
}
