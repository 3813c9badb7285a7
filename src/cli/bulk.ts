import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { DELIMITERS, ENCODINGS, type Delimiter, type Encoding } from '../bulk/decode.js'
import { DUPLICATE_RULES, type DuplicateRule } from '../bulk/duplicates.js'
import { SCOPES, type ExportOptions, type Scope } from '../bulk/export-rows.js'
import { STRATEGIES, type Strategy } from '../bulk/plan-parts.js'
import { NO_PAUSE } from '../bulk/pace.js'
import { resultCsv } from '../bulk/result.js'
import type { ImportReport } from '../bulk/at-once.js'
import { AppError } from '../domain/errors.js'
import { actor, withInstallation } from './context.js'
import { EXIT, shownTime, table, type Io, type Report, type Run } from './output.js'

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

/** Rows that a dry run shows; the rest is in --result and --json. */
const ROWS_SHOWN = 50

function importLines(report: ImportReport): string[] {
  const { people, phones, groups, warnings, dryRun, file, kept, unknown, left, repairs, obstacles, token, id } = report
  const would = dryRun ? 'would be ' : ''
  return [
    ...(dryRun && file ? fileLines(report) : []),
    ...obstacles.map(({ message }) => `Mistake: ${message}`),
    ...warnings.map(({ message }) => `Warning: ${message}`),
    ...repairs.map(({ repair, cells }) => `Mended: ${repair} in ${cells} cell(s)`),
    ...kept.map(({ column, setting, rows }) => `Kept for your PBX: ${column} of ${rows} row(s), as ${setting}`),
    ...report.questions.map(questionLine),
    ...report.secretaries.pairs
      .filter(({ isThere }) => !isThere)
      .map(
        ({ boss, secretary }) =>
          `Boss and secretary: ${boss} and ${secretary}; --secretary-keys gives each a key for the other`,
      ),
    ...report.secretaries.unclear.map(
      (context) => `Bosses and secretaries of "${context}": who belongs together is not clear`,
    ),
    ...unknown.map((column) => `Unknown column: ${column}; --map "${column}=..." says what it is`),
    ...left.map(({ column, reason }) => `Left out: ${column}${reason === undefined ? '' : ` (${reason})`}`),
    `People: ${people.added} ${would}added, ${people.changed} ${would}changed, ${people.unchanged} unchanged`,
    `Phones: ${phones.added} ${would}added, ${phones.changed} ${would}changed, ${phones.unchanged} unchanged`,
    ...(groups
      ? [`Groups: ${groups.added} ${would}added, ${groups.changed} ${would}changed, ${groups.unchanged} unchanged`]
      : []),
    ...(dryRun && obstacles.length === 0 && token !== '' ? [`To do just this: import --confirm ${token}`] : []),
    ...(id === undefined ? [] : [`To undo it: import undo ${id}`]),
  ]
}

function questionLine({ column, kind, value, rows, answer, by }: ImportReport['questions'][number]): string {
  const told = answer === undefined ? 'not known' : `${answer} (${by ?? ''})`
  const hint = by === 'said' || by === 'named' ? '' : `; --map-value "${column}:${value}=..." says what it is`
  return `Which ${kind}: ${column} ${value} of ${rows} row(s): ${told}${hint}`
}

function fileLines({ file, reports }: ImportReport): string[] {
  if (!file) return []
  const delimiter = file.delimiter === '\t' ? 'tab' : file.delimiter
  const shown = reports.filter(({ outcome }) => outcome !== 'same')
  return [
    `File: ${file.encoding}, delimiter ${delimiter}, profile ${file.profile ?? 'none'}`,
    ...table(
      ['COLUMN', 'IS'],
      file.columns.map(({ header, target }) => [header, target]),
    ),
    '',
    ...table(
      ['ROW', 'NUMBER', 'MAC', 'NAME', 'WHAT', 'CHANGES'],
      shown
        .slice(0, ROWS_SHOWN)
        .map(({ row, number, mac, name, outcome, changes }) => [
          row,
          number,
          mac,
          name,
          outcome,
          changes.map(({ field, before, after }) => `${field}: ${before ?? '-'} -> ${after ?? '-'}`).join('; '),
        ]),
    ),
    ...(shown.length > ROWS_SHOWN ? [`… and ${shown.length - ROWS_SHOWN} more rows; --result writes all`] : []),
    '',
  ]
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

async function exportFile(io: Io, flags: ExportFlags): Promise<Report> {
  const { output, scope, profile, from, to, search, bom = false, withPasswords = false } = flags
  return withInstallation(io, async ({ bulk }) => {
    const options: ExportOptions = { scope, profile, from, to, q: search, bom, passwords: withPasswords }
    const csv = await bulk.exportCsv(actor(), options)
    const rows = csv.split('\r\n').length - 2
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

/** With passwords the file is for its owner alone, also one that was there before and open to others. */
async function writeOut(path: string, csv: string, secret: boolean): Promise<void> {
  const file = await open(path, 'w', secret ? 0o600 : 0o644)
  try {
    if (secret && (await file.stat()).isFile()) await file.chmod(0o600)
    await file.writeFile(csv)
  } finally {
    await file.close()
  }
}
