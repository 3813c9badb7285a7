import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { actor, withInstallation } from './context.js'
import type { Io, Report, Run } from './output.js'

/** `import <csv>`, `export` */
export function bulkCommands(program: Command, io: Io, run: Run): void {
  program
    .command('import <csv>')
    .description('add and change people and phones from a CSV file (- is standard input): all rows or none')
    .option('--dry-run', 'only tell what would happen')
    .action((file: string, { dryRun = false }: { dryRun?: boolean }) => run(() => importFile(io, file, dryRun)))

  program
    .command('export')
    .description('people and phones as a CSV file that import reads')
    .option('--output <path>', 'default: standard output')
    .option('--with-passwords', "with people's own SIP passwords; kept in the audit log")
    .action(({ output, withPasswords = false }: { output?: string; withPasswords?: boolean }) =>
      run(() => exportFile(io, output, withPasswords)),
    )
}

async function importFile(io: Io, file: string, dryRun: boolean): Promise<Report> {
  const bytes = await readBytes(io, file)
  return withInstallation(io, async ({ bulk }) => {
    const report = await bulk.importCsv(actor(), bytes, { dryRun, source: file })
    const { people, phones, warnings } = report
    const would = dryRun ? 'would be ' : ''
    return {
      json: report,
      lines: [
        ...warnings.map(({ message }) => `Warning: ${message}`),
        `People: ${people.added} ${would}added, ${people.changed} ${would}changed, ${people.unchanged} unchanged`,
        `Phones: ${phones.added} ${would}added, ${phones.changed} ${would}changed, ${phones.unchanged} unchanged`,
      ],
    }
  })
}

async function readBytes(io: Io, file: string): Promise<Uint8Array> {
  if (file === '-') return Buffer.from(await io.readInput(), 'utf8')
  try {
    return await readFile(resolve(io.folder, file))
  } catch (error) {
    throw new AppError('FILE_NOT_FOUND', `${file}: cannot be read`, { field: 'csv' }, { cause: error })
  }
}

async function exportFile(io: Io, output: string | undefined, withPasswords: boolean): Promise<Report> {
  return withInstallation(io, async ({ bulk }) => {
    const csv = await bulk.exportCsv(actor(), { passwords: withPasswords })
    const rows = csv.split('\r\n').length - 2
    if (output === undefined) return { json: { rows, csv }, lines: [csv.replace(/\r\n$/, '').replaceAll('\r\n', '\n')] }
    await writeExport(resolve(io.folder, output), csv, withPasswords)
    return { json: { rows, output }, lines: [`${rows} row(s) written to ${output}`] }
  })
}

/** With passwords the file is for its owner alone, also one that was there before and open to others. */
async function writeExport(path: string, csv: string, secret: boolean): Promise<void> {
  const file = await open(path, 'w', secret ? 0o600 : 0o644)
  try {
    if (secret && (await file.stat()).isFile()) await file.chmod(0o600)
    await file.writeFile(csv)
  } finally {
    await file.close()
  }
}
