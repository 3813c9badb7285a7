import { z } from 'zod'
import { AppError } from '../domain/errors.js'

/** What a value of a file may stand for here. */
export const ASKS = ['site', 'group', 'role'] as const
export type Ask = (typeof ASKS)[number]

const columnSchema = z.union([
  z.string(),
  z.strictObject({
    /** Field, key column or setting; left out: kept as text under `imported.`. */
    to: z.string().optional(),
    /** Words of the other product -> ours; any case. A word that is not here stays as it is. */
    values: z.record(z.string(), z.string()).optional(),
    /** Of a list such as `udp,tcp` only the first counts: the preferred one. */
    list: z.literal('first').optional(),
    /** Never taken over, with the reason that the report gives. */
    leave: z.string().optional(),
    /** Its values mean something of ours, which the one who imports is asked for: a site, a group, a role. */
    ask: z.enum(ASKS).optional(),
  }),
])

const ruleSchema = z.strictObject({
  /** Column that must be filled for the rule to hold; left out: always. */
  when: z.string().optional(),
  /** And have this value, any case. */
  is: z.string().optional(),
  /** Columns that must be filled then. */
  needs: z.array(z.string()).optional(),
  /** Or: the row is refused, with these words. */
  refuse: z.string().optional(),
  severity: z.enum(['error', 'warning']).default('error'),
})

const profileSchema = z.strictObject({
  title: z.string(),
  about: z.string(),
  /** Headers that a file must have to be recognised, or several such lists; empty: only when asked for. */
  recognise: z.union([z.array(z.string()).transform((list) => [list]), z.array(z.array(z.string()))]),
  /** A row with a name and nothing of a line is somebody who has no number yet. */
  withoutNumber: z.boolean().default(false),
  /** Other headers for the same thing: ours -> theirs. */
  aliases: z.record(z.string(), z.array(z.string())).default({}),
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  columns: z.record(z.string(), columnSchema),
  rules: z.array(ruleSchema).default([]),
  /** Rows that a template shows. */
  example: z.array(z.record(z.string(), z.string())).min(1),
})

type Definition = z.output<typeof profileSchema>

/** Where a column of a profile goes. */
export interface ProfileColumn {
  /** As its product writes it. */
  readonly header: string
  readonly to: string | undefined
  readonly values: ReadonlyMap<string, string>
  readonly first: boolean
  readonly leave: string | undefined
  readonly ask: Ask | undefined
}

/** The columns of one product's files, as data (device-templates/import-profiles). */
export interface Profile extends Omit<Definition, 'columns' | 'aliases' | 'recognise'> {
  readonly id: string
  readonly columns: readonly ProfileColumn[]
  /** Each list names headers that a file must have. */
  readonly recognise: readonly (readonly string[])[]
  /** By `headerKey`, aliases too. */
  readonly byHeader: ReadonlyMap<string, ProfileColumn>
}

/** Headers are compared without case, blanks, dashes and underscores. */
export function headerKey(header: string): string {
  return header
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-./\u200b\ufeff*]+/gu, '')
}

/** Checks a profile as read from YAML. Throws TEMPLATES_INVALID naming the file. */
export function parseProfile(id: string, content: unknown): Profile {
  const parsed = profileSchema.safeParse(content)
  if (!parsed.success) {
    throw new AppError('TEMPLATES_INVALID', `import profile ${id}: ${z.prettifyError(parsed.error)}`)
  }
  const { columns: given, aliases, recognise, ...rest } = parsed.data
  const columns = Object.entries(given).map(([header, column]): ProfileColumn => {
    const {
      to,
      values = {},
      list,
      leave,
      ask,
    } = typeof column === 'string' ? { to: column } : { to: undefined, ...column }
    return {
      header,
      to,
      values: new Map(Object.entries(values).map(([theirs, ours]) => [theirs.toLowerCase(), ours])),
      first: list === 'first',
      leave,
      ask,
    }
  })
  const byHeader = new Map(columns.map((column) => [headerKey(column.header), column]))
  for (const [header, others] of Object.entries(aliases)) {
    const column = byHeader.get(headerKey(header))
    if (!column) throw new AppError('TEMPLATES_INVALID', `import profile ${id}: alias of ${header}, which is no column`)
    for (const other of others) if (!byHeader.has(headerKey(other))) byHeader.set(headerKey(other), column)
  }
  return { id, ...rest, recognise: recognise.filter((list) => list.length > 0), columns, byHeader }
}

/** The profile whose files look like this: of those recognised the one that knows the most columns, then the smallest. */
export function recogniseProfile(profiles: readonly Profile[], headers: readonly string[]): Profile | undefined {
  const keys = new Set(headers.map(headerKey))
  const known = ({ byHeader }: Profile): number => [...keys].filter((key) => byHeader.has(key)).length
  return profiles
    .filter(({ recognise, byHeader }) =>
      recognise.some((headers) => {
        const columns = headers.map((header) => byHeader.get(headerKey(header)))
        return columns.every((column) => [...keys].some((key) => byHeader.get(key) === column))
      }),
    )
    .sort((a, b) => known(b) - known(a) || a.columns.length - b.columns.length || (a.id < b.id ? -1 : 1))[0]
}
