import { z } from 'zod'
import type { Id } from '../../domain/entities.js'
import { sortedBy } from '../../domain/search-text.js'
import { filterInTurns } from '../../domain/turns.js'
import { isWeakPassword } from '../../extensions/rules.js'
import { mobileDigits, personNames, personSearch } from '../../extensions/search.js'
import { pageOf, type SortKeys } from '../paging.js'
import type { AdminParts } from '../parts.js'
import { route, type Answer, type Call } from '../route.js'
import type { ExtensionRecord, LayerValues } from '../../snapshot/snapshot.js'
import { extension } from './phone-schemas.js'
import { flag, listQuery, number, pageSchema, text } from './schemas.js'
import { keyInput } from './key-schemas.js'
import { extensionView, registeredNow, usesOf } from './views.js'

const TAG = 'People'
/** What is set for this very person. */
function valuesOf({ snapshot }: Pick<AdminParts, 'snapshot'>, { id }: ExtensionRecord): LayerValues['values'] {
  return snapshot.layer('extension', id).values
}

const sortKeys = (parts: AdminParts): SortKeys<ExtensionRecord> => ({
  number: NUMBER,
  name: NAME,
  email: EMAIL,
  mobile: (one) => mobileDigits(one, valuesOf(parts, one)) || '\uffff',
})
const NUMBER = sortedBy(({ number: own }: ExtensionRecord) => own)
const NAME = sortedBy(({ displayName }: ExtensionRecord) => displayName)
const EMAIL = sortedBy(({ email }: ExtensionRecord) => email)

/** People on phones whose MAC address holds this text; undefined: it cannot be a part of one. */
function onPhones({ snapshot }: AdminParts, text: string): ReadonlySet<Id> | undefined {
  const part = text.replace(/[-:.\s]/g, '').toLowerCase()
  // Four digits are a number rather than a part of an address.
  if (!/^[0-9a-f]{6,12}$/.test(part)) return undefined
  const found = new Set<Id>()
  for (const { mac, lines } of snapshot.allDevices()) {
    if (mac.includes(part)) for (const { extensionId } of lines) found.add(extensionId)
  }
  return found
}

/** One person as stored now; the entity tag is its revision. */
export async function shownExtension({ use, parts }: Call, own: string): Promise<Answer> {
  const { extension: found, uses } = await use.extensions.show(own)
  const phones = uses.lines.map(({ mac, position }) => ({ mac, line: position }))
  return {
    body: {
      ...extensionView(found, registeredNow(parts), phones, found.groups ? await use.groups.list() : []),
      ...personNames(valuesOf(parts, found)),
    },
    entity: found,
  }
}

const params = { number }

export const extensionRoutes = [
  route({
    id: 'listExtensions',
    method: 'get',
    path: '/extensions',
    tag: TAG,
    summary: 'People, by page',
    access: 'people.read',
    query: {
      ...listQuery(['number', 'name', 'email', 'mobile'], 'number'),
      q: text.optional().meta({
        description:
          'Part of number, names, e-mail address, mobile number (digits count) or MAC address of a phone in any spelling; case, diacritics and alphabet do not count: petrov finds Петров, mueller finds Müller',
      }),
      enabled: flag.optional(),
      registered: flag.optional(),
      group: text.optional().meta({ description: 'Name of a group: only people in it' }),
      import: text.optional().meta({ description: 'Only people of this import: added, changed or found as they were' }),
    },
    answer: pageSchema(extension),
    handle: async ({ parts, site, use, query }) => {
      const imported = query.import === undefined ? undefined : await use.bulk.importedNumbers(query.import)
      const group = query.group === undefined ? undefined : (await use.groups.find(query.group)).id
      const registered = registeredNow(parts)
      const fits = personSearch(query.q ?? '')
      const owners = onPhones(parts, query.q ?? '')
      const turns = parts.turns()
      const found = await filterInTurns([...parts.snapshot.allExtensions()], turns, (one) => {
        if (one.siteId !== site.id) return false
        if (query.enabled !== undefined && one.enabled !== query.enabled) return false
        if (query.registered !== undefined && registered.counts.has(one.id) !== query.registered) return false
        if (group !== undefined && one.groups?.includes(group) !== true) return false
        if (imported?.has(one.number) === false) return false
        return query.q === undefined || fits(one, valuesOf(parts, one)) || Boolean(owners?.has(one.id))
      })
      const page = await pageOf(found, query, sortKeys(parts), turns)
      const uses = usesOf(parts.snapshot.allDevices())
      const groups = page.items.some((one) => one.groups !== undefined) ? await use.groups.list() : []
      const items = page.items.map((one) => ({
        ...extensionView(one, registered, uses.get(one.id) ?? [], groups),
        ...personNames(valuesOf(parts, one)),
      }))
      return { body: { ...page, items } }
    },
  }),
  route({
    id: 'addExtension',
    method: 'post',
    path: '/extensions',
    tag: TAG,
    summary: 'Add a person; a password is made when none is given, and shown only now',
    access: 'people.write',
    body: z.strictObject({
      number,
      name: text,
      email: text.optional(),
      password: text.optional(),
      authUser: text.optional().meta({ description: 'SIP user name; made as the site wants it when absent' }),
      keys: z.array(keyInput).max(1_000).optional(),
    }),
    status: 201,
    answer: extension
      .extend({
        password: z.string().meta({ description: 'SIP password' }),
        weak: z.boolean().optional().meta({ description: 'True: the password given is easy to guess' }),
      })
      .meta({ id: 'NewExtension' }),
    handle: async (call) => {
      const { use, by, body } = call
      const { extension: added, password } = await use.extensions.add(by.actor, body)
      if (body.keys) await use.extensions.setKeys(by.actor, added.number, body.keys)
      const answer = await shownExtension(call, added.number)
      return {
        ...answer,
        body: {
          ...(answer.body as object),
          password: password.reveal(),
          ...(body.password !== undefined && isWeakPassword(body.password, added.number) ? { weak: true } : {}),
        },
        location: `/extensions/${encodeURIComponent(added.number)}`,
      }
    },
  }),
  route({
    id: 'showExtension',
    method: 'get',
    path: '/extensions/{number}',
    tag: TAG,
    summary: 'A person',
    access: 'people.read',
    params,
    answer: extension,
    handle: (call) => shownExtension(call, call.params.number),
  }),
  route({
    id: 'updateExtension',
    method: 'patch',
    path: '/extensions/{number}',
    tag: TAG,
    summary: 'Change name, address or whether the person may register',
    access: 'people.write',
    params,
    body: z.strictObject({
      name: text.optional(),
      email: text.optional().meta({ description: 'An empty text takes it away' }),
      enabled: z.boolean().optional(),
    }),
    conditional: true,
    answer: extension,
    handle: async (call) => {
      await call.use.extensions.update(call.by.actor, call.params.number, call.body)
      return shownExtension(call, call.params.number)
    },
  }),
  route({
    id: 'removeExtension',
    method: 'delete',
    path: '/extensions/{number}',
    tag: TAG,
    summary: 'Remove a person; refused while phones or keys use the number, unless by force',
    access: 'people.write',
    params,
    query: { force: flag.optional() },
    conditional: true,
    handle: async ({ use, by, params: { number: own }, query: { force = false } }) => {
      await use.extensions.remove(by.actor, own, { force })
      return {}
    },
  }),
  route({
    id: 'setExtensionKeys',
    method: 'put',
    path: '/extensions/{number}/keys',
    tag: TAG,
    summary: "Replace all of a person's keys",
    access: 'people.write',
    params,
    body: z.array(keyInput).max(1_000),
    conditional: true,
    answer: extension,
    handle: async (call) => {
      await call.use.extensions.setKeys(call.by.actor, call.params.number, call.body)
      return shownExtension(call, call.params.number)
    },
  }),
  route({
    id: 'setExtensionGroups',
    method: 'put',
    path: '/extensions/{number}/groups',
    tag: TAG,
    summary: 'Replace the groups that a person is in, by name; the first is the strongest',
    access: 'people.write',
    params,
    body: z.array(text).max(100),
    conditional: true,
    answer: extension,
    handle: async (call) => {
      await call.use.extensions.setGroups(call.by.actor, call.params.number, call.body)
      return shownExtension(call, call.params.number)
    },
  }),
  route({
    id: 'resetExtensionPassword',
    method: 'post',
    path: '/extensions/{number}/password',
    tag: TAG,
    summary: 'A new SIP password, made when none is given; lines of phones keep theirs',
    access: 'people.password',
    params,
    body: z.strictObject({ password: text.optional() }).optional(),
    answer: z.object({ password: z.string() }),
    handle: async ({ use, by, params: { number: own }, body }) => {
      const password = await use.extensions.resetPassword(by.actor, own, body?.password)
      return { body: { password: password.reveal() } }
    },
  }),
  route({
    id: 'revealExtensionPassword',
    method: 'post',
    path: '/extensions/{number}/password/reveal',
    tag: TAG,
    summary: "See a person's SIP password; the audit log keeps who did",
    access: 'people.secrets',
    params,
    answer: z.object({ password: z.string() }),
    handle: async ({ use, by, params: { number: own } }) => ({
      body: { password: (await use.extensions.password(by.actor, own)).reveal() },
    }),
  }),
]
