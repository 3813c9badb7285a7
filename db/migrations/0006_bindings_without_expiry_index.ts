import type { SchemaStep } from './migration.js'

/** Expired bindings are removed by key: the registrar knows them. An index less to write with every REGISTER. */
export const bindingsWithoutExpiryIndex: SchemaStep = {
  name: '0006_bindings_without_expiry_index',
  database: 'live',
  async up(db) {
    await db.schema.alterTable('bindings', (table) => {
      table.dropIndex(['expires_at'])
    })
  },
}
