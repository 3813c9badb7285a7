import type { SchemaStep } from './migration.js'

const TRANSPORTS = ['udp', 'tcp', 'tls']

/** Softphones of people, each with credentials of its own, and the tokens that open their set-up. */
export const softphones: SchemaStep = {
  name: '0012_softphones',
  database: 'main',
  async up(db) {
    await db.schema.createTable('softphones', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('extension_id').notNullable().references('extensions.id').onDelete('cascade')
      table.text('app').notNullable()
      table.text('name')
      table.text('auth_username').notNullable()
      table.text('sealed_password').notNullable()
      table.text('transport').notNullable().checkIn(TRANSPORTS)
      table.text('address').notNullable()
      table.text('created_by').notNullable()
      table.bigInteger('created_at').notNullable()
      table.bigInteger('fetched_at')
      table.unique(['site_id', 'auth_username'])
      table.index(['extension_id'])
    })
    await db.schema.createTable('softphone_tokens', (table) => {
      table.text('id').primary()
      table.text('softphone_id').notNullable().references('softphones.id').onDelete('cascade')
      table.text('token_hash').notNullable().unique()
      table.integer('uses_left').notNullable()
      table.bigInteger('expires_at').notNullable()
      table.text('created_by').notNullable()
      table.bigInteger('created_at').notNullable()
      table.bigInteger('used_at')
      table.text('used_ip')
      table.text('used_agent')
      table.index(['softphone_id'])
      table.index(['expires_at'])
      table.check('length(token_hash) = 64')
    })
  },
}
