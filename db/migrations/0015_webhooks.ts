import type { SchemaStep } from './migration.js'

/** Who is told of changes, by HTTP. `audit_from`: what happened before is not told. */
export const webhooks: SchemaStep = {
  name: '0015_webhooks',
  database: 'main',
  async up(db) {
    await db.schema.createTable('webhooks', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable()
      table.text('url').notNullable()
      table.text('sealed_secret').notNullable()
      table.text('types').notNullable()
      table.integer('enabled').notNullable().defaultTo(1).checkIn(['0', '1'])
      table.bigInteger('audit_from').notNullable()
      table.integer('revision').notNullable().defaultTo(1)
      table.bigInteger('created_at').notNullable()
      table.bigInteger('updated_at').notNullable()
    })
  },
}
