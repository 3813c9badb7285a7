import type { SchemaStep } from './migration.js'

const FORWARDS = ['forwardAlways', 'forwardBusy', 'forwardNoAnswer', 'forwardUnavailable']

/** People who were deleted, as they were, so that they can come back; and who forwards to a number. */
export const removedExtensions: SchemaStep = {
  name: '0008_removed_extensions',
  database: 'main',
  async up(db) {
    await db.schema.createTable('removed_extensions', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('number').notNullable()
      table.text('display_name').notNullable()
      table.bigInteger('removed_at').notNullable()
      table.text('removed_by').notNullable()
      table.text('content').notNullable()
      table.index(['site_id', 'removed_at'])
    })
    const names = FORWARDS.map((name) => `'${name}'`).join(',')
    await db.raw(`create index setting_values_forwards on setting_values (value) where key in (${names})`)
  },
}
