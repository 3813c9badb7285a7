import type { SchemaStep } from './migration.js'

/** Files as phones were given them, sealed and packed, by the digest that events name: what a comparison needs. */
export const keptFiles: SchemaStep = {
  name: '0017_kept_files',
  database: 'live',
  async up(db) {
    await db.schema.createTable('kept_files', (table) => {
      table.text('sha256').primary()
      table.text('sealed').notNullable()
      table.bigInteger('at').notNullable()
      table.index(['at'])
    })
  },
}
