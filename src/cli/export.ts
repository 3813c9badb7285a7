import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { SCOPES, type ExportOptions, type Scope } from '../bulk/export-rows.js'
import { actor, withInstallation } from './context.js'
import { table, type Io, type Report, type Run } from './output.js'
import { writeOut } from './write-file.js'

interface ExportFlags {
  output?: string
  scope: Scope
  profile?: string
  from?: string
  to?: string
  search?: string
  bom?: boolean
  withPasswords?: boolean
}

/** `export`, `template` */
export function exportCommands(program: Command, io: Io, run: Run): void {
  program
    .command('export')
    .description('people and phones as a CSV file that import reads')
    .option('--output <path>', 'default: standard output')
    .addOption(
      new Option('--scope <scope>', 'how much of people; all: phones, keys and settings too')
        .choices(SCOPES)
        .default('all'),
    )
    .option('--profile <id>', 'columns of this import profile')
    .option('--from <number>', 'only numbers from here')
    .option('--to <number>', 'only numbers up to here')
    .option(
      '--search <text>',
      'only people whose number, name, e-mail address or mobile number holds this, in any alphabet',
    )
    .option('--bom', 'with a byte order mark, by which Excel knows UTF-8')
    .option('--with-passwords', "with people's own SIP passwords; kept in the audit log")
    .action((flags: ExportFlags) => run(() => exportFile(io, flags)))

  program
    .command('template [profile]')
    .description('an empty CSV file of an import profile with an example row; without a name: list the profiles')
    .option('--output <path>', 'default: standard output')
    .action((profile: string | undefined, { output }: { output?: string }) => run(() => template(io, profile, output)))
}

async function exportFile(io: Io, flags: ExportFlags): Promise<Report> {
  const { output, scope, profile, from, to, search, bom = false, withPasswords = false } = flags
  return withInstallation(io, async ({ bulk }) => {
    const options: ExportOptions = { scope, profile, from, to, q: search, bom, passwords: withPasswords }
    const csv = await bulk.exportCsv(actor(), options)
    // Line breaks within quotes are no ends of rows.
    const rows = csv.replace(/"[^"]*"/g, '').split('\r\n').length - 2
    if (output === undefined) return { json: { rows, csv }, lines: [asLines(csv)] }
    await writeOut(resolve(io.folder, output), csv, withPasswords)
    return { json: { rows, output }, lines: [`${rows} row(s) written to ${output}`] }
  })
}

async function template(io: Io, profile: string | undefined, output: string | undefined): Promise<Report> {
  return withInstallation(io, async ({ bulk }) => {
    if (profile === undefined) {
      const profiles = (await bulk.profiles()).map(({ id, title, about }) => ({ id, title, about }))
      return {
        json: profiles,
        lines: table(
          ['PROFILE', 'TITLE', 'ABOUT'],
          profiles.map(({ id, title, about }) => [id, title, about]),
        ),
      }
    }
    const csv = await bulk.template(profile)
    if (output === undefined) return { json: { profile, csv }, lines: [asLines(csv)] }
    await writeOut(resolve(io.folder, output), csv, false)
    return { json: { profile, output }, lines: [`Written to ${output}`] }
  })
}

function asLines(csv: string): string {
  return csv.replace(/\r\n$/, '').replaceAll('\r\n', '\n')
}
