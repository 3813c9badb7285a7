import type { Pace } from '../bulk/pace.js'
import type { Catalog } from '../catalog/catalog.js'
import type { Problem } from '../domain/errors.js'
import { parseMac, type Mac } from '../domain/mac-address.js'
import type { Entry, Reader } from '../readers/index.js'
import type { ModelKnowledge } from './learn.js'
import { readPhone, type ReadPhone } from './read-phone.js'

/** A file of the old server: its name without folders, and what is in it. */
export interface OldFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** A phone whose files could be those of several models. */
export interface UnsurePhone {
  readonly mac: Mac
  readonly models: readonly string[]
  /** The one it is taken for; absent: nobody knows, and it is left out. */
  readonly model?: string
}

export interface Gathered {
  readonly phones: readonly ReadPhone[]
  readonly unsure: readonly UnsurePhone[]
  readonly problems: readonly Problem[]
  /** Files that no phone we know would ask for. */
  readonly strange: readonly string[]
}

export interface GatherParts {
  readonly catalog: Catalog
  readonly readers: Readonly<Record<string, Reader>>
  /** What is known of a model; learnt when first asked for. */
  knowledgeOf(model: string): Promise<ModelKnowledge>
  /** The model of a phone whose files could be those of several, as far as somebody knows. */
  modelOf(mac: Mac): string | undefined
  readonly pace: Pace
}

interface Found {
  models: Set<string>
  entries: readonly Entry[]
}

/** Finds out which file is whose, and reads each phone from its own file and those of its model. */
export async function gather(parts: GatherParts, files: readonly OldFile[]): Promise<Gathered> {
  const problems: Problem[] = []
  const strange: string[] = []
  const common: Found[] = []
  const own = new Map<Mac, Found>()
  for (const file of files) {
    await parts.pace()
    const matches = parts.catalog.findFile(file.name).filter((match) => !match.file.expectedMiss)
    const [first] = matches
    if (!first) {
      strange.push(file.name)
      continue
    }
    const entries = readLeniently(parts.readers[first.file.reader], file, problems)
    if (!entries) continue
    const models = new Set(matches.map(({ model }) => model.model))
    const mac = first.mac === undefined ? undefined : parseMac(first.mac)
    if (mac === undefined) common.push({ models, entries })
    else own.set(mac, { models, entries: [...(own.get(mac)?.entries ?? []), ...entries] })
  }
  const phones: ReadPhone[] = []
  const unsure: UnsurePhone[] = []
  for (const [mac, found] of own) {
    const model = modelFor(parts, mac, found.models, common)
    const models = [...found.models]
    if (models.length > 1) unsure.push({ mac, models, ...(model === undefined ? {} : { model }) })
    if (model === undefined) {
      problems.push(unknownModel(mac, models))
      continue
    }
    const shared = common.flatMap((one) => (one.models.has(model) ? one.entries : []))
    await parts.pace()
    phones.push(readPhone(await parts.knowledgeOf(model), mac, [...shared, ...found.entries]))
  }
  return { phones, unsure, problems, strange }
}

/** The model, if anything tells. A common file of one model only says that such phones were there. */
function modelFor(
  { modelOf }: GatherParts,
  mac: Mac,
  possible: ReadonlySet<string>,
  common: readonly Found[],
): string | undefined {
  const told = modelOf(mac)
  if (told !== undefined && possible.has(told)) return told
  if (possible.size === 1) return [...possible][0]
  const hinted = new Set(
    common.flatMap(({ models }) => (models.size === 1 ? [...models].filter((model) => possible.has(model)) : [])),
  )
  return hinted.size === 1 ? [...hinted][0] : undefined
}

function unknownModel(mac: Mac, models: readonly string[]): Problem {
  return {
    code: 'MODEL_UNKNOWN',
    file: mac,
    message: `which model is ${mac}? Name it with --model; it could be ${models.slice(0, 12).join(', ')}`,
  }
}

/** No phone takes a larger file; a dump of another program under such a name would hold up everybody. */
const FILE_BYTES = 512 * 1024
/** How many lines of a file may be left out before it is given up. */
const BAD_LINES = 50

/** Reads a file; lines that a phone would pass over are left out and told. */
function readLeniently(
  reader: Reader | undefined,
  { name, bytes }: OldFile,
  problems: Problem[],
): readonly Entry[] | undefined {
  if (!reader) return undefined
  if (bytes.length > FILE_BYTES) {
    problems.push({
      ...{ code: 'REQUEST_INVALID', file: name },
      message: `${name} is larger than ${FILE_BYTES / 1024} KB: no file of a phone; it is left out`,
    })
    return undefined
  }
  const lines = textOf(bytes).split(/\r\n|\r|\n/)
  for (let left = 0; left <= BAD_LINES; left += 1) {
    const read = reader(Buffer.from(lines.join('\n'), 'utf8'))
    if (read.ok) return read.entries
    // Told already: leaving it out did not help.
    if (left > 0 && lines[read.line - 1] === '') break
    problems.push({
      code: 'REQUEST_INVALID',
      file: name,
      row: read.line,
      message: `${name}, line ${read.line}: ${read.reason}`,
      severity: 'warning',
    })
    if (lines[read.line - 1] === undefined || lines[read.line - 1] === '') break
    lines[read.line - 1] = ''
  }
  problems.push({ code: 'REQUEST_INVALID', file: name, message: `${name} cannot be read; the phone is left out` })
  return undefined
}

/** UTF-8, with or without a byte order mark, else the Western European that old tools wrote. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
