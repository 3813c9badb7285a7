import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { DELIMITERS, ENCODINGS, type Delimiter, type Encoding } from '../bulk/decode.js'
import { DUPLICATE_RULES, type DuplicateRule } from '../bulk/duplicates.js'
import { STRATEGIES, type Strategy } from '../bulk/plan-parts.js'
import { NO_PAUSE } from '../bulk/pace.js'
import { resultCsv } from '../bulk/result.js'
import { AppError } from '../domain/errors.js'
import { actor, withInstallation } from './context.js'
import { exportCommands } from './export.js'
import { importLines } from './import-report.js'
import { EXIT, shownTime, table, type Io, type Report, type Run } from './output.js'
import { writeOut } from './write-file.js'

interface ImportFlags {
  dryRun?: boolean
  confirm?: string
  profile?: string
  map?: Record<string, string>
  mapValue?: Record<string, Record<string, string>>
  secretaryKeys?: boolean
  strategy?: Strategy
  duplicates?: DuplicateRule
  skipMistakes?: boolean
  encoding?: Encoding
  delimiter?: string
  result?: string
}

/** `import <csv>|list|undo`, `export`, `template` */
export function bulkCommands(program: Command, io: Io, run: Run): void {
  importCommands(program, io, run)
  exportCommands(program, io, run)
}

function importCommands(program: Command, io: Io, run: Run): void {
  const imports = program
    .command('import [csv]')
    .description('add and change people and phones from a CSV file (- is standard input): all rows or none')
    .option('--dry-run', 'only tell what would happen to each row')
    .option('--confirm <token>', 'only do what the dry run with this token told')
    .option('--profile <id>', 'whose columns they are; default: recognised by the headers; see template')
    .option(
      '--map <column=field>',
      'what a column is: a field, key1, a setting, keep or leave; may be repeated',
      mapOption,
      {},
    )
    .option(
      '--map-value <column:value=answer>',
      'what a value stands for: here, leave, keep, group:<name>, role:<name>; may be repeated, and is remembered',
      mapValueOption,
      {},
    )
    .option('--secretary-keys', 'give bosses and secretaries that belong together keys that watch each other')
    .addOption(
      new Option('--strategy <name>', 'for people and phones that are there').choices(STRATEGIES).default('update'),
    )
    .addOption(
      new Option('--duplicates <rule>', 'for rows that are there twice').choices(DUPLICATE_RULES).default('refuse'),
    )
    .option('--skip-mistakes', 'leave rows with mistakes out instead of refusing the file')
    .addOption(new Option('--encoding <name>', 'default: found out').choices(ENCODINGS))
    .option('--delimiter <character>', 'default: found out; tab is called tab')
    .option('--result <path>', 'write what became of each row to a CSV file')
    .action((file: string | undefined, flags: ImportFlags) => run(() => importFile(io, file, flags)))

  imports
    .command('list')
    .description('imports of the last 90 days, newest first')
    .action(() => run(() => withInstallation(io, async ({ bulk }) => listed(await bulk.imports()))))

  imports
    .command('undo <id>')
    .description('put everything back to what it was before an import; refused when something was changed since')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async ({ bulk }) => {
          const undone = await bulk.undoImport(actor(), id)
          return {
            json: undone,
            lines: [`Undone: ${undone.fileName ?? 'import'} of ${shownTime(undone.startedAt) ?? ''}`],
          }
        }),
      ),
    )
}

function mapOption(text: string, soFar: Record<string, string>): Record<string, string> {
  const at = text.lastIndexOf('=')
  if (at < 1) throw new InvalidArgumentError('must be column=field')
  return { ...soFar, [text.slice(0, at)]: text.slice(at + 1) }
}

function mapValueOption(
  text: string,
  soFar: Record<string, Record<string, string>>,
): Record<string, Record<string, string>> {
  const [, column, value, answer] = /^([^:]+):(.+)=([^=]+)$/.exec(text) ?? []
  if (column === undefined || value === undefined || answer === undefined)
    throw new InvalidArgumentError('must be column:value=answer')
  return { ...soFar, [column]: { ...soFar[column], [value]: answer } }
}

function delimiterOf(text: string | undefined): Delimiter | undefined {
  if (text === undefined) return undefined
  const found = DELIMITERS.find((one) => one === (text === 'tab' ? '\t' : text))
  if (found) return found
  throw new AppError('USAGE', `--delimiter: "${text.slice(0, 10)}" is none of , ; | tab`)
}

async function importFile(io: Io, file: string | undefined, flags: ImportFlags): Promise<Report> {
  if (file === undefined) throw new AppError('USAGE', 'import needs a CSV file, or - for standard input')
  const delimiter = delimiterOf(flags.delimiter)
  const bytes = await readBytes(io, file)
  const { dryRun = false, confirm, profile, map, strategy, duplicates, encoding } = flags
  return withInstallation(io, async ({ bulk }) => {
    const report = await bulk.importCsv(actor(), bytes, {
      fileName: file === '-' ? 'standard input' : file,
      dryRun,
      confirm,
      profile,
      choices: map,
      values: flags.mapValue,
      secretaryKeys: flags.secretaryKeys,
      strategy,
      duplicates,
      mode: flags.skipMistakes === true ? 'rows' : 'all',
      encoding,
      delimiter,
    })
    if (flags.result !== undefined) {
      await writeOut(resolve(io.folder, flags.result), await resultCsv(report.reports, NO_PAUSE), false)
    }
    const { reports, ...json } = report
    return {
      json: dryRun ? { ...json, rows: reports } : json,
      lines: importLines(report),
      exit: report.obstacles.length > 0 ? EXIT.problems : EXIT.ok,
    }
  })
}

function listed(
  imports: Awaited<ReturnType<Parameters<Parameters<typeof withInstallation>[1]>[0]['bulk']['imports']>>,
): Report {
  return {
    json: imports,
    lines: table(
      ['ID', 'WHEN', 'WHO', 'FILE', 'STATE', 'ROWS', 'NEW', 'CHANGED'],
      imports.map(({ id, startedAt, actor: who, fileName, state, summary }) => [
        id,
        shownTime(startedAt),
        who,
        fileName,
        state,
        summary?.rows,
        summary?.outcomes.new,
        summary?.outcomes.changed,
      ]),
    ),
  }
}

async function readBytes(io: Io, file: string): Promise<Uint8Array> {
  if (file === '-') return Buffer.from(await io.readInput(), 'utf8')
  try {
    return await readFile(resolve(io.folder, file))
  } catch (error) {
    throw new AppError('FILE_NOT_FOUND', `${file}: cannot be read`, { field: 'csv' }, { cause: error })
  }
}
