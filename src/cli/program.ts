import { Command, CommanderError } from 'commander'
import { EXIT, writeError, writeReport, type ExitCode, type Io, type Report, type Run } from './output.js'

/** Runs a command that writes for itself, such as the server. */
type RunServer = (work: () => Promise<ExitCode>) => Promise<void>

type Define = (program: Command, io: Io, run: Run, runServer: RunServer) => void

const backup = async (): Promise<Define> => (await import('./backup.js')).backupCommands
const bulk = async (): Promise<Define> => (await import('./bulk.js')).bulkCommands

/** Where each command is defined, in the order of the help. Only the one that is asked for is read: starting is work. */
const COMMANDS: Readonly<Record<string, () => Promise<Define>>> = {
  serve: async () => {
    const { serveCommand } = await import('./serve.js')
    return (program, io, _run, runServer) => serveCommand(program, io, runServer)
  },
  demo: async () => {
    const { demoCommand } = await import('./demo.js')
    return (program, io, _run, runServer) => demoCommand(program, io, runServer)
  },
  simulate: async () => (await import('./simulate.js')).simulateCommand,
  migrate: async () => (await import('./migrate.js')).migrateCommand,
  extension: async () => (await import('./extension.js')).extensionCommands,
  device: async () => (await import('./device.js')).deviceCommands,
  phonebook: async () => (await import('./phonebook.js')).phonebookCommand,
  group: async () => (await import('./group.js')).groupCommands,
  webhook: async () => (await import('./webhook.js')).webhookCommands,
  mail: async () => (await import('./mail.js')).mailCommands,
  softphone: async () => (await import('./softphone.js')).softphoneCommands,
  strangers: async () => (await import('./strangers.js')).strangersCommand,
  bans: async () => (await import('./bans.js')).bansCommands,
  registrations: async () => (await import('./registrations.js')).registrationsCommand,
  settings: async () => (await import('./settings.js')).settingsCommands,
  render: async () => (await import('./render.js')).renderCommand,
  'move-in': async () => (await import('./move-in.js')).moveInCommand,
  import: bulk,
  export: bulk,
  template: bulk,
  backup,
  restore: backup,
  admin: async () => (await import('./admin.js')).adminCommands,
  phone: async () => (await import('./phone.js')).phoneCommands,
  'tftp-get': async () => (await import('./tftp-get.js')).tftpGetCommand,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
}

/** The definitions that this command line needs: of the command it names, else all, for the help. */
async function definitionsFor(args: readonly string[]): Promise<readonly Define[]> {
  const name = args.find((arg) => !arg.startsWith('-')) ?? ''
  const one = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (one) return [await one()]
  const definitions: Define[] = []
  for (const load of new Set(Object.values(COMMANDS))) definitions.push(await load())
  return definitions
}

/** Runs one command line (without node and script) and returns the exit code. */
export async function runCommandLine(args: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok
  const program = new Command('phoneboot')
  const asJson = (): boolean => Boolean(program.opts<{ json?: boolean }>().json)
  const guarded = async (work: () => Promise<ExitCode>): Promise<void> => {
    try {
      exit = await work()
    } catch (error) {
      if (error instanceof CommanderError) throw error
      exit = writeError(io, error, asJson())
    }
  }
  const run = (work: () => Promise<Report>): Promise<void> =>
    guarded(async () => writeReport(io, await work(), asJson()))

  program
    .description('Phone auto-provisioning server with a bundled SIP registrar')
    .option('--json', 'answer as JSON')
    .exitOverride()
    .showHelpAfterError('  Put --help behind a command to see what it takes')
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
  for (const define of await definitionsFor(args)) define(program, io, run, guarded)

  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return exit
}
