import type { SchemaStep } from './migration.js'

/** Passwords by which people sign in to their own page; they set them themselves, and only hashes are kept. */
export const ownPasswords: SchemaStep = {
  name: '0022_own_passwords',
  database: 'main',
  async up(db) {
    await db.schema.createTable('own_passwords', (table) => {
      table.text('extension_id').primary().references('extensions.id').onDelete('cascade')
      table.text('hash').notNullable()
      table.bigInteger('set_at').notNullable()
    })
  },
}
