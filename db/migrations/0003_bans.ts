import type { SchemaStep } from './migration.js'

const SCOPES = ['all', 'tftp', 'sip']

/** Sources that are not heard for a while. One row each, also of bans that are over: they make the next one longer. */
export const bans: SchemaStep = {
  name: '0003_bans',
  database: 'live',
  async up(db) {
    await db.schema.createTable('bans', (table) => {
      table.text('who').notNullable()
      table.text('scope').notNullable().checkIn(SCOPES)
      table.text('username').notNullable()
      table.text('kind').notNullable()
      table.text('evidence').notNullable()
      table.integer('count').notNullable()
      table.integer('times').notNullable()
      table.bigInteger('since_at').notNullable()
      table.bigInteger('until_at').notNullable()
      table.bigInteger('lifted_at')
      table.text('lifted_by')
      table.primary(['who', 'scope', 'username'])
      table.index(['until_at'])
    })
  },
}
