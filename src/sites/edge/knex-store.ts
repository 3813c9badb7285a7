import type { Knex } from 'knex'
import { toSite, type SiteRow } from '../../database/edge/rows.js'
import { orUnusable } from '../../database/edge/write.js'
import type { Site } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { SiteStore } from '../store.js'

export function createKnexSiteStore(db: Knex): SiteStore {
  const list = async (): Promise<Site[]> => {
    const rows: SiteRow[] = await orUnusable(Promise.resolve(db('sites').orderBy('id')))
    return rows.map(toSite)
  }
  return {
    list,
    defaultSite: async () => {
      const site = (await list())[0]
      if (!site) throw new AppError('SITE_NOT_FOUND', 'the database holds no site')
      return site
    },
  }
}
