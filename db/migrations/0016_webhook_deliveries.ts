import type { SchemaStep } from './migration.js'

/** What is to be told, and what came of it; and how far the audit log was read for each webhook. */
export const webhookDeliveries: SchemaStep = {
  name: '0016_webhook_deliveries',
  database: 'live',
  async up(db) {
    await db.schema.createTable('webhook_cursors', (table) => {
      table.text('webhook_id').primary()
      table.bigInteger('audit_id').notNullable()
    })
    await db.schema.createTable('webhook_deliveries', (table) => {
      table.increments('id')
      table.text('webhook_id').notNullable()
      table.text('happening_id').notNullable()
      table.text('type').notNullable()
      table.text('body').notNullable()
      table.bigInteger('created_at').notNullable()
      table.text('state').notNullable().checkIn(['waiting', 'delivered', 'given-up'])
      table.integer('attempts').notNullable().defaultTo(0)
      table.bigInteger('next_at').notNullable()
      table.bigInteger('finished_at')
      table.integer('status')
      table.text('reason')
      table.index(['webhook_id', 'state', 'id'])
      table.index(['state', 'finished_at'])
    })
  },
}
