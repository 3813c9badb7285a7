import { z } from 'zod'
import type { Binding } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { searchFor, searchText } from '../../domain/search-text.js'
import { filterInTurns } from '../../domain/turns.js'
import { pageOf, type SortKeys } from '../paging.js'
import { route, type Call } from '../route.js'
import { listQuery, pageSchema, text } from './schemas.js'
import { registration } from './state-schemas.js'
import { isoTime } from './views.js'

/** Tells a registration from the others: address of record and what makes its contact that one. */
export function registrationId({ aor, bindingKey }: Pick<Binding, 'aor' | 'bindingKey'>): string {
  return `${aor} ${bindingKey}`
}

/** A registration of this site. Throws BINDING_NOT_FOUND. */
export function requireRegistration({ parts, site }: Pick<Call, 'parts' | 'site'>, id: string): Binding {
  const found = parts.bindings().find((binding) => registrationId(binding) === id)
  if (found && parts.snapshot.extension(found.extensionId)?.siteId === site.id) return found
  throw new AppError('BINDING_NOT_FOUND', 'there is no such registration any more')
}

const SORT: SortKeys<{ binding: Binding }> = {
  aor: ({ binding }) => binding.aor,
  registeredAt: ({ binding }) => binding.registeredAt,
  expiresAt: ({ binding }) => binding.expiresAt,
}

export const registrationRoutes = [
  route({
    id: 'listRegistrations',
    method: 'get',
    path: '/registrations',
    tag: 'State',
    summary: 'Who is registered now',
    access: 'registrations.read',
    query: {
      ...listQuery(['aor', 'registeredAt', 'expiresAt'], 'aor'),
      q: text.optional().meta({ description: 'Part of address of record, source or User-Agent' }),
      extension: text.optional(),
      transport: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']).optional(),
    },
    answer: pageSchema(registration),
    handle: async ({ parts, site, query }) => {
      const { snapshot } = parts
      const holds = searchFor(query.q ?? '')
      const turns = parts.turns()
      const found = await filterInTurns(parts.bindings(), turns, (binding) => {
        const extension = snapshot.extension(binding.extensionId)
        if (extension?.siteId !== site.id) return false
        if (query.extension !== undefined && extension.number !== query.extension) return false
        if (query.transport !== undefined && binding.transport !== query.transport) return false
        if (query.q === undefined) return true
        return holds(searchText(`${binding.aor}\n${binding.received}\n${binding.userAgent ?? ''}`))
      })
      const named = found.map((binding) => ({ id: registrationId(binding), binding }))
      const page = await pageOf(named, query, SORT, turns)
      const items = page.items.map(({ id, binding }) => {
        const device = binding.lineId === undefined ? undefined : snapshot.deviceByLine(binding.lineId)
        return {
          id,
          aor: binding.aor,
          extension: snapshot.extension(binding.extensionId)?.number ?? '',
          mac: device?.mac,
          line: device?.lines.find((line) => line.id === binding.lineId)?.position,
          contact: binding.contactUri,
          received: binding.received,
          transport: binding.transport,
          registeredAt: isoTime(binding.registeredAt),
          expiresAt: isoTime(binding.expiresAt),
          userAgent: binding.userAgent,
        }
      })
      return { body: { ...page, items } }
    },
  }),
  route({
    id: 'dropRegistration',
    method: 'delete',
    path: '/registrations/{id}',
    tag: 'State',
    summary: 'Throw one registration out; its phone may register again, which a lost or blocked one may not',
    access: 'phones.state',
    params: { id: text },
    handle: async (call) => {
      const { aor, bindingKey } = requireRegistration(call, call.params.id)
      await call.parts.bindingAdmin.drop(call.by.actor, aor, bindingKey)
      return {}
    },
  }),
]
