import { z } from 'zod'
import { RESTORABLE_MS } from '../../extensions/removed.js'
import { isWeakPassword } from '../../extensions/rules.js'
import { proposeNumber } from '../../extensions/policy.js'
import { route } from '../route.js'
import { saveSettings } from '../save-setting.js'
import { extension } from './phone-schemas.js'
import { number, settings, settingValue, text, time } from './schemas.js'
import { settingParams, shownSettings } from './settings.js'
import { shownExtension } from './extensions.js'
import { isoTime } from './views.js'

const TAG = 'People'
const params = { number }

const removed = z
  .object({ id: z.string(), number: z.string(), name: z.string(), removedAt: time, removedBy: z.string(), until: time })
  .meta({ id: 'RemovedExtension' })

const use = z
  .object({
    phones: z.array(z.object({ mac: z.string(), line: z.number().int() })),
    keys: z.array(
      z.object({ of: z.enum(['extension', 'device', 'group']), owner: z.string(), position: z.number().int() }),
    ),
    forwards: z.array(z.object({ of: z.string(), owner: z.string(), setting: z.string() })),
  })
  .meta({ id: 'ExtensionUses' })

/** What people need beyond the plain record: copies, new numbers, coming back, and what refers to them. */
export const peopleRoutes = [
  route({
    id: 'proposeExtension',
    method: 'get',
    path: '/extensions/new',
    tag: TAG,
    summary: 'What a new person may be: a free number of the ranges, and the rules for passwords',
    access: 'people.read',
    answer: z.object({
      number: z.string().optional(),
      numberRanges: z.array(z.string()).optional(),
      passwordMinLength: z.number().int(),
      passwordClasses: z.array(z.string()).optional(),
      emailRequired: z.boolean(),
    }),
    handle: async ({ use: { extensions }, parts, site }) => {
      const policy = await extensions.policy()
      const { snapshot } = parts
      const free = proposeNumber(policy, (one) => snapshot.extensionByNumber(site.id, one) !== undefined)
      return { body: { ...policy, ...(free === undefined ? {} : { number: free }) } }
    },
  }),
  route({
    id: 'listExtensionUses',
    method: 'get',
    path: '/extensions/{number}/uses',
    tag: TAG,
    summary: 'What refers to a person: phones, keys and forwards of others',
    access: 'people.read',
    params,
    answer: use,
    handle: async ({ use: { extensions }, params: { number: own } }) => {
      const { uses } = await extensions.show(own)
      return {
        body: {
          phones: uses.lines.map(({ mac, position }) => ({ mac, line: position })),
          keys: uses.keys.map(({ ownerKind, ownerId: owner, position }) => ({ of: ownerKind, owner, position })),
          forwards: uses.forwards.map(({ layer, owner, key }) => ({ of: layer, owner, setting: key })),
        },
      }
    },
  }),
  route({
    id: 'duplicateExtension',
    method: 'post',
    path: '/extensions/{number}/duplicate',
    tag: TAG,
    summary:
      'A new person with the same keys and settings; number, name, addresses, passwords and phones are not copied',
    access: 'people.write',
    params,
    body: z.strictObject({ number, name: text, email: text.optional(), password: text.optional() }),
    status: 201,
    answer: extension
      .extend({ password: z.string().meta({ description: 'SIP password' }), weak: z.boolean().optional() })
      .meta({ id: 'DuplicatedExtension' }),
    handle: async (call) => {
      const { extensions } = call.use
      const { extension: made, password } = await extensions.duplicate(call.by.actor, call.params.number, call.body)
      const answer = await shownExtension(call, made.number)
      const weak = call.body.password !== undefined && isWeakPassword(call.body.password, made.number)
      return {
        ...answer,
        body: { ...(answer.body as object), password: password.reveal(), ...(weak ? { weak } : {}) },
        location: `/extensions/${encodeURIComponent(made.number)}`,
      }
    },
  }),
  route({
    id: 'renumberExtension',
    method: 'post',
    path: '/extensions/{number}/renumber',
    tag: TAG,
    summary: 'Another number; keys and forwards of others follow, phones register anew',
    access: 'people.write',
    params,
    body: z.strictObject({ number }),
    conditional: true,
    answer: extension,
    handle: async (call) => {
      const changed = await call.use.extensions.renumber(call.by.actor, call.params.number, call.body.number)
      return shownExtension(call, changed.number)
    },
  }),
  route({
    id: 'listRemovedExtensions',
    method: 'get',
    path: '/removed-extensions',
    tag: TAG,
    summary: 'People who were removed within 90 days and can come back, newest first',
    access: 'people.read',
    answer: z.object({ items: z.array(removed) }),
    handle: async ({ use: { extensions } }) => ({
      body: {
        items: (await extensions.removed()).map(({ displayName: name, removedAt, ...one }) => ({
          ...one,
          name,
          removedAt: isoTime(removedAt),
          until: isoTime(removedAt + RESTORABLE_MS),
        })),
      },
    }),
  }),
  route({
    id: 'restoreExtension',
    method: 'post',
    path: '/removed-extensions/{id}/restore',
    tag: TAG,
    summary: 'Bring somebody back with number, password, keys, settings and lines; what is taken meanwhile is told',
    access: 'people.write',
    params: { id: text },
    answer: z.object({ number: z.string(), missing: z.array(z.string()) }),
    handle: async ({ use: { extensions }, by, params: { id } }) => ({
      body: await extensions.restore(by.actor, id),
    }),
  }),
  route({
    id: 'changeSettings',
    method: 'patch',
    path: '/settings/{layer}/{owner}',
    tag: 'Settings',
    summary: 'Set several values at once, all or none; those under `unset` go back to what weaker layers say',
    access: 'settings.write',
    params: settingParams,
    body: z.strictObject({
      values: z.record(text, settingValue).optional(),
      unset: z.array(text).max(500).optional(),
      resync: z
        .boolean()
        .optional()
        .meta({ description: 'Ask the phones whose files this changes, and no others, to fetch them' }),
    }),
    conditional: true,
    answer: settings,
    handle: async (call) => {
      const { layer, owner } = call.params
      const { values = {}, unset = [], resync = false } = call.body
      const gone = Object.fromEntries(unset.map((key) => [key, undefined]))
      const asked = await saveSettings(call, { layer, owner }, { ...gone, ...values }, resync)
      return shownSettings(call, layer, owner, asked)
    },
  }),
]
