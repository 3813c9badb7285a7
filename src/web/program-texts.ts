import type { Permission } from '../accounts/permissions.js'
import { OFFENCES, type OffenceKind } from '../limits/offence.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import { OFFENCES_DE, RIGHTS_DE } from './words/de-program.js'
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

/** Why an address is not heard. */
export function banReason(words: Words, english: string): string {
  if (words.language !== 'de') return english
  const kind = (Object.keys(OFFENCES) as OffenceKind[]).find((one) => OFFENCES[one].reason === english)
  return kind === undefined ? english : OFFENCES_DE[kind]
}
