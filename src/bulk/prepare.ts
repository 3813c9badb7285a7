import type { Problem } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { tidy } from './damage.js'
import { decodeText, type Delimiter, type Encoding } from './decode.js'
import { readRows, type Reading } from './read-rows.js'
import type { ImportOptions, PrepareHooks, PrepareParts } from './import-options.js'
import { mapColumns, targetName, type Mapping } from './mapping.js'
import type { Existing } from './plan-parts.js'
import { planRows, type RowsPlan } from './plan-rows.js'
import { refuseOtherKinds } from './file-kinds.js'
import { saysWho } from './headers.js'
import type { ReadRow } from './row.js'
import { countOutcomes, groupCounts, hasWarning, isError, type ImportSummary } from './report.js'
import { openTable, type TableRow } from './table.js'
import { unanswered } from './value-questions.js'

/** A column as the one who imports sees it. */
export interface ColumnView {
  readonly header: string
  /** Name of what it is, as choices give it. */
  readonly target: string
  /** Nobody knows it. */
  readonly unknown: boolean
  /** The first values. */
  readonly samples: readonly string[]
}

/** What was found out about a file. */
export interface FileView {
  readonly encoding: Encoding
  readonly delimiter: Delimiter
  readonly hasHeader: boolean
  readonly profile?: string
  readonly columns: readonly ColumnView[]
}

/** A file worked out against what there is; nothing is written yet. */
export interface Prepared {
  readonly file: FileView
  readonly planned: RowsPlan
  readonly summary: ImportSummary
  /** Says which file, which options and which state of the data this is. */
  readonly token: string
  /** Mistakes that keep the import from being run. */
  readonly obstacles: readonly Problem[]
}

/** Rows that tell what the columns of a file are. */
const HEAD_ROWS = 20

/** Reads a file: encoding, delimiter, columns, rows. Throws CSV_INVALID for a file that cannot be read at all. */
async function readFile(
  bytes: Uint8Array,
  options: ImportOptions,
  parts: PrepareParts,
  { pace, progress }: PrepareHooks,
): Promise<{ file: FileView; mapping: Mapping; reading: Reading }> {
  refuseOtherKinds(bytes)
  const { text, encoding, mixed = 0 } = decodeText(bytes, options.encoding)
  const table = openTable(text, options.delimiter)
  const rest = table.rows(pace, (done, total) => progress('reading', done, total))
  const head: TableRow[] = []
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    head.push(next.value)
    if (head.length === HEAD_ROWS) break
  }
  const { profiles, vocabulary } = parts
  const mapping = mapColumns({ ...options, rows: head, profiles, vocabulary })
  const samples = mapping.hasHeader ? head.slice(mapping.above + 1) : head
  const reading = await readRows(samples, rest, mapping, parts)
  const above = mapping.hasHeader ? head.slice(0, mapping.above).map(aboveHeaders) : []
  const file = fileView(table.delimiter, samples, encoding, mapping)
  if (mixed > 0) reading.repairs.set('mixed-encodings', mixed)
  return {
    file,
    mapping,
    reading: { ...reading, rows: above.length === 0 ? reading.rows : [...above, ...reading.rows] },
  }
}

/** A title, a date, names of groups of columns. */
function aboveHeaders({ row, cells }: TableRow): ReadRow {
  const name = cells
    .map(tidy)
    .filter((cell) => cell !== '')
    .join(' ')
    .slice(0, 60)
  return { row, number: '', mac: '', name, problems: [], leftOut: 'stands above the headers' }
}

/** Works out what the rows would do. Nothing is sealed yet: that is done as they are written. */
export async function prepare(
  bytes: Uint8Array,
  options: ImportOptions,
  existing: Existing,
  parts: PrepareParts,
  hooks: PrepareHooks,
): Promise<Prepared> {
  const { file, mapping, reading } = await readFile(bytes, options, parts, hooks)
  const planned = await planRows(reading.rows, options, existing, parts, hooks)
  return {
    file,
    planned,
    summary: summarise(planned, parts.vocabulary, mapping, reading),
    token: tokenOf(sha256Hex(bytes), options, planned.basis),
    obstacles: obstaclesOf(planned, mapping, options),
  }
}

/** Values of a column that are shown. */
const SAMPLES = 3

function fileView(
  delimiter: Delimiter,
  rows: readonly TableRow[],
  encoding: Encoding,
  { profile, columns, hasHeader }: Mapping,
): FileView {
  const samples = rows.slice(0, SAMPLES)
  return {
    encoding,
    delimiter,
    hasHeader,
    ...(profile ? { profile: profile.id } : {}),
    columns: columns.map(({ header, target, unknown }, index) => ({
      header,
      target: targetName(target),
      unknown,
      // A password is nobody's business.
      samples: isSecretTarget(targetName(target)) ? [] : samples.map(({ cells }) => (cells[index] ?? '').slice(0, 40)),
    })),
  }
}

function isSecretTarget(name: string): boolean {
  return /password|pin$|secret/i.test(name)
}

function summarise(
  { plan, reports, people, phones, groups }: RowsPlan,
  vocabulary: Vocabulary,
  mapping: Mapping,
  { repairs, filled }: Pick<Reading, 'repairs' | 'filled'>,
): ImportSummary {
  const kept = mapping.columns.flatMap(({ header, target }, index) => {
    const rows = filled[index] ?? 0
    if ((target.kind !== 'setting' && target.kind !== 'kept') || rows === 0) return []
    const isOurs = target.kind === 'setting' && vocabulary.get(target.key)?.actedOnBy !== 'pbx'
    return isOurs ? [] : [{ column: header, setting: target.key, rows }]
  })
  const mailable = plan.createExtensions.filter(({ email }) => email !== undefined).length
  return {
    rows: reports.length,
    outcomes: countOutcomes(reports),
    warnings: reports.filter(hasWarning).length,
    people,
    phones,
    ...groupCounts(groups),
    ...(mailable === 0 ? {} : { mailable }),
    kept,
    unknown: mapping.columns
      .filter(({ unknown }, index) => unknown && (mapping.headers[index] !== '' || (filled[index] ?? 0) > 0))
      .map(({ header }) => header),
    left: mapping.columns.flatMap(({ header, target }) =>
      target.kind === 'left'
        ? [{ column: header, ...(target.reason === undefined ? {} : { reason: target.reason }) }]
        : [],
    ),
    repairs: [...repairs].map(([repair, cells]) => ({ repair, cells })),
  }
}

/** Mistakes that keep everything out: of the file itself always, of rows when it is to be all or none. */
function obstaclesOf(
  { reports, questions }: RowsPlan,
  { columns, profile }: Mapping,
  { mode = 'all' }: ImportOptions,
): Problem[] {
  if (!columns.some(({ target }) => saysWho(target)) && profile?.withoutNumber !== true) {
    const message = 'row 1: no column is known to be the number or the MAC address; say which one is'
    return [{ code: 'CSV_INVALID', row: 1, column: 'number', message }]
  }
  if (reports.length === 0) return [{ code: 'CSV_INVALID', row: 1, message: 'row 1: there is no row to import' }]
  const open = unanswered(questions)
  if (open.length > 0) return open
  return mode === 'all' ? reports.flatMap(({ problems }) => problems.filter(isError)) : []
}

/** The same for the same file, options and data; another one as soon as any of them differs. */
function tokenOf(fileDigest: string, options: ImportOptions, basis: readonly string[]): string {
  const { profile, choices, values, secretaryKeys, strategy, mode, duplicates, encoding, delimiter } = options
  const asked = { profile, choices, values, secretaryKeys, strategy, mode, duplicates, encoding, delimiter }
  return sha256Hex(JSON.stringify([fileDigest, asked, basis])).slice(0, 32)
}
