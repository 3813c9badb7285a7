import { parse } from 'yaml'
import { z } from 'zod'
import { LAYERS, type Layer } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { parseNetworks } from '../network/trust.js'
import { problemWithLine, problemWithLines } from './line-text.js'
import { isTelephone, STRUCTURES, type StructuredValue, type StructureName } from './personal-rules.js'

export { problemWithLine } from './line-text.js'

const layerSchema = z.enum(LAYERS)
const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])

const TYPES = [
  'boolean',
  'integer',
  'text',
  'lines',
  'secret',
  'token',
  'enum',
  'list',
  'number',
  'telephone',
  'telephones',
  'ranges',
  'email',
  'host',
  'endpoint',
  'networks',
  'url',
  'timezone',
  'structure',
] as const

/** Who acts on a setting: the phone, which is told; this server; or the switchboard, for which it is only kept. */
const ACTORS = ['phone', 'server', 'pbx'] as const

const definitionSchema = z.strictObject({
  type: z.enum(TYPES),
  actedOnBy: z.enum(ACTORS).default('phone'),
  /** Of type structure: which one. */
  structure: z.enum(Object.keys(STRUCTURES) as [StructureName]).optional(),
  values: z.array(z.string()).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  unit: z.string().optional(),
  default: scalarSchema,
  layers: z.array(layerSchema).min(1),
  help: z.string(),
})

/** A setting: its type, unit, default, and the layers where an operator may set it. */
export type SettingDefinition = z.infer<typeof definitionSchema>
/** A checked value; null means "cleared, factory default". What phones are told is always one of these. */
export type SettingScalar = z.infer<typeof scalarSchema>
/** A checked value of any setting. */
export type SettingContent = SettingScalar | StructuredValue

/** All neutral settings by name, from device-templates/vocabulary.yaml. */
export type Vocabulary = ReadonlyMap<string, SettingDefinition>

/** Reads vocabulary.yaml. Throws TEMPLATES_INVALID naming the setting, also when a default breaks its own rules. */
export function parseVocabulary(yamlText: string): Vocabulary {
  const parsed = z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), definitionSchema).safeParse(parse(yamlText))
  if (!parsed.success) {
    throw new AppError('TEMPLATES_INVALID', `vocabulary.yaml: ${z.prettifyError(parsed.error)}`)
  }
  const vocabulary = new Map(Object.entries(parsed.data))
  for (const [key, definition] of vocabulary) {
    const problem = definition.default === null ? undefined : problemWith(definition, definition.default)
    if (problem) throw new AppError('TEMPLATES_INVALID', `vocabulary.yaml: default of ${key}: ${problem}`)
  }
  return vocabulary
}

const FOR_PHONES = new WeakMap<Vocabulary, Vocabulary>()

/** The settings that phones are told; the others never reach a template. */
export function phoneVocabulary(vocabulary: Vocabulary): Vocabulary {
  let found = FOR_PHONES.get(vocabulary)
  if (!found) {
    found = new Map([...vocabulary].filter(([, { actedOnBy }]) => actedOnBy === 'phone'))
    FOR_PHONES.set(vocabulary, found)
  }
  return found
}

/**
 * Raw vendor parameters are settings too: `raw.<family>.<parameter name>`, with `#<index>` behind it for parameters
 * that a phone numbers by an attribute.
 */
const RAW_KEY = /^raw\.([a-z0-9-]+)\.((?=.{1,80}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?:#\d{1,3})?)$/

/** Splits `raw.yealink.account.1.ptime`; undefined for any other key. */
export function parseRawKey(key: string): { family: string; parameter: string } | undefined {
  const match = RAW_KEY.exec(key)
  return match?.[1] && match[2] ? { family: match[1], parameter: match[2] } : undefined
}

const HOST = /^(?:\[[0-9a-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)$/i

function isHost(text: string): boolean {
  return HOST.test(text)
}

function isEndpoint(text: string): boolean {
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []
  return isHost(host) && (port === undefined || (Number(port) >= 1 && Number(port) <= 65535))
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^(?:https?|tftp):\/\/[^\s]+$/.test(text)
}

const EMAIL = /^[^\s@<>"(),:;]{1,64}@[^\s@<>"(),:;]{1,190}$/

/** True for an address that a mail server could take. */
function isEmail(text: string): boolean {
  return EMAIL.test(text) && problemWithLine(text, 254) === undefined
}

/** `200-299`, or a single number. */
function isNumberRange(text: string): boolean {
  const [, from = '', to = from] = /^(\d{1,20})(?:-(\d{1,20}))?$/.exec(text) ?? []
  return from !== '' && from.length === to.length && from <= to
}

/** What a list shows in place of a secret. */
export const MASKED = '[secret]'

type Check = (definition: SettingDefinition, value: SettingScalar) => string | undefined

const listCheck =
  (accepts: (item: string) => boolean, what: string): Check =>
  (_definition, value) =>
    Array.isArray(value) && value.length > 0 && value.length <= 200 && value.every(accepts)
      ? undefined
      : `must be a list of ${what}`

const textCheck =
  (accepts: (text: string) => boolean, what: string): Check =>
  (_definition, value) =>
    typeof value === 'string' && accepts(value) ? undefined : `must be ${what}`

const CHECKS: Record<SettingDefinition['type'], Check> = {
  boolean: (_definition, value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  integer: ({ min, max }, value) =>
    Number.isInteger(value) && Number(value) >= (min ?? -Infinity) && Number(value) <= (max ?? Infinity)
      ? undefined
      : `must be a whole number from ${min} to ${max}`,
  text: ({ max }, value) => (typeof value === 'string' ? problemWithLine(value, max ?? 200) : 'must be text'),
  lines: ({ max }, value) => (typeof value === 'string' ? problemWithLines(value, max ?? 8000) : 'must be text'),
  secret: ({ max }, value) =>
    typeof value !== 'string'
      ? 'must be text'
      : value === MASKED
        ? 'is what is shown in place of the secret'
        : problemWithLine(value, max ?? 64),
  enum: ({ values }, value) =>
    typeof value === 'string' && values?.includes(value) ? undefined : `must be one of ${values?.join(', ')}`,
  list: ({ values }, value) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => values?.includes(item))
      ? undefined
      : `must be a list of ${values?.join(', ')}`,
  token: ({ max }, value) =>
    typeof value === 'string' && /^[A-Za-z0-9._-]+$/.test(value) && value.length <= (max ?? 64)
      ? undefined
      : `must be up to ${max ?? 64} letters, digits and . _ -`,
  number: textCheck((text) => /^[0-9A-Za-z*#+._-]{1,40}$/.test(text), 'a number that phones can dial'),
  telephone: textCheck(isTelephone, 'a telephone number'),
  telephones: listCheck(isTelephone, 'telephone numbers'),
  ranges: listCheck(isNumberRange, 'ranges such as 200-299, both ends of as many digits'),
  email: textCheck(isEmail, 'an e-mail address'),
  networks: (_definition, value) =>
    Array.isArray(value) && value.length > 0 && value.length <= 200
      ? undefined
      : 'must be a list of networks such as 192.168.10.0/24',
  structure: () => 'must be an object or a list, as docs/settings.md shows',
  host: textCheck(isHost, 'a host name or address without a port, IPv6 in brackets'),
  endpoint: textCheck(isEndpoint, 'a host name or address, with :port if needed, IPv6 in brackets'),
  url: textCheck(
    (text) => problemWithLine(text, 250) === undefined && isHttpUrl(text),
    'an http, https or tftp URL of at most 250 characters',
  ),
  timezone: textCheck(isZone, 'an IANA time zone such as Europe/Berlin'),
}

function problemWith(definition: SettingDefinition, value: SettingScalar): string | undefined {
  return CHECKS[definition.type](definition, value)
}

/** Only what may be absent can be cleared: a phone without scheme, time zone or codecs is no phone. */
function problemWithNull(definition: SettingDefinition): string | undefined {
  return definition.default === null ? undefined : 'needs a value; unset it to get what the weaker layers say'
}

/** Turns what was typed on a command line or in a CSV cell into the setting's type; `null` and '' clear. */
function fromText(definition: SettingDefinition, text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return null
  switch (definition.type) {
    case 'boolean':
      return /^(true|yes|on|1)$/i.test(trimmed) ? true : /^(false|no|off|0)$/i.test(trimmed) ? false : trimmed
    case 'integer':
      return /^-?\d+$/.test(trimmed) ? Number(trimmed) : trimmed
    case 'list':
    case 'ranges':
    case 'networks':
      return trimmed.split(/[\s,]+/)
    case 'telephones':
      return trimmed.split(/\s*[,;\n]\s*/).filter((part) => part !== '')
    case 'structure':
      return fromJson(trimmed)
    case 'lines':
      return text
    default:
      return trimmed
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The value in the one form it is kept in, or what is wrong with it. */
function check(definition: SettingDefinition, given: unknown): { kept: SettingContent } | { problem: string } {
  const structure = definition.structure && STRUCTURES[definition.structure]
  if (structure && given !== null && typeof given === 'object') {
    const parsed = structure.safeParse(given)
    return parsed.success ? { kept: parsed.data } : { problem: z.prettifyError(parsed.error).replaceAll('\n', ' ') }
  }
  const scalar = scalarSchema.safeParse(given)
  if (!scalar.success) return { problem: 'must be a single value' }
  if (scalar.data === null) {
    const problem = problemWithNull(definition)
    return problem === undefined ? { kept: null } : { problem }
  }
  const problem = problemWith(definition, scalar.data)
  if (problem !== undefined) return { problem }
  return definition.type === 'networks' ? canonicalNetworks(scalar.data) : { kept: scalar.data }
}

function canonicalNetworks(value: SettingScalar): { kept: SettingScalar } | { problem: string } {
  try {
    const { cidrs } = parseNetworks([value].flat().join(','), 'networks')
    return cidrs.length > 0 ? { kept: [...cidrs] } : { problem: 'names no network; null means every network' }
  } catch (error) {
    if (error instanceof AppError) return { problem: error.message }
    throw error
  }
}

/**
 * Checks a setting an operator wants to save at a layer; text is converted to the setting's type first.
 * Throws SETTING_UNKNOWN, SETTING_LAYER_FORBIDDEN or SETTING_VALUE_INVALID, naming the field and what to do.
 */
export function checkSetting(vocabulary: Vocabulary, key: string, layer: Layer, given: unknown): SettingContent {
  if (parseRawKey(key)) return checkRaw(key, given)
  const definition = vocabulary.get(key)
  if (!definition) {
    const near = [...vocabulary.keys()].filter((name) => name.toLowerCase().includes(key.toLowerCase())).join(', ')
    throw new AppError('SETTING_UNKNOWN', `${key}: no such setting`, {
      field: key,
      hint: near ? `Did you mean ${near}?` : 'docs/settings.md lists all; raw.<family>.<parameter> reaches any other',
    })
  }
  if (!definition.layers.includes(layer)) {
    throw new AppError('SETTING_LAYER_FORBIDDEN', `${key}: cannot be set at layer ${layer}`, {
      field: key,
      hint: `Set it at ${definition.layers.join(', ')}`,
    })
  }
  const checked = check(definition, typeof given === 'string' ? fromText(definition, given) : given)
  if ('problem' in checked) {
    throw new AppError('SETTING_VALUE_INVALID', `${key}: ${checked.problem}`, { field: key, hint: definition.help })
  }
  return checked.kept
}

function checkRaw(key: string, given: unknown): string {
  const text = typeof given === 'number' ? String(given) : given
  const problem = typeof text === 'string' ? problemWithLine(text, 500) : 'must be text'
  if (problem !== undefined || typeof text !== 'string') {
    throw new AppError('SETTING_VALUE_INVALID', `${key}: ${problem}`, {
      field: key,
      hint: 'Give the value exactly as the vendor writes it; an empty text clears the parameter',
    })
  }
  return text
}
