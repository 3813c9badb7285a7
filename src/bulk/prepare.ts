import type { DraftParts } from '../devices/draft.js'
import type { Problem } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { decodeText, type Delimiter, type Encoding } from './decode.js'
import type { DuplicateRule } from './duplicates.js'
import { LateSeals } from './late-seals.js'
import { readRows, type Reading, type ReadingParts } from './read-rows.js'
import { mapColumns, targetName, type Choices, type Mapping } from './mapping.js'
import type { Pace } from './pace.js'
import type { Existing, PlanParts, Strategy } from './plan-parts.js'
import { planImport, type ImportPlan } from './plan.js'
import type { Profile } from './profile.js'
import { pooledRandom } from './randomness.js'
import { countOutcomes, hasWarning, isError, type ImportSummary } from './report.js'
import type { ReadRow } from './row.js'
import { openTable, type TableRow } from './table.js'

/** `all`: every row or none; `rows`: rows with mistakes are left out. */
export const MODES = ['all', 'rows'] as const
export type Mode = (typeof MODES)[number]

/** How a file is to be imported. */
export interface ImportOptions {
  readonly fileName?: string | undefined
  /** Id of a profile; absent: recognised by the headers. */
  readonly profile?: string | undefined
  readonly choices?: Choices | undefined
  /** Default `update`. */
  readonly strategy?: Strategy | undefined
  /** Default `all`. */
  readonly mode?: Mode | undefined
  /** Default `refuse`. */
  readonly duplicates?: DuplicateRule | undefined
  readonly encoding?: Encoding | undefined
  readonly delimiter?: Delimiter | undefined
}

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
  readonly planned: ImportPlan
  readonly summary: ImportSummary
  /** Says which file, which options and which state of the data this is. */
  readonly token: string
  /** Mistakes that keep the import from being run. */
  readonly obstacles: readonly Problem[]
}

export type Stage = 'reading' | 'checking' | 'writing'
/** Called often, with what is done of how much. */
export type Progress = (stage: Stage, done: number, total: number) => void

export interface PrepareParts extends Omit<DraftParts, 'siteId'>, ReadingParts {
  readonly siteId: string
  readonly vocabulary: Vocabulary
  readonly profiles: readonly Profile[]
  isSecret(key: string): boolean
}

/** Rows that tell what the columns of a file are. */
const HEAD_ROWS = 20

export interface PrepareHooks {
  readonly pace: Pace
  readonly progress: Progress
}

/** Reads a file: encoding, delimiter, columns, rows. Throws CSV_INVALID for a file that cannot be read at all. */
async function readFile(
  bytes: Uint8Array,
  options: ImportOptions,
  parts: PrepareParts,
  { pace, progress }: PrepareHooks,
): Promise<{ file: FileView; mapping: Mapping; reading: Reading }> {
  const { text, encoding } = decodeText(bytes, options.encoding)
  const table = openTable(text, options.delimiter)
  const rest = table.rows(pace, (done, total) => progress('reading', done, total))
  const head: TableRow[] = []
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    head.push(next.value)
    if (head.length === HEAD_ROWS) break
  }
  const { profiles, vocabulary } = parts
  const mapping = mapColumns({ ...options, rows: head, profiles, vocabulary })
  const samples = mapping.hasHeader ? head.slice(1) : head
  const reading = await readRows(samples, rest, mapping, parts)
  return { file: fileView(table.delimiter, samples, encoding, mapping), mapping, reading }
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

/** What checked rows would do. */
export async function planRows(
  rows: readonly ReadRow[],
  options: ImportOptions,
  existing: Existing,
  parts: PrepareParts,
  { pace, progress }: PrepareHooks,
): Promise<ImportPlan> {
  const seals = new LateSeals(parts.secrets, (key) => parts.isSecret(key))
  const planParts: Omit<PlanParts, 'numberOf'> = {
    ...parts,
    secrets: seals,
    random: pooledRandom(parts.random),
    strategy: options.strategy ?? 'update',
  }
  const planned = await planImport(
    rows,
    existing,
    planParts,
    { duplicates: options.duplicates ?? 'refuse' },
    { pace, progress: (done, total) => progress('checking', done, total) },
  )
  return { ...planned, plan: { ...planned.plan, seals } }
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
  { reports, people, phones }: ImportPlan,
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
  return {
    rows: reports.length,
    outcomes: countOutcomes(reports),
    warnings: reports.filter(hasWarning).length,
    people,
    phones,
    kept,
    unknown: mapping.columns.filter(({ unknown }) => unknown).map(({ header }) => header),
    left: mapping.columns.flatMap(({ header, target }) =>
      target.kind === 'left'
        ? [{ column: header, ...(target.reason === undefined ? {} : { reason: target.reason }) }]
        : [],
    ),
    repairs: [...repairs].map(([repair, cells]) => ({ repair, cells })),
  }
}

/** Mistakes that keep everything out: of the file itself always, of rows when it is to be all or none. */
function obstaclesOf({ reports }: ImportPlan, { columns }: Mapping, { mode = 'all' }: ImportOptions): Problem[] {
  const isThere = columns.some(
    ({ target }) => target.kind === 'field' && (target.field === 'number' || target.field === 'mac'),
  )
  if (!isThere) {
    const message = 'row 1: no column is known to be the number or the MAC address; say which one is'
    return [{ code: 'CSV_INVALID', row: 1, column: 'number', message }]
  }
  if (reports.length === 0) return [{ code: 'CSV_INVALID', row: 1, message: 'row 1: there is no row to import' }]
  return mode === 'all' ? reports.flatMap(({ problems }) => problems.filter(isError)) : []
}

/** The same for the same file, options and data; another one as soon as any of them differs. */
function tokenOf(fileDigest: string, options: ImportOptions, basis: readonly string[]): string {
  const { profile, choices, strategy, mode, duplicates, encoding, delimiter } = options
  const asked = { profile, choices, strategy, mode, duplicates, encoding, delimiter }
  return sha256Hex(JSON.stringify([fileDigest, asked, basis])).slice(0, 32)
}
