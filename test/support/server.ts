import { expect } from '@jest/globals'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The program as `npm start` and `npm run phoneboot` run it; `npm test` has built it before. */
export const PROGRAM = fileURLToPath(new URL('../../dist/phoneboot.js', import.meta.url))

/** For tests that start the program many times: some ten times what they take on an idle machine. */
export const SERVER_TEST_MS = 120_000
const READY_WITHIN_MS = 40_000
const COMMAND_WITHIN_MS = 40_000
const POLL_MS = 20

/** Port numbers of a running server. */
export interface ServerPorts {
  http: number
  https: number
  tftp: number
  sip: number
  sips: number
  admin: number
}

/** A program that ran to its end. */
export interface Ran {
  /** Exit code; null when it was killed. */
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Given to its standard input, which is closed after. */
  input?: string
  /** A program and arguments that run node, such as setpriv. */
  through?: readonly string[]
  /** Another copy of the program. */
  program?: string
  /** Killed after this time. */
  withinMs?: number
}

/** Nothing of the tester's own settings reaches the program. */
function cleanEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(PHONEBOOT_|NODE_OPTIONS$|JEST_|SUDO_)/.test(name))
  return { ...Object.fromEntries(own), ...env }
}

function launch(
  args: readonly string[],
  { env, cwd, through = [], program = PROGRAM }: RunOptions,
): ChildProcess & Piped {
  if (!existsSync(program)) throw new Error('dist/ is missing: run `npm test`, or `node build-if-needed.mjs` first')
  const [command = process.execPath, ...rest] = [...through, process.execPath, program, ...args]
  const options = { cwd: cwd ?? tmpdir(), env: cleanEnvironment(env), stdio: ['pipe', 'pipe', 'pipe'] as const }
  return spawn(command, rest, { ...options, stdio: [...options.stdio] }) as ChildProcess & Piped
}

type Piped = { stdin: NodeJS.WritableStream; stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }

/** What a child has written so far. */
class Output {
  stdout = ''
  stderr = ''
  readonly ended: Promise<number | null>

  constructor(readonly child: ChildProcess & Piped) {
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    child.stdin.on('error', () => undefined)
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code))
    })
  }
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = launch(args, options)
  const output = new Output(child)
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.withinMs ?? COMMAND_WITHIN_MS)
  const code = await output.ended
  clearTimeout(timer)
  return { code, stdout: output.stdout, stderr: output.stderr }
}

/** Exit code 1 with one clear line, perhaps with what to do; no stack, nothing on stdout. */
export function expectRefusal({ code, stdout, stderr }: Ran, line: RegExp): void {
  const told = stderr.split('\n').filter((text) => text !== '' && !text.startsWith('{'))
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(told[0]).toMatch(line)
  expect(told.slice(1).every((text) => text.startsWith('  '))).toBe(true)
  expect(told.length).toBeLessThanOrEqual(2)
  expect(stderr).not.toMatch(/^\s+at |"stack"|internal error/m)
  for (const text of stderr.split('\n').filter((one) => one.startsWith('{'))) {
    expect(JSON.parse(text)).toMatchObject({ level: expect.stringMatching(/^(info|warn)$/) })
  }
}

/** Asks again until `check` stops throwing, and gives what it returned; after the deadline its last error is thrown. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 5_000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
}

/** A line of the log. */
export type LogLine = { level: string; time: string; msg: string } & Record<string, unknown>

/** `phoneboot serve` as a child process, up and running. */
export class ServerProcess {
  constructor(
    private readonly output: Output,
    /** The line that told it is up. */
    readonly ready: Readonly<Record<string, unknown>>,
    readonly ports: ServerPorts,
  ) {}

  get pid(): number {
    return this.output.child.pid ?? 0
  }

  get stdout(): string {
    return this.output.stdout
  }

  get stderr(): string {
    return this.output.stderr
  }

  /** Exit code, when it has ended. */
  get ended(): Promise<number | null> {
    return this.output.ended
  }

  get hasEnded(): boolean {
    return this.output.child.exitCode !== null || this.output.child.signalCode !== null
  }

  /** Base address for HTTP requests, without a slash at the end. */
  get http(): string {
    return `http://127.0.0.1:${this.ports.http}`
  }

  /** As `http`, of the admin listener. */
  get admin(): string {
    return `http://127.0.0.1:${this.ports.admin}`
  }

  /** Ends when phones are served as the database has it: the server has seen as many phones as there are. */
  async knows(phones: number): Promise<void> {
    await eventually(async () => {
      const metrics = await (await fetch(`${this.admin}/metrics`)).text()
      const known = Number(/^phoneboot_devices (\d+)$/m.exec(metrics)?.[1])
      if (!(known >= phones)) throw new Error(`the server knows ${known} of ${phones} phones`)
    }, SERVER_TEST_MS)
  }

  logs(): LogLine[] {
    const complete = this.stderr.slice(0, this.stderr.lastIndexOf('\n') + 1)
    return complete
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine)
  }

  signal(signal: NodeJS.Signals): void {
    this.output.child.kill(signal)
  }

  /** Asks it to end, and gives the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), 15_000)
    const code = await this.ended
    clearTimeout(timer)
    return code
  }
}

/** A folder with everything an installation keeps, and the program on it. */
export class TestInstallation {
  readonly #servers: ServerProcess[] = []
  #ports: Partial<ServerPorts> = {}

  private constructor(
    readonly folder: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param env settings of server and commands; PHONEBOOT_TEST_… ones are not read by the program */
  static async create(env: Readonly<Record<string, string>> = {}): Promise<TestInstallation> {
    const folder = await mkdtemp(join(tmpdir(), 'phoneboot-server-'))
    // Others must be able to reach what lies inside: some tests run as another user.
    await chmod(folder, 0o755)
    return new TestInstallation(folder, env)
  }

  get dataDir(): string {
    return this.env.PHONEBOOT_DATA_DIR ?? join(this.folder, 'data')
  }

  get settings(): Record<string, string> {
    const { http = 0, https = 0, tftp = 0, sip = 0, sips = 0, admin = 0 } = this.#ports
    return {
      PHONEBOOT_DATA_DIR: this.dataDir,
      PHONEBOOT_FIRMWARE_DIR: join(this.folder, 'firmware'),
      PHONEBOOT_BIND: '127.0.0.1',
      // Many tests ask for what is not there, all from one address; those of limits take this back.
      PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8',
      // Commands are told the ports that the server got, as an operator's settings would tell them.
      PHONEBOOT_HTTP_PORT: String(http),
      PHONEBOOT_HTTPS_PORT: String(https),
      PHONEBOOT_TFTP_PORT: String(tftp),
      PHONEBOOT_SIP_PORT: String(sip),
      PHONEBOOT_SIPS_PORT: String(sips),
      PHONEBOOT_ADMIN_PORT: String(admin),
      ...this.env,
    }
  }

  /** Puts a file below firmware/. */
  async firmware(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.folder, 'firmware', path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }

  /** Starts the server and waits for its ready line. @throws Error with all it wrote when it ends before */
  async serve(options: RunOptions = {}): Promise<ServerProcess> {
    const child = launch(['serve'], { cwd: this.folder, ...options, env: { ...this.settings, ...options.env } })
    const output = new Output(child)
    child.stdin.end()
    const line = await readyLine(output)
    // What it logged before that line is in the other pipe by now, and read in this turn.
    await new Promise((resolve) => setImmediate(resolve))
    const ready = JSON.parse(line) as Record<string, unknown>
    const { http, https, tftp, sip, sips, admin } = ready as unknown as ServerPorts
    this.#ports = { http, https, tftp, sip, sips, admin }
    const server = new ServerProcess(output, ready, { http, https, tftp, sip, sips, admin })
    this.#servers.push(server)
    return server
  }

  /** Runs a command on the same data. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return runProgram(args, { cwd: this.folder, ...options, env: { ...this.settings, ...options.env } })
  }

  /** Runs a command inside the test's own process, which takes a fraction of the time of starting node. */
  async runHere(args: readonly string[]): Promise<Ran> {
    // A command of root takes on the owner of the data folder, for good: not here.
    const owner = existsSync(this.dataDir) ? statSync(this.dataDir).uid : process.getuid?.()
    if (owner !== process.getuid?.()) return this.run(args)
    const { runCommandLine } = await import('../../src/cli/program.js')
    const ran = { stdout: '', stderr: '' }
    const out = (text: string): void => void (ran.stdout += text)
    const code = await runCommandLine(args, {
      out,
      err: (text) => void (ran.stderr += text),
      readInput: () => Promise.resolve(''),
      env: this.settings,
      folder: this.folder,
      terminal: { write: out },
      stopped: () => new Promise(() => undefined),
    })
    return { code, ...ran }
  }

  /** Runs a command that must succeed, and gives its JSON. */
  async cli<T = unknown>(...args: string[]): Promise<T> {
    const ran = await this.runHere([...args, '--json'])
    if (ran.code !== 0) throw new Error(`phoneboot ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`)
    return JSON.parse(ran.stdout) as T
  }

  /** Imports people and phones, and waits until the servers that run serve them. */
  async import(csv: string): Promise<void> {
    const ran = await this.run(['import', '-'], { input: csv })
    if (ran.code !== 0) throw new Error(`import: exit code ${ran.code}\n${ran.stderr}`)
    const running = this.#servers.filter((server) => !server.hasEnded)
    if (running.length === 0) return
    const { length } = await this.cli<unknown[]>('device', 'list')
    await Promise.all(running.map((server) => server.knows(length)))
  }

  /** Ends its servers and deletes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()))
    await rm(this.folder, { recursive: true, force: true })
  }
}

function readyLine(output: Output): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer)
      reject(new Error(`the server is not up: ${why}\n${output.stdout}${output.stderr}`))
    }
    const timer = setTimeout(() => {
      output.child.kill('SIGKILL')
      fail(`no ready line within ${READY_WITHIN_MS / 1000} s`)
    }, READY_WITHIN_MS)
    const look = (): void => {
      const end = output.stdout.indexOf('\n')
      if (end < 0) return
      clearTimeout(timer)
      output.child.stdout.removeListener('data', look)
      resolve(output.stdout.slice(0, end))
    }
    output.child.stdout.on('data', look)
    output.ended.then((code) => fail(`it ended with ${code}`), fail)
  })
}
