import { Command, CommanderError } from 'commander'
import { backupCommands } from './backup.js'
import { bulkCommands } from './bulk.js'
import { demoCommand } from './demo.js'
import { deviceCommands } from './device.js'
import { doctorCommand } from './doctor.js'
import { extensionCommands } from './extension.js'
import { groupCommands } from './group.js'
import { migrateCommand } from './migrate.js'
import { EXIT, writeError, writeReport, type ExitCode, type Io, type Report } from './output.js'
import { phoneCommands } from './phone.js'
import { registrationsCommand } from './registrations.js'
import { renderCommand } from './render.js'
import { serveCommand } from './serve.js'
import { strangersCommand } from './strangers.js'
import { settingsCommands } from './settings.js'
import { simulateCommand } from './simulate.js'
import { tftpGetCommand } from './tftp-get.js'

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
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
  serveCommand(program, io, guarded)
  demoCommand(program, io, guarded)
  simulateCommand(program, io, run)
  migrateCommand(program, io, run)
  extensionCommands(program, io, run)
  deviceCommands(program, io, run)
  groupCommands(program, io, run)
  strangersCommand(program, io, run)
  registrationsCommand(program, io, run)
  settingsCommands(program, io, run)
  renderCommand(program, io, run)
  bulkCommands(program, io, run)
  backupCommands(program, io, run)
  phoneCommands(program, io, run)
  tftpGetCommand(program, io, run)
  doctorCommand(program, io, run)

  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  return exit
}
