import type { SchemaStep } from './migration.js'

/** Keys of people that only admins change. */
export const lockedKeys: SchemaStep = {
  name: '0021_locked_keys',
  database: 'main',
  async up(db) {
    await db.schema.alterTable('line_keys', (table) => {
      table.integer('locked').notNullable().defaultTo(0)
    })
  },
}
