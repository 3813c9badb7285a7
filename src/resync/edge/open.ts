import type { Databases } from '../../database/edge/connect.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { systemRandom } from '../../domain/edge/system-random.js'
import { createResyncAdmin, type ResyncAdmin } from '../use-cases.js'
import { KnexResyncStore } from './knex-store.js'

/** The use cases over an opened database, for server and command line alike. */
export function openResync({ events }: Pick<Databases, 'events'>): ResyncAdmin {
  return createResyncAdmin({ store: new KnexResyncStore(events), clock: systemClock, random: systemRandom })
}
