import { csrfTokenOf } from '../../accounts/sign-in.js'
import { entityTag } from '../../admin/entity-tag.js'
import { commonModel, phonesAt, phonesIn, phonesOf } from '../../admin/key-phones.js'
import { NO_MODULES } from '../../catalog/key-modules.js'
import { keySheet, sheetWithModules, type KeySheet } from '../../catalog/key-sheet.js'
import type { PhoneModel } from '../../catalog/manifest.js'
import type { LineKey } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import type { Seen } from '../../domain/revision.js'
import { featureCodesOf } from '../../extensions/feature-codes.js'
import { keyWarning, type KeyWarning } from '../../extensions/key-warnings.js'
import { mayBeWatched, mayTransfer } from '../../extensions/watching.js'
import { activeLinesOf, groupKeysOf, keyOwnerOf, modulesOn } from '../../provisioning/key-layout.js'
import { personLayers } from '../../snapshot/person-layers.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import { openEditor } from '../island/editor.js'
import type { Owner, Place, StoredKey } from '../island/key.js'
import { placeNumbers } from '../island/place-name.js'
import { layOut, placeById } from '../island/placed.js'
import type { ShownPhone, Start } from '../island/start.js'
import { ask, mayUse, page, type Menu, type PageAnswer, type PageCall } from '../page.js'
import { CATALOGUES, type Words } from '../words/words.js'
import { modelChoices } from './phones.js'
import type { Device, Group, Person } from './records.js'

/** Whose keys a page is about. */
interface Subject {
  owner: Owner
  name: string
  /** Of a person. */
  number?: string
  entity: Seen
  /** Of its keys in the API, and of the page to go back to. */
  path: string
  back: string
  menu: Menu
  keys: readonly StoredKey[]
  phones: readonly DeviceRecord[]
  /** Route that changes them. */
  change: string
}

async function personKeys(call: PageCall): Promise<Subject> {
  const { number = '' } = call.params
  const person = await ask<Person>(call, 'showExtension', { params: { number } })
  const { snapshot } = call.parts
  return {
    ...{
      owner: 'extension',
      number: person.number,
      name: `${person.name} (${person.number})`,
      entity: person,
      menu: 'people',
    },
    path: `/extensions/${encodeURIComponent(person.number)}/keys`,
    back: `/people/${encodeURIComponent(person.number)}`,
    keys: await ask<StoredKey[]>(call, 'showExtensionKeys', { params: { number } }),
    phones: phonesOf(snapshot, call.site.id, person.id),
    change: 'setExtensionKeys',
  }
}

async function phoneKeys(call: PageCall): Promise<Subject> {
  const { mac = '' } = call.params
  const phone = await ask<Device>(call, 'showDevice', { params: { mac } })
  const found = call.parts.snapshot.deviceByMac(phone.mac as Mac)
  return {
    ...{ owner: 'device', name: phone.name ?? formatMac(phone.mac as Mac), entity: phone, menu: 'phones' },
    path: `/devices/${phone.mac}/keys`,
    back: `/phones/${phone.mac}`,
    keys: await ask<StoredKey[]>(call, 'showDeviceKeys', { params: { mac } }),
    phones: found ? [found] : [],
    change: 'setDeviceKeys',
  }
}

async function groupKeys(call: PageCall): Promise<Subject> {
  const { name = '' } = call.params
  const group = await ask<Group>(call, 'showGroup', { params: { name } })
  return {
    ...{ owner: 'group', name: group.name, entity: group, menu: 'groups' },
    path: `/groups/${encodeURIComponent(group.name)}/keys`,
    back: `/groups/${encodeURIComponent(group.name)}`,
    keys: await ask<StoredKey[]>(call, 'showGroupKeys', { params: { name } }),
    phones: phonesIn(call.parts.snapshot, call.site.id, group.id),
    change: 'setGroupKeys',
  }
}

/** Phones of a group that can be chosen to be looked at; a longer list helps nobody. */
const PHONES_SHOWN = 20

/** A phone with what is laid on it beside the keys that are edited. */
function shownPhone({ parts }: PageCall, phone: DeviceRecord): ShownPhone | undefined {
  const { snapshot, catalog } = parts
  const model = catalog.model(phone.model)
  if (!model) return undefined
  const owner = keyOwnerOf(snapshot, phone)
  const active = activeLinesOf(snapshot, { lines: phone.lines.length + model.lines, keys: {} }, phone)
  const label = (position: number): string => {
    const line = phone.lines.find((one) => one.position === position)
    const person = line && snapshot.extension(line.extensionId)
    return line?.label ?? (person?.displayName || person?.number) ?? ''
  }
  const called = [model.name, phone.name, formatMac(phone.mac)].filter((part) => part !== undefined)
  return {
    mac: phone.mac,
    name: called.join(' · '),
    model: phone.model,
    lines: active.map((position) => ({ position, label: label(position) })),
    person: (owner?.keys ?? []).map(withoutIds),
    phone: phone.keys.map(withoutIds),
    group: groupKeysOf(snapshot, phone).map(withoutIds),
    modules: modulesOn(snapshot, model, phone),
  }
}

/** Ids of the database are none of the page's business. */
function withoutIds(key: LineKey, index: number): LineKey {
  return { ...key, id: `${key.owner.kind}-${index}`, owner: { kind: key.owner.kind, id: '' } }
}

/** The model to begin with: of the first phone, else what most phones of the site are of. */
function firstModel({ parts, site }: PageCall, phones: readonly ShownPhone[]): PhoneModel {
  const { catalog, snapshot } = parts
  const id = phones[0]?.model ?? commonModel(phonesAt(snapshot, site.id).filter(({ model }) => catalog.model(model)))
  const model = (id === undefined ? undefined : catalog.model(id)) ?? catalog.models()[0]
  if (!model) throw new AppError('MODEL_UNKNOWN', 'no phone model is known', { field: 'model' })
  return model
}

function namesOn({ parts, site }: PageCall, keys: readonly { value?: string | undefined }[]): Record<string, string> {
  const numbers = [...new Set(keys.flatMap(({ value }) => value ?? []))]
  return Object.fromEntries(
    numbers.flatMap((number) => {
      const person = parts.snapshot.extensionByNumber(site.id, number)
      return person ? [[number, person.displayName]] : []
    }),
  )
}

/** What keys of this site are warned of. */
function watchedAndDialled(
  { parts, site }: PageCall,
  { owner, number = '' }: Subject,
): Pick<Start, 'unwatched' | 'codes' | 'mayNotTransfer'> {
  const { snapshot } = parts
  const own = snapshot.extensionByNumber(site.id, number)
  const people = [...snapshot.allExtensions()].filter((person) => person.siteId === site.id)
  return {
    unwatched: people.flatMap((person) =>
      mayBeWatched(personLayers(snapshot, person, person.id)) ? [] : [person.number],
    ),
    mayNotTransfer: owner === 'extension' && own !== undefined && !mayTransfer(personLayers(snapshot, own, own.id)),
    codes: featureCodesOf([snapshot.layer('site', site.id).values, snapshot.layer('global', '').values]),
  }
}

function editorWords({ language }: Words): Record<string, string> {
  const wanted = Object.entries(CATALOGUES[language]).filter(([key]) => /^(?:keys\.|error\.KEY_)/.test(key))
  return Object.fromEntries(wanted)
}

async function keysPage(call: PageCall, subject: Subject): Promise<PageAnswer> {
  const { words, site, sessionId } = call
  const { owner, keys } = subject
  const maySeePhones = mayUse(call, 'showDevice')
  const shown = maySeePhones ? subject.phones.slice(0, PHONES_SHOWN) : []
  const phones = shown.flatMap((phone) => shownPhone(call, phone) ?? [])
  const sheet = keySheet(firstModel(call, phones))
  const others = phones.flatMap(({ person, phone, group }) => [...person, ...phone, ...group])
  const names = namesOn(call, [...keys, ...others])
  const start: Start = {
    ...watchedAndDialled(call, subject),
    ...{ owner, keys, sheet, phones, names, path: subject.path, site: site.slug },
    csrf: sessionId === undefined ? '' : csrfTokenOf(sessionId),
    tag: entityTag(subject.entity),
    mayEdit: mayUse(call, subject.change),
    maySearch: mayUse(call, 'listExtensions'),
    models: mayUse(call, 'showModel') ? (modelChoices(call) as Start['models']) : [{ id: sheet.id, name: sheet.name }],
    language: words.language,
    words: editorWords(words),
  }
  return {
    view: 'keys',
    title: words.t(`keys.of.${owner}`, { name: subject.name }),
    menu: subject.menu,
    data: {
      about: words.t(`keys.about.${owner}`),
      back: subject.back,
      backName: subject.name,
      modelName: sheet.name,
      rows: plainRows(words, start),
      start: JSON.stringify(start),
    },
  }
}

/** The keys as a table, for whoever has no script. */
function plainRows(words: Words, { owner, keys, sheet, phones, names, tag, ...known }: Start): object[] {
  const editor = openEditor(owner, keys, tag)
  const equipped = sheetWithModules(sheet, phones[0]?.modules ?? NO_MODULES)
  const places = placeById(layOut(owner, editor.keys, equipped, phones[0]))
  return editor.keys.map(({ id, kind, value, label }, index) => {
    const placed = places.get(id)
    return {
      n: index + 1,
      kind: words.t(`keys.kind.${kind}`),
      value,
      label: label ?? (value === undefined ? undefined : names[value]),
      warning: warningText(
        words,
        keyWarning({ kind, value }, { ...known, isUnwatched: (one) => known.unwatched.includes(one) }),
      ),
      place: placed ? placeText(words, sheet, placed) : words.t('keys.overflow.short'),
    }
  })
}

function warningText(words: Words, warning: KeyWarning | undefined): string | undefined {
  if (!warning) return undefined
  return words.t(`keys.warn.${warning.why}`, { value: warning.value, name: warning.name ?? '' })
}

function placeText(words: Words, sheet: KeySheet, place: Place): string {
  const { n, module } = placeNumbers(sheet, place)
  const text = words.find(`keys.bank.${place.bank}`) ?? `${place.bank} {n}`
  return text.replace('{module}', String(module)).replace('{n}', String(n))
}

export const keyPages = [
  page({
    id: 'personKeys',
    method: 'get',
    path: '/people/{number}/keys',
    of: 'showExtensionKeys',
    run: async (call) => keysPage(call, await personKeys(call)),
  }),
  page({
    id: 'phoneKeys',
    method: 'get',
    path: '/phones/{mac}/keys',
    of: 'showDeviceKeys',
    run: async (call) => keysPage(call, await phoneKeys(call)),
  }),
  page({
    id: 'groupKeys',
    method: 'get',
    path: '/groups/{name}/keys',
    of: 'showGroupKeys',
    run: async (call) => keysPage(call, await groupKeys(call)),
  }),
]
