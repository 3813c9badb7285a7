import type { SchemaStep } from './migration.js'

/** Keys that every phone of a group gets, in the places that its person's keys leave. */
export const groupKeys: SchemaStep = {
  name: '0009_group_keys',
  database: 'main',
  async up(db) {
    await db.schema.createTable('group_keys', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('group_id').notNullable().references('device_groups.id').onDelete('CASCADE')
      table.integer('position').notNullable().checkPositive()
      table.text('kind').notNullable()
      table.text('value')
      table.text('label')
      table.integer('line')
      table.unique(['group_id', 'position'])
      table.index(['site_id', 'value'])
    })
  },
}
