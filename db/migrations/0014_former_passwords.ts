import type { SchemaStep } from './migration.js'

/** The password of a line that is good until its phone has used the new one. */
export const formerPasswords: SchemaStep = {
  name: '0014_former_passwords',
  database: 'main',
  async up(db) {
    await db.schema.alterTable('lines', (table) => {
      table.text('sealed_former')
      table.bigInteger('former_until')
    })
  },
}
