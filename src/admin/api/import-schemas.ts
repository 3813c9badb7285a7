import { z } from 'zod'
import { DELIMITERS, ENCODINGS } from '../../bulk/decode.js'
import { DUPLICATE_RULES } from '../../bulk/duplicates.js'
import type { ImportView } from '../../bulk/open-import.js'
import { STRATEGIES } from '../../bulk/plan-parts.js'
import { MODES, type ImportOptions } from '../../bulk/import-options.js'
import { ASKS } from '../../bulk/profile.js'
import { ROW_OUTCOMES } from '../../bulk/report.js'
import { AppError } from '../../domain/errors.js'
import { flag, problem, text, time } from './schemas.js'

/** What imports take and give by the API. */

const CHOICES_MAX = 200
const delimiterName = z.enum([',', ';', '|', 'tab'])
const choices = z.record(z.string().max(200), z.string().max(200))
const answers = z.record(z.string().max(200), choices)

/** How a file is to be read and written, as query parameters. */
export const importQuery = {
  profile: text.optional().meta({ description: 'Import profile; default: recognised by the headers' }),
  map: z.string().max(20_000).optional().meta({
    description: 'JSON object: header of a column -> field, key1, setting, keep or leave',
    example: '{"Handset":"mac"}',
  }),
  values: z.string().max(100_000).optional().meta({
    description: 'JSON object: header of a column -> value -> what it stands for, as `questions` of the preview ask',
    example: '{"entityid":{"1":"here","2":"leave"}}',
  }),
  secretaryKeys: flag.optional().meta({
    description: 'Bosses and secretaries that `secretaries` of the preview names get keys that watch each other',
  }),
  strategy: z
    .enum(STRATEGIES)
    .optional()
    .meta({ description: 'For people and phones that are there; default: update' }),
  mode: z
    .enum(MODES)
    .optional()
    .meta({ description: 'all: every row or none (default); rows: leave out rows with mistakes' }),
  duplicates: z
    .enum(DUPLICATE_RULES)
    .optional()
    .meta({ description: 'For rows that are there twice; default: refuse' }),
  encoding: z.enum(ENCODINGS).optional().meta({ description: 'Default: found out' }),
  delimiter: delimiterName.optional().meta({ description: 'Default: found out' }),
}

/** The same as JSON, for another look at an open file. */
export const importChanges = z.strictObject({
  profile: text.optional(),
  map: choices.optional(),
  values: answers.optional(),
  secretaryKeys: z.boolean().optional(),
  strategy: z.enum(STRATEGIES).optional(),
  mode: z.enum(MODES).optional(),
  duplicates: z.enum(DUPLICATE_RULES).optional(),
  encoding: z.enum(ENCODINGS).optional(),
  delimiter: delimiterName.optional(),
})

type Changes = z.output<typeof importChanges>

/** Options of the use case, without those that were not given. Throws REQUEST_INVALID for a map that is none. */
export function importOptions(
  given: Omit<Changes, 'map' | 'values'> & {
    map?: string | Changes['map']
    values?: string | Changes['values']
    site?: unknown
  },
): ImportOptions {
  const { map, values, secretaryKeys, delimiter, profile, strategy, mode, duplicates, encoding } = given
  const found = {
    profile: profile === '' ? undefined : profile,
    choices: typeof map === 'string' ? choicesOf(map) : map,
    values: typeof values === 'string' ? answersOf(values) : values,
    secretaryKeys,
    strategy,
    mode,
    duplicates,
    encoding,
    delimiter:
      delimiter === undefined ? undefined : DELIMITERS.find((one) => one === (delimiter === 'tab' ? '\t' : delimiter)),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as ImportOptions
}

function choicesOf(text_: string): Changes['map'] {
  const parsed = choices.safeParse(jsonOf(text_))
  if (parsed.success && Object.keys(parsed.data).length <= CHOICES_MAX) return parsed.data
  throw new AppError('REQUEST_INVALID', 'map: must be a JSON object of columns and what they are', { field: 'map' })
}

function answersOf(text_: string): Changes['values'] {
  const parsed = answers.safeParse(jsonOf(text_))
  if (parsed.success) return parsed.data
  throw new AppError('REQUEST_INVALID', 'values: must be a JSON object of columns, their values and what these are', {
    field: 'values',
  })
}

function jsonOf(text_: string): unknown {
  try {
    return JSON.parse(text_)
  } catch {
    return undefined
  }
}

const question = z
  .object({
    column: z.string(),
    kind: z.enum(ASKS),
    value: z.string(),
    rows: z.number().int(),
    answers: z.array(z.string()).meta({ description: 'here: this site; leave: left out; keep: kept as it is' }),
    answer: z.string().optional().meta({ description: 'Absent: nobody knows, and the import waits for it' }),
    by: z.enum(['said', 'remembered', 'named', 'assumed']).optional(),
  })
  .meta({ id: 'ImportQuestion', description: 'A value that stands for a site, group or role here' })

const secretaries = z
  .object({
    pairs: z.array(z.object({ boss: z.string(), secretary: z.string(), isThere: z.boolean() })),
    unclear: z
      .array(z.string())
      .meta({ description: 'Contexts with several of both: nothing says who belongs together' }),
  })
  .meta({ id: 'SecretaryProposal', description: 'Keys that watch each other; given only with secretaryKeys' })

const counts = z.object({ added: z.number().int(), changed: z.number().int(), unchanged: z.number().int() })

const importSummary = z
  .object({
    rows: z.number().int(),
    outcomes: z.object({
      new: z.number().int(),
      changed: z.number().int(),
      same: z.number().int(),
      exists: z.number().int(),
      left: z
        .number()
        .int()
        .optional()
        .meta({ description: 'Of another site; absent before there was such an outcome' }),
      duplicate: z.number().int(),
      error: z.number().int(),
    }),
    warnings: z.number().int().meta({ description: 'Rows with a warning' }),
    people: counts,
    phones: counts,
    groups: counts.optional().meta({ description: 'Groups that are made or whose keys are told; absent: none' }),
    mailable: z.number().int().optional().meta({
      description: 'People who are added and have an e-mail address: they may be sent welcome mails afterwards',
    }),
    kept: z
      .array(z.object({ column: z.string(), setting: z.string(), rows: z.number().int() }))
      .meta({ description: 'Kept for your PBX: values that nobody here acts on' }),
    unknown: z.array(z.string()).meta({ description: 'Columns that nobody knows; kept as text' }),
    left: z.array(z.object({ column: z.string(), reason: z.string().optional() })),
    repairs: z.array(z.object({ repair: z.string(), cells: z.number().int() })),
  })
  .meta({ id: 'ImportSummary' })

/** What an import at one go did, or would do. */
export const importReport = importSummary
  .omit({ warnings: true })
  .extend({
    dryRun: z.boolean(),
    id: z.string().optional().meta({ description: 'To undo it; absent after a dry run' }),
    token: z.string().meta({ description: 'Of a dry run: for confirm' }),
    questions: z.array(question),
    secretaries,
    warnings: z.array(problem),
  })
  .meta({ id: 'ImportReport' })

const file = z.object({
  encoding: z.enum(ENCODINGS),
  delimiter: delimiterName,
  hasHeader: z.boolean(),
  profile: z.string().optional(),
  columns: z.array(
    z.object({ header: z.string(), target: z.string(), unknown: z.boolean(), samples: z.array(z.string()) }),
  ),
})

export const importJob = z
  .object({
    id: z.string(),
    state: z
      .enum(['reading', 'preview', 'running', 'done', 'failed', 'cancelled', 'interrupted', 'undone'])
      .meta({ description: 'interrupted: the server ended before the import did; nothing of it was written' }),
    fileName: z.string().optional(),
    actor: z.string(),
    started: time,
    finished: time.optional(),
    undone: time.optional(),
    undoneBy: z.string().optional(),
    profile: z.string().optional(),
    options: importChanges.optional(),
    file: file.optional(),
    progress: z
      .object({ stage: z.enum(['reading', 'checking', 'writing']), done: z.number().int(), total: z.number().int() })
      .optional(),
    summary: importSummary.optional(),
    token: z.string().optional().meta({ description: 'Confirms just this preview' }),
    questions: z.array(question).optional(),
    secretaries: secretaries.optional(),
    obstacles: z.array(problem).optional().meta({ description: 'What keeps it from being run, 100 at most' }),
    error: z.string().optional(),
  })
  .meta({ id: 'Import' })

export const importRow = z
  .object({
    row: z.number().int(),
    number: z.string(),
    mac: z.string(),
    name: z.string(),
    outcome: z.enum(ROW_OUTCOMES),
    changes: z.array(z.object({ field: z.string(), before: z.string().optional(), after: z.string().optional() })),
    problems: z.array(problem),
  })
  .meta({ id: 'ImportRow' })

export function shownImport(view: ImportView): z.input<typeof importJob> {
  const { startedAt, finishedAt, undoneAt, options, file: found, ...rest } = view
  const iso = (at: number): string => new Date(at).toISOString()
  const named = (delimiter: string): z.output<typeof delimiterName> => (delimiter === '\t' ? 'tab' : (delimiter as ','))
  const { fileName, choices: map, delimiter, ...asked } = options ?? {}
  void fileName
  return JSON.parse(
    JSON.stringify({
      ...rest,
      started: iso(startedAt),
      finished: finishedAt === undefined ? undefined : iso(finishedAt),
      undone: undoneAt === undefined ? undefined : iso(undoneAt),
      options: options && { ...asked, map, delimiter: delimiter === undefined ? undefined : named(delimiter) },
      file: found && { ...found, delimiter: named(found.delimiter) },
    }),
  ) as z.input<typeof importJob>
}
