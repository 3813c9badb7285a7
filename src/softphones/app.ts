import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { SOFTPHONE_TRANSPORTS } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { compileDocument, DOCUMENT_KINDS, type DocumentTemplate } from './document.js'

/** Platforms that a softphone app runs on. */
const PLATFORMS = ['android', 'ios', 'windows', 'macos', 'linux'] as const

/** What the code of an app holds: the address it fetches its set-up from, the set-up itself, or a page for people. */
const CODE_KINDS = ['address', 'document', 'page'] as const

const text = z.string().min(1).max(400)
const words = z.strictObject({ en: z.array(text).min(1), de: z.array(text).min(1) })

const manifest = z.strictObject({
  name: text,
  platforms: z.array(z.enum(PLATFORMS)).min(1),
  price: z.enum(['free', 'paid', 'both']),
  website: z.url({ protocol: /^https$/ }),
  transports: z.array(z.enum(SOFTPHONE_TRANSPORTS)).min(1),
  code: z.enum(CODE_KINDS),
  /** Fetches that a code allows. */
  uses: z.int().min(1).max(20).default(2),
  /** How long a code lives. */
  minutes: z.int().min(1).max(10_080).default(1_440),
  /** What the app calls to be set up by a tap, made from the code's address. */
  link: text.optional(),
  document: z
    .strictObject({
      kind: z.enum(DOCUMENT_KINDS),
      type: text,
      file: z.string().regex(/^[\w.-]{1,60}$/),
      encoding: z.enum(['utf-8', 'utf-16le']).default('utf-8'),
      /** Line ends as Windows has them. */
      crlf: z.boolean().default(false),
      text: z.string().min(1).max(8_000),
    })
    .optional(),
  /** What a person types where the app takes no file, under the names the app gives them. */
  fields: z.array(z.strictObject({ label: text, value: text, secret: z.boolean().default(false) })).min(1),
  steps: words,
})

type Manifest = z.output<typeof manifest>

/** A line of the sheet that a person types from. */
export interface SoftphoneField {
  label: string
  value: DocumentTemplate
  secret: boolean
}

/** A softphone app as its file in device-templates/softphones describes it. */
export interface SoftphoneApp extends Omit<Manifest, 'document' | 'fields' | 'link'> {
  /** Name of its file without `.yaml`. */
  id: string
  link?: DocumentTemplate
  document?: Omit<NonNullable<Manifest['document']>, 'text'> & { render: DocumentTemplate }
  fields: readonly SoftphoneField[]
}

export type SoftphoneApps = ReadonlyMap<string, SoftphoneApp>

/**
 * Reads the apps; a later file of a name replaces an earlier one.
 * @param sources text of each file by its id
 * @throws AppError TEMPLATES_INVALID naming file and place
 */
export function parseApps(sources: Iterable<readonly [string, string]>): SoftphoneApps {
  return new Map([...sources].map(([id, source]) => [id, parseApp(id, source)]))
}

function parseApp(id: string, source: string): SoftphoneApp {
  const where = `softphones/${id}.yaml`
  const parsed = manifest.safeParse(parseYaml(source, where))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError('TEMPLATES_INVALID', `${where}: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { document, fields, link, ...rest } = parsed.data
  if (rest.code !== 'page' && !document) throw new AppError('TEMPLATES_INVALID', `${where}: code needs a document`)
  return {
    id,
    ...rest,
    ...(link === undefined ? {} : { link: compileDocument(link, 'plain', `${where}: link`) }),
    ...(document ? { document: { ...document, render: compileDocument(document.text, document.kind, where) } } : {}),
    fields: fields.map(({ label, value, secret }) => ({
      label,
      secret,
      value: compileDocument(value, 'plain', `${where}: ${label}`),
    })),
  }
}

function parseYaml(source: string, where: string): unknown {
  try {
    return parse(source)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new AppError('TEMPLATES_INVALID', `${where}: ${error.message.split('\n')[0]}`)
  }
}
