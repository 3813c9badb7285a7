import type { SchemaStep } from './migration.js'

/** Groups that people are in; position 1 is the strongest. */
export const groupsOfPeople: SchemaStep = {
  name: '0025_groups_of_people',
  database: 'main',
  async up(db) {
    await db.schema.createTable('extension_groups', (table) => {
      table.text('extension_id').notNullable().references('extensions.id').onDelete('CASCADE')
      table.text('group_id').notNullable().references('device_groups.id')
      table.integer('position').notNullable().checkPositive()
      table.primary(['extension_id', 'group_id'])
      table.index(['group_id'])
    })
  },
}
