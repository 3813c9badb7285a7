import type { PhoneModel } from '../catalog/manifest.js'
import type { KeyKind } from '../domain/entities.js'
import type { Pace } from '../bulk/pace.js'
import { AppError } from '../domain/errors.js'
import { parseGiven, renderExample, type ExampleParts, type Given } from '../provisioning/example.js'
import type { Entry, Reader } from '../readers/index.js'
import { keysOf, type PhoneVendor } from '../readers/phone-account.js'
import type { SettingContent, SettingDefinition } from '../settings/vocabulary.js'

/** Where a value of a file stands: name, and for parameters numbered by an attribute `name#index`. */
export type ParameterKey = string

/** How a kind of key looks in a file of this model. */
export interface KeyShape {
  readonly kind: KeyKind
  readonly code: string
  /** Finds the number in the value; undefined when the kind has none. */
  readonly value: RegExp | undefined
}

/** How one setting shows in a file: for a fixed list of values, or as text somewhere in one parameter. */
export type SettingShape =
  | {
      readonly key: string
      readonly values: readonly {
        readonly value: SettingContent
        readonly entries: ReadonlyMap<ParameterKey, string>
      }[]
    }
  | { readonly key: string; readonly parameter: ParameterKey; readonly text: RegExp; readonly isNumber: boolean }

/** What is known of a model's files, learnt from what our own templates write: there is no second table to maintain. */
export interface ModelKnowledge {
  readonly model: PhoneModel
  readonly keys: readonly KeyShape[]
  readonly settings: readonly SettingShape[]
  /** Parameters that tell who the phone is, whom it asks and which keys it has: never carried over as they are. */
  readonly identity: ReadonlySet<ParameterKey>
}

export interface LearnParts extends ExampleParts {
  readonly readers: Readonly<Record<string, Reader>>
  /** Of zones that a phone cannot tell apart, those are named that come first here. */
  readonly preferredZones: readonly string[]
  /** Asked between pieces of work: it takes a second for each model. */
  readonly pace: Pace
}

/** The server of examples, see example.ts. */
const SERVER_HOST = '192.0.2.5'
const NUMBER = '70815'
const NAME = 'Qyzzy Probe'
const TEXT = 'qyzzyprobe'
const HOST = 'qyzzyprobe.example.net'

/** Where the phone registers and whom it asks for files: that is what moving in changes. */
const OURS = new Set(['sipServer', 'sipPort', 'outboundProxy', 'provisioningScheme', 'firmwareVersion'])

/** Renders the model's files again and again, changing one thing each time, and looks at what is written then. */
export async function learn(parts: LearnParts, model: PhoneModel): Promise<ModelKnowledge> {
  const base = parametersOf(entriesOf(parts, model, given({})))
  const identity = new Set<ParameterKey>()
  for (const other of [
    given({}, { other: true }),
    given({ keys: everyKey(model) }),
    given({}, { lines: model.lines }),
  ]) {
    for (const key of differing(base, parametersOf(entriesOf(parts, model, other)))) identity.add(key)
  }
  const settings: SettingShape[] = []
  for (const [key, definition] of parts.vocabulary) {
    if (definition.actedOnBy !== 'phone') continue
    await parts.pace()
    const shape = await settingShape(parts, model, key, definition, base)
    if (!shape) continue
    if (!OURS.has(key)) settings.push(shape)
    else for (const name of parametersIn(shape)) identity.add(name)
  }
  return { model, keys: await keyShapes(parts, model), settings, identity }
}

function parametersIn(shape: SettingShape): ParameterKey[] {
  return 'parameter' in shape ? [shape.parameter] : shape.values.flatMap(({ entries }) => [...entries.keys()])
}

/** All that the phone would read, the last mention of a parameter winning. */
export function parametersOf(entries: readonly Entry[]): Map<ParameterKey, string> {
  return new Map(entries.map((entry) => [parameterKey(entry), entry.value]))
}

function parameterKey({ name, attributes }: Entry): ParameterKey {
  const index = attributes.idx ?? attributes.index
  return index === undefined ? name : `${name}#${index}`
}

interface Variation {
  /** Other number, name, password and server. */
  other?: boolean
  /** How many lines. */
  lines?: number
}

function given(content: Partial<Given> & object, { other = false, lines = 1 }: Variation = {}): Given {
  const number = (n: number): string => (other ? `9${n}333` : `${NUMBER}${n === 1 ? '' : n}`)
  const all = Array.from({ length: lines }, (_, index) => number(index + 1))
  return parseGiven(
    {
      mac: '001565aabbcc',
      people: all.map((one) => ({ number: one, name: other ? 'Someone Else' : NAME })),
      lines: all.map((extension) => ({ extension, authUser: `u${extension}`, password: `pw${extension}` })),
      ...(other
        ? { server: { host: 'other.example.org', sipPort: 5070, sipsPort: 5071, httpPort: 8099, tftpPort: 6970 } }
        : {}),
      adminPassword: other ? '97531' : '13579',
      ...content,
    },
    'move-in',
  )
}

/** Undefined when no such phone can be, such as a value that this model cannot take. */
function entriesIfPossible(parts: LearnParts, model: PhoneModel, what: Given): Entry[] | undefined {
  try {
    return entriesOf(parts, model, what)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

/** What our own files say to such a phone, in the order it loads them. */
export function entriesOf(parts: LearnParts, model: PhoneModel, what: Given): Entry[] {
  const reading = new Map(parts.catalog.files(model.model).map((file) => [file.key, file.reader]))
  const reader = parts.readers[[...reading.values()].find((name) => name !== '') ?? '']
  if (!reader) throw new AppError('MODEL_UNKNOWN', `files of ${model.model} cannot be read`)
  return [...renderExample(parts, model, what).values()].flatMap((body) => {
    const read = reader(body)
    return read.ok ? read.entries : []
  })
}

type Parameters = ReadonlyMap<ParameterKey, string>

/** Parameters that only one of them has, or that have another value. */
function differing(before: Parameters, after: Parameters): ParameterKey[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key))
}

function everyKey(model: PhoneModel): Given['keys'] {
  return Object.entries(model.keys).flatMap(([bank, { count, kinds, skip = [] }]) => {
    const kind = kinds.find((one) => one === 'blf' || one === 'speed-dial') ?? kinds[0]
    if (kind === undefined) return []
    return Array.from({ length: count }, (_, index) => index + 1)
      .filter((position) => !skip.includes(position))
      .map((position) => ({ bank, position, kind, value: NUMBER, label: TEXT }))
  })
}

async function keyShapes(parts: LearnParts, model: PhoneModel): Promise<KeyShape[]> {
  const shapes = new Map<string, KeyShape>()
  for (const [bank, { kinds }] of Object.entries(model.keys)) {
    for (const kind of kinds) {
      await parts.pace()
      for (const value of [NUMBER, undefined]) {
        const key = { bank, position: 1, kind, label: TEXT, ...(value === undefined ? {} : { value }) }
        const written = entriesIfPossible(parts, model, given({ keys: [key] }))
        const read = written && keysOf(model.family as PhoneVendor, written).find(({ label }) => label === TEXT)
        if (!read) continue
        const shape = { kind, code: read.code, value: pattern(read.value, value) }
        const name = `${shape.code} ${shape.value?.source ?? ''}`
        if (!shapes.has(name)) shapes.set(name, shape)
      }
    }
  }
  return [...shapes.values()]
}

/** Matches what was written, with anything in place of the probe and any host in place of the server. */
function pattern(text: string, probe: string | undefined): RegExp | undefined {
  if (text === '') return undefined
  const escaped = escape(text).replace(escape(SERVER_HOST), '[^;|]+')
  return new RegExp(`^${probe === undefined ? escaped : escaped.replace(escape(probe), '(.+)')}$`)
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function settingShape(
  parts: LearnParts,
  model: PhoneModel,
  key: string,
  definition: SettingDefinition,
  base: Parameters,
): Promise<SettingShape | undefined> | SettingShape | undefined {
  const fixed = fixedValues(parts, definition)
  return fixed ? shapeOfValues(parts, model, key, fixed) : shapeOfText(parts, model, key, definition, base)
}

function fixedValues(
  { zones, preferredZones }: LearnParts,
  { type, values }: SettingDefinition,
): readonly SettingContent[] | undefined {
  if (type === 'boolean') return [true, false]
  if (type === 'enum') return values ?? []
  if (type === 'timezone') {
    // Turned round: of zones with one rule the last one set stays.
    const inOrder = [...[...zones.keys()].reverse(), ...[...preferredZones].reverse()]
    return [...new Map(inOrder.map((name) => [JSON.stringify(zones.get(name)), name])).values()]
  }
  return undefined
}

async function shapeOfValues(
  parts: LearnParts,
  model: PhoneModel,
  key: string,
  values: readonly SettingContent[],
): Promise<SettingShape | undefined> {
  const rendered: { value: SettingContent; entries: Parameters }[] = []
  for (const value of values) {
    await parts.pace()
    const entries = entriesIfPossible(parts, model, given({ settings: { [key]: value } }))
    if (entries) rendered.push({ value, entries: parametersOf(entries) })
  }
  const [first] = rendered
  if (!first) return undefined
  const depends = new Set(rendered.flatMap(({ entries }) => differing(first.entries, entries)))
  if (depends.size === 0) return undefined
  return {
    key,
    values: rendered.map(({ value, entries }) => ({
      value,
      entries: new Map([...entries].filter(([name]) => depends.has(name))),
    })),
  }
}

function shapeOfText(
  parts: LearnParts,
  model: PhoneModel,
  key: string,
  definition: SettingDefinition,
  base: Parameters,
): SettingShape | undefined {
  const probe = probeFor(definition)
  if (probe === undefined) return undefined
  const entries = entriesIfPossible(parts, model, given({ settings: { [key]: probe } }))
  if (!entries) return undefined
  const written = parametersOf(entries)
  for (const name of differing(base, written)) {
    const value = written.get(name) ?? ''
    if (!value.includes(String(probe))) continue
    const text = pattern(value, String(probe))
    if (text) return { key, parameter: name, text, isNumber: typeof probe === 'number' }
  }
  return undefined
}

function probeFor({ type, min = 0, max = 1_000_000 }: SettingDefinition): string | number | undefined {
  switch (type) {
    case 'integer':
      // A number that is not by chance the same as another, and in whole minutes for phones that count in those.
      return [1_260, 187, 27, 7, 3].find((one) => one >= min && one <= max)
    case 'number':
      return NUMBER
    case 'text':
      return TEXT
    case 'host':
      return HOST
    case 'endpoint':
      return `${HOST}:5099`
    case 'url':
      return `http://${HOST}/book.xml`
    default:
      return undefined
  }
}
