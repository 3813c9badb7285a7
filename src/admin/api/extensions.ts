import { z } from 'zod'
import { folded, foldedOnce, pageOf, sortedBy, type SortKeys } from '../paging.js'
import { route, type Answer, type Call } from '../route.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import { extension, flag, keyInput, listQuery, number, pageSchema, text } from './schemas.js'
import { extensionView, registeredNow, usesOf } from './views.js'

const TAG = 'People'
const SORT: SortKeys<ExtensionRecord> = {
  number: sortedBy(({ number: own }) => own),
  name: sortedBy(({ displayName }) => displayName),
  email: sortedBy(({ email }) => email),
}

const searched = foldedOnce(({ number: own, displayName, email }: ExtensionRecord) =>
  [own, displayName, email ?? ''].join('\n'),
)

/** One person as stored now; the entity tag is its revision. */
async function shown({ use, parts }: Call, own: string): Promise<Answer> {
  const { extension: found, uses } = await use.extensions.show(own)
  const phones = uses.lines.map(({ mac, position }) => ({ mac, line: position }))
  return { body: extensionView(found, registeredNow(parts), phones), entity: found }
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
      ...listQuery(['number', 'name', 'email'], 'number'),
      q: text.optional().meta({ description: 'Part of number, name or address; case and diacritics do not count' }),
      enabled: flag.optional(),
      registered: flag.optional(),
    },
    answer: pageSchema(extension),
    handle: ({ parts, site, query }) => {
      const registered = registeredNow(parts)
      const wanted = query.q === undefined ? undefined : folded(query.q)
      const found = [...parts.snapshot.allExtensions()].filter((one) => {
        if (one.siteId !== site.id) return false
        if (query.enabled !== undefined && one.enabled !== query.enabled) return false
        if (query.registered !== undefined && registered.counts.has(one.id) !== query.registered) return false
        return wanted === undefined || searched(one).includes(wanted)
      })
      const page = pageOf(found, query, SORT)
      const uses = usesOf(parts.snapshot.allDevices())
      const items = page.items.map((one) => extensionView(one, registered, uses.get(one.id) ?? []))
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
      keys: z.array(keyInput).max(1_000).optional(),
    }),
    status: 201,
    answer: extension
      .extend({ password: z.string().meta({ description: 'SIP password' }) })
      .meta({ id: 'NewExtension' }),
    handle: async (call) => {
      const { use, by, body } = call
      const { extension: added, password } = await use.extensions.add(by.actor, body)
      if (body.keys) await use.extensions.setKeys(by.actor, added.number, body.keys)
      const answer = await shown(call, added.number)
      return {
        ...answer,
        body: { ...(answer.body as object), password: password.reveal() },
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
    handle: (call) => shown(call, call.params.number),
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
      return shown(call, call.params.number)
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
      return shown(call, call.params.number)
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
