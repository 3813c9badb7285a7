import type { SchemaStep } from './migration.js'

/** Requests alike within a minute share a row; phones are looked up by MAC, so their id needs no index. */
export const repeatedEvents: SchemaStep = {
  name: '0005_repeated_events',
  database: 'live',
  async up(db) {
    await db.schema.alterTable('provisioning_events', (table) => {
      table.integer('times').notNullable().defaultTo(1)
      table.dropIndex(['device_id', 'at'])
    })
  },
}
