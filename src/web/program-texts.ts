import type { Permission } from '../accounts/permissions.js'
import { OFFENCES, type OffenceKind } from '../limits/offence.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { OFFENCES_DE, REASONS_DE, RIGHTS_DE } from './words/de-program.js'
import { SETTING_HELP_DE } from './words/de-setting-help.js'
import type { Words } from './words/words.js'

/** What a setting is called; undefined for makers' own parameters. */
export function settingLabel(words: Words, key: string): string | undefined {
  return words.find(`field.${key}`)
}

/** What a setting means: the help of the vocabulary, in the language of the page. */
export function settingHelp(words: Words, key: string, vocabulary: Vocabulary): string | undefined {
  const english = vocabulary.get(key)?.help
  if (words.language === 'de') return SETTING_HELP_DE[key] ?? english
  // Nobody but programs says null.
  return english?.replaceAll(/\bnull:/g, 'empty:')
}

/** What a right lets somebody do. */
export function rightText(words: Words, name: string, english: string): string {
  return words.language === 'de' && Object.hasOwn(RIGHTS_DE, name) ? RIGHTS_DE[name as Permission] : english
}

/** Not the model that was chosen; everything around the model is ours. */
const OTHER_MODEL = /^not a file of (\S+), the model assigned to this phone$/

/** Why a phone was given what it was; empty where what is told of it says so already. */
export function reasonText(words: Words, english: string): string {
  if (words.language !== 'de') return english
  const model = OTHER_MODEL.exec(english)?.[1]
  if (model !== undefined) return `keine Datei von ${model}, dem gewählten Modell`
  return (Object.hasOwn(REASONS_DE, english) ? REASONS_DE[english] : undefined) ?? english
}

/** Why an address is not heard. */
export function banReason(words: Words, english: string): string {
  if (words.language !== 'de') return english
  const kind = (Object.keys(OFFENCES) as OffenceKind[]).find((one) => OFFENCES[one].reason === english)
  return kind === undefined ? english : OFFENCES_DE[kind]
}
