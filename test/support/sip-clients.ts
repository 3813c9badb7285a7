import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Real SIP clients that register at a server on loopback, driven from tests. None of them needs a sound card. */

/** Whom to register, and where. */
export interface SipCredentials {
  /** Number: user part of the address of record. */
  user: string
  authUser: string
  password: string
  /** Domain of the address of record; an address of the server will do. */
  domain: string
  /** Loopback address and port of the registrar. */
  server: string
  port: number
  transport: 'udp' | 'tcp' | 'tls'
  /** With TLS: the CA that the client trusts, PEM. */
  ca?: string
}

/** How a client fared; `output` holds all it said, for the report of a failure. */
export interface ClientRun {
  registered: boolean
  output: string
}

interface Run {
  command: string
  args: readonly string[]
  cwd: string
  env?: Record<string, string>
  /** Ends the client early: true in success, false in failure. Default: its exit status decides. */
  verdict?: (output: string) => boolean | undefined
  /** Sent to its standard input when the verdict is in, to let it leave politely. */
  farewell?: string
  /** Done while the client is up, before it leaves. */
  whileUp?: (() => Promise<void>) | undefined
  timeoutMs?: number
}

function assertLoopback(server: string): void {
  if (!/^127\.|^::1$|^localhost$/.test(server))
    throw new Error(`refusing to drive a client against ${server}: not loopback`)
}

/** A folder of its own for each run: configs and logs of clients go there and vanish with it. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'phoneboot-client-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs a client to its end, and no longer than the time-out. Async: the server may live in this process. */
function run({
  command,
  args,
  cwd,
  env = {},
  verdict,
  farewell = '',
  whileUp,
  timeoutMs = 20_000,
}: Run): Promise<ClientRun> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } })
    let output = ''
    let decided: boolean | undefined
    const kill = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const hear = (data: Buffer): void => {
      output += data.toString('latin1')
      if (decided !== undefined) return
      decided = verdict?.(output)
      if (decided === undefined) return
      if (decided && whileUp) void whileUp().finally(leave)
      else leave()
    }
    const leave = (): void => {
      // After a failure some clients ask for another password instead of listening.
      if (farewell === '' || !decided) child.kill('SIGTERM')
      else child.stdin.end(farewell)
    }
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', (error) => {
      output += String(error)
    })
    child.on('close', (status, signal) => {
      clearTimeout(kill)
      const registered = decided ?? (verdict === undefined && status === 0)
      resolve({ registered, output: `${output}\n[${command} ended: ${status ?? signal}]` })
    })
  })
}

/**
 * SIPp with a scenario of test/conformance/sipp; each user is one call, all of them at once.
 * `registered` means: every call ran through the scenario as written.
 */
export function runSipp(scenario: string, users: readonly SipCredentials[]): Promise<ClientRun> {
  const [first] = users
  if (!first) throw new Error('SIPp needs somebody to register')
  assertLoopback(first.server)
  return inFolder(async (folder) => {
    // SIPp takes no fields inside its authentication keyword, but the keyword inside a field.
    const fields = users.map(
      ({ user, authUser, password }) => `${user};[authentication username=${authUser} password=${password}]`,
    )
    await writeFile(join(folder, 'users.csv'), `SEQUENTIAL\n${fields.join('\n')}\n`)
    const scenarioFile = new URL(`../conformance/sipp/${scenario}`, import.meta.url).pathname
    const args = [
      `${first.server}:${first.port}`,
      ...['-sf', scenarioFile, '-inf', join(folder, 'users.csv')],
      ...['-i', '127.0.0.1', '-t', first.transport === 'tcp' ? 't1' : 'u1'],
      ...['-m', String(users.length), '-r', '50', '-l', '200'],
      ...['-timeout', '15s', '-timeout_error', '-nostdin'],
    ]
    return await run({ command: 'sipp', args, cwd: folder })
  })
}

/** A port of loopback that nobody has just now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

/** SIPp as a phone that is called on: `registered` means that one call ran through the scenario as written. */
export function runSippPhone(scenario: string, port: number): Promise<ClientRun> {
  return inFolder(async (folder) => {
    const scenarioFile = new URL(`../conformance/sipp/${scenario}`, import.meta.url).pathname
    const args = [...['-sf', scenarioFile, '-i', '127.0.0.1', '-p', String(port), '-t', 'u1', '-m', '1']]
    return await run({ command: 'sipp', args: [...args, '-timeout', '20s', '-timeout_error', '-nostdin'], cwd: folder })
  })
}

/** sipsak in user location mode: registers and checks the answer. Not over TLS, where it reads no answer. */
export function runSipsak(credentials: SipCredentials): Promise<ClientRun> {
  const { user, authUser, password, server, port, transport } = credentials
  assertLoopback(server)
  return inFolder((folder) => {
    const uri = `sip:${user}@${server}:${port}`
    const contact = `sip:${user}@127.0.0.1:9`
    const args = ['-U', '-C', contact, '-x', '120', '-s', uri, '-u', authUser, '-a', password, '-E', transport, '-vvv']
    return run({ command: 'sipsak', args, cwd: folder })
  })
}

/** baresip with one account, headless. */
export function runBaresip(credentials: SipCredentials, whileUp?: () => Promise<void>): Promise<ClientRun> {
  const { user, authUser, password, domain, server, port, transport, ca } = credentials
  assertLoopback(server)
  return inFolder(async (folder) => {
    if (ca !== undefined) await writeFile(join(folder, 'ca.pem'), ca)
    const config = [
      ...(ca === undefined ? [] : [`sip_cafile ${join(folder, 'ca.pem')}`]),
      'sip_listen 127.0.0.1:0',
      'audio_player none',
      'audio_source none',
      'audio_alert none',
      'module_path /usr/lib/baresip/modules',
      'module_app account.so',
      'module_app menu.so',
    ]
    const account =
      `"Test ${user}" <sip:${user}@${domain}:${port};transport=${transport}>;auth_user=${authUser};` +
      `auth_pass=${password};outbound="sip:${server}:${port};transport=${transport}";regint=300`
    await writeFile(join(folder, 'config'), `${config.join('\n')}\n`)
    await writeFile(join(folder, 'accounts'), `${account}\n`)
    return await run({
      command: 'baresip',
      args: ['-f', folder, '-s', '-t', '15'],
      cwd: folder,
      env: { HOME: folder },
      whileUp,
      verdict: (output) => {
        if (/200 OK[^\n]*\[\d+ bindings?\]/.test(output)) return true
        return /(40[134]|50\d) [A-Z][^\n]*\n[\s\S]*reg: .*(failed|40[13])/.test(output) ? false : undefined
      },
    })
  })
}

/** linphonec with one account, headless. */
export function runLinphonec(credentials: SipCredentials, whileUp?: () => Promise<void>): Promise<ClientRun> {
  const { user, authUser, password, domain, server, port, transport, ca } = credentials
  assertLoopback(server)
  return inFolder(async (folder) => {
    // Without its data folder linphonec stops and says nothing.
    await mkdir(join(folder, '.local/share/linphone'), { recursive: true })
    await mkdir(join(folder, '.config/linphone'), { recursive: true })
    const rc = [
      ...['[sip]', 'bind_address=127.0.0.1', 'sip_port=-1', 'sip_tcp_port=-1', 'sip_tls_port=-1', 'default_proxy=0'],
      ...(await trusting(folder, ca)),
      'guess_hostname=0',
      ...['[net]', 'mtu=0'],
      ...['[sound]', 'playback_dev_id=', 'capture_dev_id=', 'ringer_dev_id='],
      ...['[auth_info_0]', `username=${user}`, `userid=${authUser}`, `passwd=${password}`],
      ...['[proxy_0]', `reg_proxy=<sip:${server}:${port};transport=${transport}>`],
      `reg_identity=sip:${user}@${domain}:${port}`,
      ...['reg_expires=300', 'reg_sendregister=1', 'publish=0'],
    ]
    return await startLinphonec(folder, rc, /\[LinphoneRegistrationFailed\]/, whileUp)
  })
}

/**
 * linphonec with nothing but the address of its set-up, as an app that has scanned a code; ends once it is registered.
 * @param ca PEM; it trusts this one and no other, for the set-up as for SIP
 */
export function runLinphonecFrom(url: string, whileUp?: () => Promise<void>, ca?: string): Promise<ClientRun> {
  assertLoopback(new URL(url).hostname)
  return inFolder(async (folder) => {
    await mkdir(join(folder, '.local/share/linphone'), { recursive: true })
    await mkdir(join(folder, '.config/linphone'), { recursive: true })
    const rc = [
      ...['[sip]', 'bind_address=127.0.0.1', 'sip_port=-1', 'sip_tcp_port=-1', 'sip_tls_port=-1', 'guess_hostname=0'],
      ...(await trusting(folder, ca)),
      ...['[net]', 'mtu=0'],
      ...['[sound]', 'playback_dev_id=', 'capture_dev_id=', 'ringer_dev_id='],
      ...['[misc]', `config-uri=${url}`],
    ]
    const failed = /\[LinphoneRegistrationFailed\]|LinphoneConfiguringFailed|SSL handshake failed/
    return await startLinphonec(folder, rc, failed, whileUp)
  })
}

/** Lines of linphonec's section [sip] by which it trusts one CA only; none: it trusts whom the machine trusts. */
async function trusting(folder: string, ca: string | undefined): Promise<string[]> {
  if (ca === undefined) return []
  await writeFile(join(folder, 'ca.pem'), ca)
  return [`root_ca=${join(folder, 'ca.pem')}`, 'verify_server_certs=1']
}

/** Ends once linphonec has registered, or says what it says when it cannot. */
async function startLinphonec(
  folder: string,
  rc: readonly string[],
  failed: RegExp,
  whileUp?: () => Promise<void>,
): Promise<ClientRun> {
  await writeFile(join(folder, 'linphonerc'), `${rc.join('\n')}\n`)
  return await run({
    command: 'linphonec',
    args: ['-c', join(folder, 'linphonerc'), '-S', '-d', '6'],
    cwd: folder,
    env: { HOME: folder, XDG_CONFIG_HOME: join(folder, '.config'), XDG_DATA_HOME: join(folder, '.local/share') },
    farewell: 'quit\n',
    whileUp,
    verdict: (output) => {
      if (output.includes('[LinphoneRegistrationOk]')) return true
      return failed.test(output) ? false : undefined
    },
  })
}

/** baresip with a line of `accounts` as it was given out. */
export function runBaresipLine(line: string, whileUp?: () => Promise<void>): Promise<ClientRun> {
  assertLoopback(/outbound="sip:([^:]+):/.exec(line)?.[1] ?? '')
  return inFolder(async (folder) => {
    const config = [
      ...['sip_listen 127.0.0.1:0', 'audio_player none', 'audio_source none', 'audio_alert none'],
      ...['module_path /usr/lib/baresip/modules', 'module_app account.so', 'module_app menu.so'],
    ]
    await writeFile(join(folder, 'config'), `${config.join('\n')}\n`)
    await writeFile(join(folder, 'accounts'), line)
    return await run({
      command: 'baresip',
      args: ['-f', folder, '-s', '-t', '15'],
      cwd: folder,
      env: { HOME: folder },
      whileUp,
      verdict: (output) => {
        if (/200 OK[^\n]*\[\d+ bindings?\]/.test(output)) return true
        return /(40[134]|50\d) [A-Z][^\n]*\n[\s\S]*reg: .*(failed|40[13])/.test(output) ? false : undefined
      },
    })
  })
}
