import { formatMac, type Mac } from '../../domain/mac-address.js'
import { LAYERS, type Layer } from '../../domain/entities.js'
import { parseRawKey, type SettingDefinition } from '../../settings/vocabulary.js'
import { zoneOf } from '../../admin/settings-place.js'
import { wallTime } from '../../settings/local-time.js'
import type { PageCall } from '../page.js'

/** A value for people. */
export function shownValue({ words }: Pick<PageCall, 'words'>, value: unknown): string {
  if (value === true) return words.t('settings.yes')
  if (value === false) return words.t('settings.no')
  if (value === null || value === undefined || value === '') return words.t('settings.empty')
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A value as it stands in a field of a form. */
export function fieldText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value, undefined, 2) : String(value)
}

/** What a layer and its owner are called. */
export function layerTitle(call: Pick<PageCall, 'words' | 'parts'>, layer: Layer | 'shipped', owner: string): string {
  const { words, parts } = call
  const [mac = '', position] = owner.split('.')
  const name =
    layer === 'model'
      ? (parts.catalog.model(owner)?.name ?? owner)
      : layer === 'device' || layer === 'line'
        ? `${formatMac(mac as Mac)}${position === undefined ? '' : `, ${position}`}`
        : layer === 'vendor'
          ? (parts.catalog.models().find(({ family }) => family === owner)?.vendor ?? owner)
          : owner
  return words.t(`settings.layer.${layer}`, { name })
}

export function isLayer(text: string): text is Layer {
  return (LAYERS as readonly string[]).includes(text)
}

/** How a value is typed in. */
export interface ValueField {
  kind: 'choice' | 'number' | 'text' | 'area' | 'secret'
  choices?: { value: string; name: string; chosen: boolean }[]
  hints: string[]
  min?: number
  max?: number
}

/** The field for a setting; `value` is what it shows. */
export function valueField(
  call: Pick<PageCall, 'words'>,
  key: string,
  definition: SettingDefinition | undefined,
  value: string,
): ValueField {
  const { words } = call
  if (!definition) return { kind: 'text', hints: parseRawKey(key) ? [words.t('settings.raw.hint')] : [] }
  const { type, values = [], min, max, unit } = definition
  const isOptional = definition.default === null
  const choices = (names: readonly string[]): ValueField => ({
    kind: 'choice',
    choices: [...(isOptional ? [''] : []), ...names].map((one) => ({
      value: one,
      name: one === 'true' || one === 'false' || one === '' ? shownValue(call, parsed(one)) : one,
      chosen: one === value,
    })),
    hints: [],
  })
  if (type === 'boolean') return choices(['true', 'false'])
  if (type === 'enum') return choices(values)
  const range = min !== undefined && max !== undefined && type === 'integer'
  const hints = [
    ...(type === 'list' ? [words.t('settings.list', { values: values.join(', ') })] : []),
    ...(range ? [words.t('settings.range', { min, max })] : []),
    ...(unit === undefined ? [] : [words.t('settings.unit', { unit })]),
    ...(isOptional ? [words.t('settings.optional')] : []),
    ...(type === 'structure' ? [words.t('settings.json')] : []),
  ]
  const kind = type === 'integer' ? 'number' : type === 'secret' ? 'secret' : AREAS.has(type) ? 'area' : 'text'
  return { kind, hints, ...(range ? { min, max } : {}) }
}

const AREAS: ReadonlySet<string> = new Set(['lines', 'structure'])

const parsed = (text: string): unknown => (text === 'true' ? true : text === 'false' ? false : text)

/** When the office closes, by the clocks of the site; undefined: it is closed now, or has no office hours. */
export function closingText(
  call: Pick<PageCall, 'parts' | 'site'>,
  closedNext: string | undefined,
): string | undefined {
  const at = closedNext === undefined ? undefined : Date.parse(closedNext)
  if (at === undefined || at <= call.parts.clock.now()) return undefined
  return wallTime(zoneOf(call), at).replace('T', ' ')
}
