import type { SchemaStep } from './migration.js'

const STATES = ['running', 'done', 'failed', 'cancelled', 'interrupted', 'undone']

/** Imports that were begun, what each did with each row, and what undoing it takes. `content` is JSON, secrets are sealed. */
export const imports: SchemaStep = {
  name: '0011_imports',
  database: 'main',
  async up(db) {
    await db.schema.createTable('import_jobs', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('state').notNullable().checkIn(STATES)
      table.text('file_name')
      table.text('profile')
      table.text('actor').notNullable()
      table.bigInteger('started_at').notNullable()
      table.bigInteger('finished_at')
      table.bigInteger('undone_at')
      table.text('undone_by')
      table.text('summary').notNullable()
      table.text('error')
      table.text('runner').notNullable()
      table.index(['site_id', 'started_at'])
    })
    await db.schema.createTable('import_parts', (table) => {
      table.text('job_id').notNullable().references('import_jobs.id').onDelete('CASCADE')
      table.text('kind').notNullable().checkIn(['result', 'undo'])
      table.integer('part').notNullable().checkPositive()
      table.text('content').notNullable()
      table.primary(['job_id', 'kind', 'part'])
    })
  },
}
