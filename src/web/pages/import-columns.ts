import { FIELDS, IMPORTED, PHONE_FIELDS } from '../../bulk/columns.js'
import { phoneKeyPlace, settingOwner } from '../../bulk/mapping.js'
import { ASKS } from '../../bulk/profile.js'
import type { Vocabulary } from '../../settings/vocabulary.js'
import type { PageCall } from '../page.js'
import type { Words } from '../words/words.js'

export interface Option {
  value: string
  text: string
  chosen: boolean
}

/** Choices of a list, in their order. */
export function optionsOf<const T extends string>(
  values: readonly T[],
  chosen: string | undefined,
  text: (value: T) => string,
): Option[] {
  return values.map((value) => ({ value, text: text(value), chosen: value === chosen }))
}

/** Keys that can be chosen by hand; files of ours may have more. */
const KEYS = 12

interface FileColumn {
  header: string
  target: string
  unknown: boolean
  samples: readonly string[]
}

/** What a field of a file is called on the pages; as it stands where it has no other name. */
export function fieldLabel(words: Words, field: string): string {
  const n = /^key(\d+)$/.exec(field)?.[1]
  if (n !== undefined) return words.t('import.field.key', { n })
  const place = phoneKeyPlace(field)
  if (place) return words.t('import.field.phoneKey', { place: `${place.bank} ${place.position}` })
  const owned = settingOwner(field)
  if (owned) return words.t(`import.field.of.${owned.of}`, { setting: fieldLabel(words, owned.key) })
  return words.find(`import.field.${field}`) ?? words.find(`field.${field}`) ?? field
}

/** The columns of a file, each with everything it can be. */
export function columnRows({ words }: PageCall, columns: readonly FileColumn[], vocabulary: Vocabulary): object[] {
  const person = FIELDS.filter((field) => !PHONE_FIELDS.some((one) => one === field))
  const settings = [...vocabulary].filter(([, { layers }]) => layers.includes('extension')).map(([key]) => key)
  const keys = Array.from({ length: KEYS }, (_, index) => `key${index + 1}`)
  const groups = [
    { label: words.t('import.group.person'), values: person.map((value) => [value, words.t(`import.field.${value}`)]) },
    { label: words.t('import.group.meaning'), values: ASKS.map((value) => [value, words.t(`import.field.${value}`)]) },
    { label: words.t('import.group.phone'), values: PHONE_FIELDS.map((value) => [value, fieldLabel(words, value)]) },
    {
      label: words.t('import.group.keys'),
      values: keys.map((value) => [value, fieldLabel(words, value)]),
    },
    {
      label: words.t('import.group.settings'),
      values: settings.map((value) => [value, fieldLabel(words, value)]),
    },
  ]
  const known = new Set(groups.flatMap(({ values }) => values.map(([value]) => value)))
  return columns.map(({ header, target, unknown, samples }, index) => {
    const isKept = target.startsWith(IMPORTED)
    return {
      header,
      index,
      unknown,
      sample: samples.find((sample) => sample.trim() !== '') ?? '',
      plain: [
        { value: 'leave', text: words.t('import.leave'), chosen: target === 'leave' },
        { value: isKept ? target : 'keep', text: words.t('import.keep'), chosen: isKept },
        ...(known.has(target) || isKept || target === 'leave'
          ? []
          : [{ value: target, text: fieldLabel(words, target), chosen: true }]),
      ],
      groups: groups.map(({ label, values }) => ({
        label,
        options: values.map(([value = '', text = '']) => ({ value, text, chosen: value === target })),
      })),
    }
  })
}
