import type { Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { momentIn } from '../settings/local-time.js'
import { nextClosed } from '../settings/office-hours.js'
import type { Holidays, OfficeHours } from '../settings/personal-rules.js'
import { siteValue, siteZone } from './site-value.js'
import type { Snapshot } from './snapshot.js'

/** In the place of a time: as soon as the office is closed. */
const CLOSED = 'closed'

/** What is planned for a closed office that is closed already begins so much later, for it must be ahead. */
const AT_ONCE_MS = 1_000

/** When the office of a site is closed next, now included; undefined: it has no office hours, or never closes. */
export function closedNext(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, now: Millis): Millis | undefined {
  const hours = siteValue(snapshot, siteId, 'officeHours') as OfficeHours | null | undefined
  const holidays = (siteValue(snapshot, siteId, 'holidays') ?? []) as Holidays
  return hours ? nextClosed(hours, holidays, now, siteZone(snapshot, siteId)) : undefined
}

/**
 * The moment that somebody names: `2026-03-31T02:30` by the clocks of the site, the same with an offset, or `closed`.
 * Throws SCHEDULE_INVALID.
 */
export function plannedMoment(snapshot: Pick<Snapshot, 'layer'>, siteId: Id, given: string, now: Millis): Millis {
  if (given === CLOSED) {
    const closed = closedNext(snapshot, siteId, now)
    if (closed !== undefined) return Math.max(closed, now + AT_ONCE_MS)
    throw new AppError('SCHEDULE_INVALID', 'at: the site has no office hours after which it is closed', {
      field: 'at',
      hint: 'Set officeHours for the site',
    })
  }
  const withOffset = /(?:Z|[+-]\d{2}:\d{2})$/.test(given) ? Date.parse(given) : undefined
  const moment = withOffset ?? momentIn(siteZone(snapshot, siteId), given)
  if (moment !== undefined && !Number.isNaN(moment)) return moment
  throw new AppError('SCHEDULE_INVALID', `at: "${given.slice(0, 40)}" is no date and time`, {
    field: 'at',
    hint: `Such as 2026-03-31T02:30, or ${CLOSED}`,
  })
}
