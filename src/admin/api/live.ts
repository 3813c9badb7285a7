import { z } from 'zod'
import { ALL_SITES, may } from '../../accounts/permissions.js'
import { fileNamesOf, previewFile } from '../../provisioning/preview.js'
import { requireMac } from '../../domain/mac-address.js'
import type { NumberedEvent } from '../parts.js'
import { route } from '../route.js'
import { auditEntry, event, logQuery, outcome, stranger } from './state-schemas.js'
import { mac, text } from './schemas.js'
import { site as siteSchema } from './account-schemas.js'
import { siteNamesOf, isoTime } from './views.js'

/** A log has no number of pages: what is older is asked for by `before`. */
/** A page of a log. */
export const logSchema = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextBefore: z.number().int().optional() })

/** The number to go on with, unless this was the last page. */
export function logOf<T extends { id: number }>(items: readonly T[], limit: number): { nextBefore?: number } {
  const last = items.at(-1)
  return last && items.length === limit ? { nextBefore: last.id } : {}
}

const eventView = ({ at, ...rest }: NumberedEvent): object => ({ ...rest, at: isoTime(at) })

const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

export const liveRoutes = [
  route({
    id: 'listDeviceEvents',
    method: 'get',
    path: '/devices/{mac}/events',
    tag: 'State',
    summary: 'What a phone asked and was given, newest first',
    access: 'events.read',
    params: { mac },
    query: { ...logQuery, outcome: outcome.optional() },
    answer: logSchema(event),
    handle: async ({ parts, use, params, query }) => {
      const { mac: own } = await use.devices.show(params.mac)
      const items = await parts.events({ ...query, mac: own })
      return { body: { items: items.map(eventView), ...logOf(items, query.limit) } }
    },
  }),
  route({
    id: 'listEvents',
    method: 'get',
    path: '/events',
    tag: 'State',
    summary: 'What all phones asked and were given, newest first',
    access: 'events.read',
    scope: 'server',
    query: { ...logQuery, outcome: outcome.optional(), mac: mac.optional() },
    answer: logSchema(event),
    handle: async ({ parts, query }) => {
      const items = await parts.events({ ...query, mac: query.mac === undefined ? undefined : requireMac(query.mac) })
      return { body: { items: items.map(eventView), ...logOf(items, query.limit) } }
    },
  }),
  route({
    id: 'listStrangers',
    method: 'get',
    path: '/strangers',
    tag: 'State',
    summary: 'Requests of unknown phones and others that were refused, by source; a phone that waits shows up here',
    access: 'strangers.read',
    scope: 'server',
    query: { limit: logQuery.limit },
    answer: z.object({ items: z.array(stranger) }),
    handle: async ({ parts, query }) => ({
      body: {
        items: (await parts.strangers(query.limit)).map((one) => ({
          peer: one.peer,
          outcome: one.outcome,
          first: isoTime(one.firstAt),
          last: isoTime(one.lastAt),
          requests: one.requests,
          path: one.lastPath,
          mac: one.lastMac,
          userAgent: one.lastUserAgent,
          reason: one.lastReason,
        })),
      },
    }),
  }),
  route({
    id: 'listDeviceFiles',
    method: 'get',
    path: '/devices/{mac}/files',
    tag: 'State',
    summary: 'Names of the files a phone gets',
    access: 'files.read',
    params: { mac },
    answer: z.object({ items: z.array(z.object({ name: z.string() })) }),
    handle: async ({ parts, use, params }) => {
      const device = await use.devices.show(params.mac)
      return { body: { items: fileNamesOf(parts, device).map((name) => ({ name })) } }
    },
  }),
  route({
    id: 'showDeviceFile',
    method: 'get',
    path: '/devices/{mac}/files/{name}',
    tag: 'State',
    summary: 'A file as the phone would get it now, secrets masked',
    access: 'files.read',
    params: { mac, name: text },
    query: { host: text.regex(/^[A-Za-z0-9.:-]{1,253}$/).optional() },
    gives: 'text/plain',
    answer: z.string(),
    handle: async ({ parts, use, params, query }) => {
      const device = await use.devices.show(params.mac)
      const file = previewFile(parts, device, { wanted: params.name, host: query.host })
      return { body: file?.text ?? '' }
    },
  }),
  route({
    id: 'listModels',
    method: 'get',
    path: '/models',
    tag: 'State',
    summary: 'Phone models there are',
    access: 'phones.read',
    answer: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          vendor: z.string(),
          lines: z.number().int(),
          keys: z.record(z.string(), z.object({ count: z.number().int(), kinds: z.array(z.string()) })),
        }),
      ),
    }),
    handle: ({ parts }) => ({
      body: {
        items: parts.catalog.models().map(({ model, name, family, lines, keys }) => ({
          id: model,
          name,
          vendor: family,
          lines,
          keys,
        })),
      },
    }),
  }),
  route({
    id: 'listAudit',
    method: 'get',
    path: '/audit',
    tag: 'State',
    summary: 'Who changed what, newest first, without secrets; of all sites for whoever may see all',
    access: 'audit.read',
    query: {
      ...logQuery,
      entity: text.optional(),
      entityId: text.optional(),
      action: text.optional(),
      actor: text.optional(),
      from: moment.optional().meta({ description: 'Not before this time' }),
      to: moment.optional().meta({ description: 'Not after this time' }),
    },
    answer: logSchema(auditEntry),
    handle: async ({ parts, by, site, siteNamed, query }) => {
      const all = !siteNamed && may(by.rights, 'audit.read', ALL_SITES)
      const items = await parts.audit({ ...query, siteId: all ? undefined : site.id })
      const sites = await siteNamesOf({ parts })
      return {
        body: {
          items: items.map(({ at, siteId, ...entry }) => ({ ...entry, at: isoTime(at), site: sites.slug(siteId) })),
          ...logOf(items, query.limit),
        },
      }
    },
  }),
  route({
    id: 'listSites',
    method: 'get',
    path: '/sites',
    tag: 'Sites',
    summary: 'Sites you have any right in',
    access: 'self',
    answer: z.object({
      items: z.array(siteSchema),
    }),
    handle: async ({ parts, by }) => {
      const everywhere = by.rights.has(ALL_SITES)
      return { body: { items: (await parts.sites.list()).filter(({ id }) => everywhere || by.rights.has(id)) } }
    },
  }),
  route({
    id: 'addSite',
    method: 'post',
    path: '/sites',
    tag: 'Sites',
    summary: 'Add a site: people, phones and settings of its own',
    access: 'sites.write',
    scope: 'server',
    body: z.strictObject({ slug: text, name: text, sipDomain: text.optional() }),
    status: 201,
    answer: siteSchema,
    handle: async ({ parts, by, body }) => ({ body: await parts.sites.add(by.actor, body) }),
  }),
]
