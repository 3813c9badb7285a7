import type { AppError } from '../../domain/errors.js'
import { EVERYWHERE, isInForce, type BanScope } from '../../limits/ban.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { banReason } from '../program-texts.js'
import { adminPage } from './admin-menu.js'
import { thingOf } from './things.js'

interface AuditRow {
  id: number
  at: string
  actor: string
  action: string
  entity: string
  entityId: string
  site?: string
  before?: unknown
  after?: unknown
}

const AUDIT_ROWS = 50
const FILTERS = ['actor', 'action', 'entity', 'from', 'to'] as const

/** Before and after, field by field: only what differs; of something new or gone all of it. */
function differences({ before, after }: AuditRow): { field: string; before: string; after: string }[] {
  const fields = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : value === undefined
        ? {}
        : { '': value }
  const text = (value: unknown): string =>
    value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const [old, now] = [fields(before), fields(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .map((field) => ({ field, before: text(old[field]), after: text(now[field]) }))
    .filter((one) => one.before !== one.after)
}

/** A day of a form as the beginning or end of that day, UTC. */
const dayEdge = (day: string | undefined, edge: string): string | undefined =>
  day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T${edge}Z` : undefined

async function audit(call: PageCall): Promise<PageAnswer> {
  const filter = given(Object.fromEntries(FILTERS.map((name) => [name, call.query[name]?.slice(0, 200)])))
  const { from, to, ...rest } = filter
  const query = {
    ...rest,
    ...given({ from: dayEdge(from, '00:00:00.000'), to: dayEdge(to, '23:59:59.999') }),
    ...given({ before: call.query.before }),
    limit: String(AUDIT_ROWS),
  }
  const { items, nextBefore } = await ask<{ items: AuditRow[]; nextBefore?: number }>(call, 'listAudit', { query })
  const link = (more: Record<string, string>): string =>
    `/audit?${new URLSearchParams({ ...filter, ...more }).toString()}`
  return adminPage(call, 'audit', {
    view: 'audit',
    title: call.words.t('audit.title'),
    data: {
      rows: items.map((one) => ({
        ...one,
        when: Date.parse(one.at),
        thing: thingOf(call, one),
        site: one.site ?? '',
        changes: differences(one),
        about: link({ entity: one.entity }),
      })),
      values: Object.fromEntries(FILTERS.map((name) => [name, filter[name] ?? ''])),
      entities: [
        'extension',
        'device',
        'group',
        'setting',
        'site',
        'import',
        'admin',
        'role',
        'softphone',
        'webhook',
      ].map((name) => ({ name, chosen: name === filter.entity })),
      filtered: Object.keys(filter).length > 0,
      next: nextBefore === undefined ? undefined : link({ before: String(nextBefore) }),
    },
  })
}

interface Ban {
  address: string
  protocols: BanScope
  user?: string
  reason: string
  evidence: string
  count: number
  times: number
  since: string
  until: string
  liftedAt?: string
  liftedBy?: string
}

async function bans(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const all = call.query.all === 'true'
  const { items } = await ask<{ items: Ban[] }>(call, 'listBans', { query: { limit: '200', all: String(all) } })
  const now = call.parts.clock.now()
  return adminPage(call, 'bans', {
    view: 'bans',
    title: call.words.t('bans.title'),
    ...(refused ? { status: 422 } : {}),
    data: {
      all,
      bans: items.map((one) => ({
        ...one,
        everywhere: one.address === EVERYWHERE ? call.words.t('bans.everywhere') : '',
        scope: call.words.t(`bans.scope.${one.protocols}`),
        reason: banReason(call.words, one.reason),
        user: one.user ?? '',
        sinceAt: Date.parse(one.since),
        untilAt: Date.parse(one.until),
        holds:
          one.liftedAt === undefined && isInForce({ since: Date.parse(one.since), until: Date.parse(one.until) }, now),
        liftedBy: one.liftedBy ?? '',
      })),
      lifts: mayUse(call, 'liftBan'),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

async function sites(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items } = await ask<{ items: { id: string; slug: string; name: string; sipDomain?: string }[] }>(
    call,
    'listSites',
  )
  const { slug = '', name = '', sipDomain = '' } = call.form
  return adminPage(call, 'sites', {
    view: 'sites',
    title: call.words.t('sites.title'),
    ...(refused ? { status: 422 } : {}),
    data: {
      rows: items.map((one) => ({ ...one, sipDomain: one.sipDomain ?? '', here: one.id === call.site.id })),
      values: { slug, name, sipDomain },
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

export const statePages = [
  page({ id: 'audit', method: 'get', path: '/audit', of: 'listAudit', run: audit }),
  page({ id: 'bans', method: 'get', path: '/bans', of: 'listBans', run: (call) => bans(call) }),
  page({
    id: 'liftBan',
    method: 'post',
    path: '/bans/lift',
    of: 'liftBan',
    run: async (call) => {
      await ask(call, 'liftBan', { body: { address: call.form.address ?? '' } })
      return { to: done('/bans', 'lifted') }
    },
    refused: bans,
  }),
  page({ id: 'sites', method: 'get', path: '/sites', of: 'addSite', run: (call) => sites(call) }),
  page({
    id: 'addSite',
    method: 'post',
    path: '/sites',
    of: 'addSite',
    run: async (call) => {
      const { slug = '', name = '', sipDomain } = call.form
      await ask(call, 'addSite', { body: { slug: slug.trim(), name, ...given({ sipDomain }) } })
      return { to: done('/sites', 'added') }
    },
    refused: sites,
  }),
]
