import type { AppError } from '../../domain/errors.js'
import type { Layer } from '../../domain/entities.js'
import { MASKED } from '../../settings/vocabulary.js'
import { ask, mayUse, type PageCall } from '../page.js'
import type { WordKey } from '../words/words.js'
import { warningsOf } from './person-warnings.js'
import { settingHelp, settingLabel } from '../program-texts.js'
import { fieldText, layerTitle, shownValue, valueField } from './setting-values.js'

/** A setting of a person, as the API gives it. */
interface PersonSetting {
  key: string
  set: boolean
  value: unknown
  inherited: unknown
  origin: { layer: Layer | 'shipped'; owner: string }
}

/** All that is set for a person, and what the form starts from. */
export interface PersonSettings {
  revision: number
  items: PersonSetting[]
}

type Group = readonly [title: WordKey | undefined, keys: readonly string[]]

/** Fields of the person's page, by form; a key that no form names is in the last group of its kind. */
const FORMS: Readonly<Record<FormName, readonly Group[]>> = {
  contact: [[undefined, ['firstName', 'lastName', 'jobTitle', 'mobileNumber']]],
  phone: [
    [
      undefined,
      [
        ...['language', 'dtmf', 'transport', 'callWaiting', 'doNotDisturb'],
        ...['forwardAlways', 'forwardBusy', 'forwardNoAnswer', 'forwardNoAnswerSeconds', 'voicemailNumber'],
      ],
    ],
    ['fields.phone.more', []],
  ],
  rules: [[undefined, ['allowedNetworks', 'maxRegistrations', 'maxSoftphones']]],
  pbx: [
    [
      'fields.pbx.callerId',
      ['callerIdName', 'callerIdNumber', 'callerIdAnonymous', 'callerIdAlways', 'callerIdAsUser', 'callerIdByTrunk'],
    ],
    ['fields.pbx.recording', ['recordCalls', 'recordVideo', 'mayRecord', 'mayTransfer', 'mayBeWatched']],
    [
      'fields.pbx.forwarding',
      [
        ...['mobileDialString', 'forwardUnavailable', 'forwardingRules', 'forwardingExceptions'],
        ...['followMe', 'officeHours', 'holidays', 'statusByHours'],
      ],
    ],
    [
      'fields.pbx.voicemail',
      [
        ...[
          'voicemailEnabled',
          'voicemailName',
          'voicemailMailbox',
          'voicemailPin',
          'voicemailAskPin',
          'voicemailEmail',
        ],
        ...['voicemailAttach', 'voicemailDelete', 'voicemailAnnounceTime', 'voicemailGreeting'],
      ],
    ],
    ['fields.pbx.incoming', ['didNumber', 'didContext', 'didRingSeconds', 'dialContext', 'sipProtocol']],
    ['fields.pbx.manual', ['manualAcl', 'manualAuth', 'manualAor', 'manualEndpoint', 'manualAttributes']],
    ['fields.pbx.other', []],
  ],
}
const ACTED_ON_BY = { contact: 'server', rules: 'server', phone: 'phone', pbx: 'pbx' } as const
const REST_OF: Readonly<Record<string, FormName>> = { server: 'rules', phone: 'phone', pbx: 'pbx' }

export type FormName = 'contact' | 'phone' | 'rules' | 'pbx'
export const FORM_NAMES = Object.keys(FORMS) as FormName[]

export function isFormName(text: string): text is FormName {
  return (FORM_NAMES as string[]).includes(text)
}

export async function settingsOf(call: PageCall, number: string): Promise<PersonSettings | undefined> {
  if (!mayUse(call, 'explainLayer')) return undefined
  return ask(call, 'explainLayer', { params: { layer: 'extension', owner: number } })
}

/** Keys of a form in the order they are shown. */
function groupsOf(call: PageCall, { items }: PersonSettings, form: FormName): [WordKey | undefined, string[]][] {
  const { vocabulary } = call.parts.viewSources
  const actor = ACTED_ON_BY[form]
  const named = new Set(Object.values(FORMS).flatMap((groups) => groups.flatMap(([, keys]) => keys)))
  const rest =
    REST_OF[actor] === form
      ? items.map(({ key }) => key).filter((key) => !named.has(key) && vocabulary.get(key)?.actedOnBy === actor)
      : []
  const there = new Set(items.map(({ key }) => key))
  const last = FORMS[form].length - 1
  return FORMS[form].map(([title, keys], index) => [
    title,
    [...keys, ...(index === last ? rest : [])].filter((key) => there.has(key)),
  ])
}

/** One form with its fields. With `refused`: what was typed stands in it, and beside it what is stored by now. */
export function formView(
  call: PageCall,
  settings: PersonSettings,
  form: FormName,
  { person, refused }: { person: { id: string; path: string; number: string }; refused: AppError | undefined },
): object {
  const byKey = new Map(settings.items.map((one) => [one.key, one]))
  const isConflict = refused?.code === 'REVISION_CONFLICT'
  const groups = groupsOf(call, settings, form).map(([title, keys], index) => ({
    title: title && call.words.t(title),
    folded: form === 'pbx' || index > 0,
    open: keys.some((key) => byKey.get(key)?.set) || refused !== undefined,
    id: `g-${form}-${index}`,
    fields: keys.flatMap((key) => {
      const one = byKey.get(key)
      return one ? [fieldView(call, one, { refused, isConflict })] : []
    }),
  }))
  return {
    id: form,
    title: call.words.t(`fields.${form}`),
    hint: call.words.find(`fields.${form}.hint`),
    path: `${person.path}/fields/${form}`,
    seen: { id: `extension:${person.id}`, revision: settings.revision },
    groups: groups.filter(({ fields }) => fields.length > 0),
    tells: form === 'phone' && mayUse(call, 'resyncDevice'),
    warnings: warningsOf(call, form, person.number, (key) => byKey.get(key)?.value),
  }
}

function fieldView(
  call: PageCall,
  one: PersonSetting,
  { refused, isConflict }: { refused: AppError | undefined; isConflict: boolean },
): object {
  const { words } = call
  const definition = call.parts.viewSources.vocabulary.get(one.key)
  const isSecret = definition?.type === 'secret'
  const label = settingLabel(words, one.key) ?? one.key
  const stored = one.set && !isSecret ? fieldText(one.value) : ''
  const typed = refused ? (call.form[one.key] ?? '') : stored
  const from = layerTitle(call, one.origin.layer, one.origin.owner)
  const inherited = words.t('fields.from', { value: shownValue(call, one.inherited), layer: from })
  const field = valueField(call, one.key, definition, typed)
  const choices = field.choices
    ?.filter(({ value }) => value !== '')
    .map((choice) => ({ ...choice, chosen: choice.value === typed }))
  return {
    ...field,
    key: one.key,
    label,
    help: helpOf(settingHelp(words, one.key, call.parts.viewSources.vocabulary) ?? '', label),
    unit: definition?.unit,
    value: typed,
    isSecret,
    set: one.set,
    choices: choices && [
      { value: '', name: words.t('fields.inherited', { value: inherited }), chosen: typed === '' },
      ...choices,
    ],
    note:
      choices || one.set || one.inherited === null || one.inherited === ''
        ? undefined
        : words.t('fields.inherited', { value: inherited }),
    rows: definition?.type === 'structure' || definition?.type === 'lines' ? 4 : 1,
    invalid: refused?.details.field === one.key,
    stored:
      isConflict && !isSecret && !isSame(typed, stored)
        ? words.t('fields.stored', { value: one.set ? shownValue(call, one.value) : inherited })
        : undefined,
  }
}

/** Help that says no more than the label is none. */
function helpOf(help: string, label: string): string {
  return help.replace(/\.$/, '').toLowerCase() === label.toLowerCase() ? '' : help
}

/** What browsers send for the line break of a field is not what was stored. */
function isSame(typed: string, stored: string): boolean {
  return typed.replaceAll('\r\n', '\n') === stored.replaceAll('\r\n', '\n')
}

/** What the form changes: only fields that differ from what is stored, so that the audit log tells just these. */
export function changesIn(
  call: PageCall,
  settings: PersonSettings,
  form: FormName,
): { values: Record<string, unknown>; unset: string[] } {
  const { vocabulary } = call.parts.viewSources
  const keys = new Set(groupsOf(call, settings, form).flatMap(([, own]) => own))
  const values: Record<string, unknown> = {}
  const unset: string[] = []
  for (const { key, set, value } of settings.items) {
    const typed = call.form[key]
    if (!keys.has(key) || typed === undefined) continue
    const isSecret = vocabulary.get(key)?.type === 'secret'
    const isGone = isSecret ? call.form[`remove.${key}`] === 'on' : typed.trim() === ''
    if (isGone && set) unset.push(key)
    if (isGone || (isSecret && (typed === '' || typed === MASKED))) continue
    const stored = fieldText(value)
    if (isSecret || !set || !isSame(typed, stored)) values[key] = lineBreaks(typed, stored)
  }
  return { values, unset }
}

/** Text of several lines keeps the line breaks it had. */
function lineBreaks(typed: string, stored: string): string {
  return stored.includes('\r\n') ? typed : typed.replaceAll('\r\n', '\n')
}
