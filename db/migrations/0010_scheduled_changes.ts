import type { SchemaStep } from './migration.js'

const STATES = ['waiting', 'done', 'failed', 'cancelled']

/** Values of settings that are to be saved at a time. `value` is JSON; null: the layer is to say nothing any more. */
export const scheduledChanges: SchemaStep = {
  name: '0010_scheduled_changes',
  database: 'main',
  async up(db) {
    await db.schema.createTable('scheduled_changes', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id').onDelete('CASCADE')
      table.bigInteger('at').notNullable()
      table.text('layer').notNullable()
      table.text('owner').notNullable()
      table.text('owner_name').notNullable()
      table.text('key').notNullable()
      table.text('value')
      table.integer('resync').notNullable().checkIn(['0', '1'])
      table.text('state').notNullable().defaultTo('waiting').checkIn(STATES)
      table.bigInteger('finished_at')
      table.integer('changed')
      table.integer('asked')
      table.text('reason')
      table.text('created_by').notNullable()
      table.bigInteger('created_at').notNullable()
      table.integer('revision').notNullable().defaultTo(1)
      table.index(['state', 'at'])
      table.index(['site_id', 'at'])
    })
  },
}
