import type { AppError } from '../../domain/errors.js'
import type { Mac } from '../../domain/mac-address.js'
import { formatMac } from '../../domain/mac-address.js'
import { PASSWORD_CLASSES } from '../../extensions/policy.js'
import { registeredNow, type Registered } from '../../admin/api/views.js'
import { ask, done, given, hiddenHere, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { personState, phoneState } from '../states.js'
import { changesIn, FORM_NAMES, formView, isFormName, settingsOf } from './person-fields.js'
import type { Group, Person } from './records.js'
import { registrationsThat } from './registrations.js'

export const personOf = ({ params: { number = '' } }: PageCall): { number: string } => ({ number })
export const personPath = (number: string): string => `/people/${encodeURIComponent(number)}`

interface PersonRow extends Person {
  path: string
  shown: string
  dnd: boolean
}

/** A person as lists and the own page show them. */
export function personRow({ live }: Pick<PageCall, 'live'>, person: Person): PersonRow {
  return {
    ...person,
    path: personPath(person.number),
    shown: personState(person),
    dnd: live.isDoNotDisturb(person.id),
    phones: person.phones.map((one) => ({ ...one, macText: formatMac(one.mac as Mac) })),
  }
}

/** The rules a password is measured by, for the meter. */
export interface PasswordRules {
  passwordMinLength: number
  passwordClasses?: readonly string[]
}

export function meterOf({ passwordMinLength, passwordClasses = [] }: PasswordRules): object {
  return { least: passwordMinLength, classes: passwordClasses.filter((name) => name in PASSWORD_CLASSES).join(' ') }
}

/** Model and state of a phone, for whoever may see phones. */
function phoneOf(call: PageCall, mac: string, byLine: Registered['byLine']): object {
  const phone = mayUse(call, 'showDevice') ? call.parts.snapshot.deviceByMac(mac as Mac) : undefined
  if (!phone) return {}
  const { parts, live } = call
  const registered = phone.lines.some(({ id }) => byLine.has(id))
  return {
    modelName: parts.catalog.model(phone.model)?.name ?? phone.model,
    shown: phoneState({ state: phone.state, registered }, live.askedAt(phone.id), parts.clock.now()),
    dnd: live.isDoNotDisturb(phone.id),
  }
}

async function personPage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const person = await ask<Person>(call, 'showExtension', { params: personOf(call) })
  const settings = await settingsOf(call, person.number)
  const row = personRow(call, person)
  const { byLine } = registeredNow(call.parts)
  const form = call.params.form
  const isIdentity = refused !== undefined && form === undefined
  const stored = { name: person.name, email: person.email ?? '', enabled: person.enabled }
  const typed = { ...call.form, enabled: call.form.enabled === 'on' }
  const isConflict = refused?.code === 'REVISION_CONFLICT'
  const rules = mayUse(call, 'resetExtensionPassword')
    ? await ask<PasswordRules>(call, 'proposeExtension')
    : { passwordMinLength: 1 }
  return {
    view: 'person',
    title: person.name,
    menu: 'people',
    ...(refused ? { status: isConflict ? 412 : 422 } : {}),
    data: {
      person: { ...row, phones: row.phones.map((one) => ({ ...one, ...phoneOf(call, one.mac, byLine) })) },
      registrations: registrationsThat(call, ({ extensionId }) => extensionId === person.id),
      values: isIdentity ? typed : stored,
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict:
        isIdentity && isConflict ? [stored.name, stored.email].filter((one) => one !== '').join(', ') : undefined,
      fieldConflict: isConflict && !isIdentity,
      forms: settings
        ? FORM_NAMES.filter((name) => name !== 'pbx' || !hiddenHere(call).includes('pbx-fields')).map((name) =>
            formView(call, settings, name, { person: row, refused: form === name ? refused : undefined }),
          )
        : [],
      groups: await groupChoices(call, person),
      meter: meterOf(rules),
      isNew: call.query.done === 'added',
      keysPath: `${row.path}/keys`,
      siteSlug: call.site.slug,
    },
  }
}

/** A choice for each group the person is in and for one more, the strongest first; undefined: there are no groups. */
async function groupChoices(call: PageCall, { groups }: Person): Promise<object[] | undefined> {
  if (!mayUse(call, 'listGroups')) return undefined
  const { items } = await ask<{ items: Group[] }>(call, 'listGroups', { query: { sort: 'name', limit: '500' } })
  if (items.length === 0) return undefined
  return [...groups, ''].slice(0, items.length).map((chosen, index) => ({
    place: index + 1,
    choices: items.map(({ name }) => ({ name, selected: name === chosen })),
  }))
}

async function saveGroups(call: PageCall): Promise<PageAnswer> {
  const places = Object.keys(call.form).filter((name) => /^group-\d+$/.test(name))
  const body = places.sort((a, b) => Number(a.slice(6)) - Number(b.slice(6))).flatMap((name) => call.form[name] || [])
  await ask(call, 'setExtensionGroups', { params: personOf(call), body })
  return { to: done(personPath(personOf(call).number), 'saved') }
}

async function saveFields(call: PageCall): Promise<PageAnswer> {
  const { number } = personOf(call)
  const { form = '' } = call.params
  const settings = isFormName(form) ? await settingsOf(call, number) : undefined
  if (settings && isFormName(form)) {
    const changes = changesIn(call, settings, form)
    if (changes.unset.length > 0 || Object.keys(changes.values).length > 0) {
      const body = { ...changes, ...(call.form.tell === 'on' ? { resync: true } : {}) }
      await ask(call, 'changeSettings', { params: { layer: 'extension', owner: number }, body })
    }
  }
  return { to: done(personPath(number), 'saved') }
}

interface PasswordShown {
  password: string
}

function passwordPage(id: string, key: 'new' | 'revealed', isNew: boolean): (call: PageCall) => Promise<PageAnswer> {
  return async (call) => {
    const typed = given({ password: call.form.password })
    const body = isNew && 'password' in typed ? typed : undefined
    const { password } = await ask<PasswordShown>(call, id, { params: personOf(call), body })
    const person = await ask<Person>(call, 'showExtension', { params: personOf(call) })
    return {
      view: 'person-password',
      title: call.words.t(`person.password.${key}`, { name: person.name, number: person.number }),
      menu: 'people',
      data: { password, isNew, person: personRow(call, person) },
    }
  }
}

/** A new number for somebody, or a copy of somebody: a form with a number. */
function numberForm(action: 'renumber' | 'duplicate'): (call: PageCall, refused?: AppError) => Promise<PageAnswer> {
  return async (call, refused) => {
    const person = await ask<Person>(call, 'showExtension', { params: personOf(call) })
    const { number } = await ask<{ number?: string }>(call, 'proposeExtension')
    const { name } = person
    return {
      view: 'person-number',
      title: call.words.t(`person.${action}.title`, { name, number: person.number }),
      menu: 'people',
      ...(refused ? { status: refused.code === 'REVISION_CONFLICT' ? 412 : 422 } : {}),
      data: {
        person: personRow(call, person),
        isCopy: action === 'duplicate',
        why: call.words.t(`person.${action}.why`),
        action: call.words.t(`person.${action}.action`),
        postTo: `${personPath(person.number)}/${action}`,
        values: refused ? call.form : { number, name: '', email: '' },
        refusal: refused ? refusalOf(call, refused) : undefined,
      },
    }
  }
}

const renumberForm = numberForm('renumber')
const duplicateForm = numberForm('duplicate')

export const personPages = [
  page({ id: 'person', method: 'get', path: '/people/{number}', of: 'showExtension', run: (call) => personPage(call) }),
  page({
    id: 'savePerson',
    method: 'post',
    path: '/people/{number}',
    of: 'updateExtension',
    run: async (call) => {
      const { name = '', email = '', enabled } = call.form
      await ask(call, 'updateExtension', { params: personOf(call), body: { name, email, enabled: enabled === 'on' } })
      return { to: done(personPath(personOf(call).number), 'saved') }
    },
    refused: personPage,
  }),
  page({
    id: 'savePersonGroups',
    method: 'post',
    path: '/people/{number}/groups',
    of: 'setExtensionGroups',
    run: saveGroups,
    refused: personPage,
  }),
  page({
    id: 'savePersonFields',
    method: 'post',
    path: '/people/{number}/fields/{form}',
    of: 'changeSettings',
    run: saveFields,
    refused: personPage,
  }),
  page({
    id: 'resetPersonPassword',
    method: 'post',
    path: '/people/{number}/password',
    of: 'resetExtensionPassword',
    run: passwordPage('resetExtensionPassword', 'new', true),
    refused: personPage,
  }),
  page({
    id: 'revealPersonPassword',
    method: 'post',
    path: '/people/{number}/password/reveal',
    of: 'revealExtensionPassword',
    run: passwordPage('revealExtensionPassword', 'revealed', false),
  }),
  page({
    id: 'resetPersonLine',
    method: 'post',
    path: '/people/{number}/phones/{mac}/{position}/password',
    of: 'resetLinePassword',
    run: async (call) => {
      const { mac = '', position = '' } = call.params
      const body = { when: call.form.when === 'now' ? 'now' : 'fetched' }
      await ask(call, 'resetLinePassword', { params: { mac, position }, body })
      return { to: done(personPath(personOf(call).number), 'saved') }
    },
    refused: personPage,
  }),
  page({
    id: 'renumberPersonForm',
    method: 'get',
    path: '/people/{number}/renumber',
    of: 'renumberExtension',
    run: (call) => renumberForm(call),
  }),
  page({
    id: 'renumberPerson',
    method: 'post',
    path: '/people/{number}/renumber',
    of: 'renumberExtension',
    run: async (call) => {
      const body = { number: (call.form.number ?? '').trim() }
      const { number } = await ask<Person>(call, 'renumberExtension', { params: personOf(call), body })
      return { to: done(personPath(number), 'saved') }
    },
    refused: renumberForm,
  }),
  page({
    id: 'duplicatePersonForm',
    method: 'get',
    path: '/people/{number}/duplicate',
    of: 'duplicateExtension',
    run: (call) => duplicateForm(call),
  }),
  page({
    id: 'duplicatePerson',
    method: 'post',
    path: '/people/{number}/duplicate',
    of: 'duplicateExtension',
    run: async (call) => {
      const { number = '', name = '', email } = call.form
      const body = { number: number.trim(), name, ...given({ email }) }
      const made = await ask<Person>(call, 'duplicateExtension', { params: personOf(call), body })
      return { to: done(personPath(made.number), 'added') }
    },
    refused: duplicateForm,
  }),
]
