import type { SchemaStep } from './migration.js'

const KINDS = ['welcome', 'set-up']
const STATES = ['waiting', 'sent', 'failed', 'not-sent']

/**
 * Mails to people, with what came of them; their text is made when they are sent, so no secret waits here. And how
 * people come to their own page: one-time links and sessions.
 */
export const mailsAndOwnPages: SchemaStep = {
  name: '0013_mails_and_own_pages',
  database: 'main',
  async up(db) {
    await db.schema.createTable('mails', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('extension_id').notNullable().references('extensions.id').onDelete('cascade')
      table.text('kind').notNullable().checkIn(KINDS)
      table.text('language').notNullable()
      table.text('app')
      table.text('state').notNullable().checkIn(STATES)
      table.integer('attempts').notNullable().defaultTo(0)
      table.bigInteger('next_at').notNullable()
      table.text('address')
      table.text('error')
      table.text('created_by').notNullable()
      table.bigInteger('created_at').notNullable()
      table.bigInteger('finished_at')
      table.index(['state', 'next_at'])
      table.index(['extension_id'])
    })
    await db.schema.createTable('own_links', (table) => {
      table.text('token_hash').primary()
      table.text('extension_id').notNullable().references('extensions.id').onDelete('cascade')
      table.bigInteger('created_at').notNullable()
      table.bigInteger('expires_at').notNullable()
      table.index(['extension_id'])
      table.check('length(token_hash) = 64')
    })
    await db.schema.createTable('own_sessions', (table) => {
      table.text('id_hash').primary()
      table.text('extension_id').notNullable().references('extensions.id').onDelete('cascade')
      table.bigInteger('created_at').notNullable()
      table.bigInteger('expires_at').notNullable()
      table.index(['extension_id'])
      table.check('length(id_hash) = 64')
    })
  },
}
