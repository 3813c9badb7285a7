import { parse } from 'yaml'
import { z } from 'zod'
import { LAYERS, type Layer } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'

const layerSchema = z.enum(LAYERS)
const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])

const definitionSchema = z.strictObject({
  type: z.enum(['boolean', 'integer', 'text', 'enum', 'list', 'number', 'host', 'endpoint', 'url', 'timezone']),
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
/** A checked value; null means "cleared, factory default". */
export type SettingScalar = z.infer<typeof scalarSchema>

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

/** What is wrong with text that must fit on one line of a config, or undefined. */
export function problemWithLine(text: string, maxLength: number): string | undefined {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) return 'holds a control character or line break'
  // No config file takes them (provisioning/escape.ts): a byte order mark that was copied along, and non-characters.
  if (/[\ufeff\ufffe\uffff]/.test(text)) return 'holds an invisible byte order mark or a character that is none'
  if (!text.isWellFormed()) return 'is not well-formed Unicode'
  if (text !== text.trim()) return 'begins or ends with a blank'
  if (/^%null%$/i.test(text)) return 'is a reserved word of phones'
  if ([...text].length > maxLength) return `is longer than ${maxLength} characters`
  return undefined
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

type Check = (definition: SettingDefinition, value: SettingScalar) => string | undefined

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
  enum: ({ values }, value) =>
    typeof value === 'string' && values?.includes(value) ? undefined : `must be one of ${values?.join(', ')}`,
  list: ({ values }, value) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => values?.includes(item))
      ? undefined
      : `must be a list of ${values?.join(', ')}`,
  number: textCheck((text) => /^[0-9A-Za-z*#+._-]{1,40}$/.test(text), 'a number that phones can dial'),
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
function fromText(definition: SettingDefinition, text: string): SettingScalar {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed === 'null') return null
  if (definition.type === 'boolean') {
    if (/^(true|yes|on|1)$/i.test(trimmed)) return true
    if (/^(false|no|off|0)$/i.test(trimmed)) return false
  }
  if (definition.type === 'integer' && /^-?\d+$/.test(trimmed)) return Number(trimmed)
  if (definition.type === 'list') return trimmed.split(/[\s,]+/)
  return trimmed
}

/**
 * Checks a setting an operator wants to save at a layer; text is converted to the setting's type first.
 * Throws SETTING_UNKNOWN, SETTING_LAYER_FORBIDDEN or SETTING_VALUE_INVALID, naming the field and what to do.
 */
export function checkSetting(vocabulary: Vocabulary, key: string, layer: Layer, given: unknown): SettingScalar {
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
  const scalar = scalarSchema.safeParse(typeof given === 'string' ? fromText(definition, given) : given)
  const problem = scalar.success
    ? scalar.data === null
      ? problemWithNull(definition)
      : problemWith(definition, scalar.data)
    : 'must be a single value'
  if (problem !== undefined || !scalar.success) {
    throw new AppError('SETTING_VALUE_INVALID', `${key}: ${problem}`, { field: key, hint: definition.help })
  }
  return scalar.data
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
