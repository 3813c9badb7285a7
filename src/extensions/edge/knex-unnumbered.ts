import type { Knex } from 'knex'
import { inWriteTransaction, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { UnnumberedPerson, UnnumberedStore } from '../unnumbered.js'

export interface UnnumberedRow {
  id: Id
  site_id: Id
  display_name: string
  email: string | null
  settings: string
  created_at: number | string
  created_by: string
  revision: number
}

export function createKnexUnnumberedStore(db: Knex): UnnumberedStore {
  return {
    list: async (siteId) => {
      const found = db('people_without_number').where({ site_id: siteId }).orderBy(['display_name', 'id'])
      return ((await orUnusable(Promise.resolve(found))) as UnnumberedRow[]).map(fromRow)
    },
    remove: (id, change) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          const removed = await trx('people_without_number').where({ id }).delete()
          if (removed === 1) await recordChanges(trx, [change])
          return removed === 1
        }),
      ),
  }
}

export function unnumberedRow(person: UnnumberedPerson): UnnumberedRow {
  return {
    id: person.id,
    site_id: person.siteId,
    display_name: person.displayName,
    email: person.email ?? null,
    settings: JSON.stringify(Object.fromEntries(person.settings)),
    created_at: person.createdAt,
    created_by: person.createdBy,
    revision: person.revision,
  }
}

function fromRow(row: UnnumberedRow): UnnumberedPerson {
  return {
    id: row.id,
    siteId: row.site_id,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    settings: new Map(Object.entries(JSON.parse(row.settings) as Record<string, unknown>)),
    createdAt: Number(row.created_at),
    createdBy: row.created_by,
    revision: row.revision,
  }
}
