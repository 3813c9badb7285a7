import type { SchemaStep } from './migration.js'

const STATES = ['waiting', 'sent', 'failed', 'not-sent']
const COLUMNS =
  'id, site_id, extension_id, kind, language, app, state, attempts, next_at, address, error, created_by, created_at, finished_at'

/**
 * Mails about what happened, also to those who look after the phones: `about` (JSON) says what, `extension_id` may be
 * absent, and the program alone knows the kinds. Columns cannot be changed so in SQLite: the table is made anew. The
 * cursor says how far the audit log was read; what happened before this step is told to nobody.
 */
export const notices: SchemaStep = {
  name: '0027_notices',
  database: 'main',
  async up(db) {
    await db.schema.createTable('mails_new', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('extension_id').references('extensions.id').onDelete('cascade')
      table.text('kind').notNullable()
      table.text('language').notNullable()
      table.text('app')
      table.text('about')
      table.text('state').notNullable().checkIn(STATES)
      table.integer('attempts').notNullable().defaultTo(0)
      table.bigInteger('next_at').notNullable()
      table.text('address')
      table.text('error')
      table.text('created_by').notNullable()
      table.bigInteger('created_at').notNullable()
      table.bigInteger('finished_at')
    })
    await db.raw(`insert into mails_new (${COLUMNS}) select ${COLUMNS} from mails`)
    await db.schema.dropTable('mails')
    await db.schema.renameTable('mails_new', 'mails')
    await db.schema.alterTable('mails', (table) => {
      table.index(['state', 'next_at'])
      table.index(['extension_id'])
    })
    await db.schema.createTable('notice_cursor', (table) => {
      table.integer('id').primary()
      table.bigInteger('audit_id').notNullable()
      table.check('id = 1')
    })
    await db.raw('insert into notice_cursor (id, audit_id) select 1, coalesce(max(id), 0) from audit_log')
  },
}
