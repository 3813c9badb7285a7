import type { Knex } from 'knex'
import { toSite, type SiteRow } from '../../database/edge/rows.js'
import { inWriteTransaction, isUniqueViolation, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Site } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { SiteStore } from '../store.js'
import { siteExists } from '../use-cases.js'

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
    insert: ({ id, slug, name, sipDomain, revision }, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const { at } = change.author
          const row = { id, slug, name, sip_domain: sipDomain ?? null, revision, created_at: at, updated_at: at }
          await trx('sites').insert(row)
          await recordChanges(trx, [change])
        }).catch((error: unknown) => {
          throw isUniqueViolation(error) ? siteExists() : error
        }),
      ),
  }
}
