import { z } from 'zod'
import { AppError } from '../../domain/errors.js'
import { isInForce } from '../../limits/ban.js'
import { OFFENCES } from '../../limits/offence.js'
import type { KeptBan } from '../../limits/store.js'
import { normaliseAddress } from '../../network/address.js'
import { route } from '../route.js'
import { flag, text, time } from './schemas.js'
import { logQuery } from './state-schemas.js'
import { isoTime } from './views.js'

const ban = z
  .object({
    address: z.string(),
    protocols: z.string(),
    user: z.string().optional(),
    kind: z.string(),
    reason: z.string(),
    evidence: z.string(),
    count: z.number().int(),
    times: z.number().int(),
    since: time,
    until: time,
    liftedAt: time.optional(),
    liftedBy: z.string().optional(),
  })
  .meta({ id: 'Ban' })

function banView({ who, scope, username, kind, evidence, count, times, since, until, ...lifted }: KeptBan) {
  return {
    address: who,
    protocols: scope,
    ...(username === '' ? {} : { user: username }),
    kind,
    reason: OFFENCES[kind].reason,
    evidence,
    count,
    times,
    since: isoTime(since),
    until: isoTime(until),
    liftedAt: isoTime(lifted.liftedAt),
    liftedBy: lifted.liftedBy,
  }
}

export const banRoutes = [
  route({
    id: 'listBans',
    method: 'get',
    path: '/bans',
    tag: 'State',
    summary: 'Addresses that are not heard for a while, and why; newest first',
    access: 'bans.read',
    scope: 'server',
    query: {
      limit: logQuery.limit,
      all: flag.optional().meta({ description: 'Also those that are over or were lifted' }),
    },
    answer: z.object({ items: z.array(ban) }),
    handle: async ({ parts, query: { limit, all = false } }) => {
      const now = parts.clock.now()
      const kept = await parts.bans.load(all ? 0 : now, limit)
      const found = all ? kept : kept.filter((ban) => isInForce(ban, now))
      return { body: { items: found.map(banView) } }
    },
  }),
  route({
    id: 'liftBan',
    method: 'post',
    path: '/bans/lift',
    tag: 'State',
    summary: 'Hear an address again; the server notices within a second',
    access: 'bans.write',
    scope: 'server',
    body: z.strictObject({ address: text.meta({ description: 'An address, or what the list shows' }) }),
    answer: z.object({ items: z.array(ban) }),
    handle: async ({ parts, by, body: { address } }) => {
      const meant = normaliseAddress(address) ?? address
      const lifted = await parts.bans.lift(meant, by.actor, parts.clock.now())
      if (lifted.length === 0) {
        throw new AppError('BAN_NOT_FOUND', `${address.slice(0, 60)} is not banned`, { field: 'address' })
      }
      return { body: { items: lifted.map(banView) } }
    },
  }),
]
