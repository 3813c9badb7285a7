import type { SchemaStep } from './migration.js'

/** People whom a file named without a number, until they are given one; and what was said of values that imports asked for. */
export const peopleWithoutNumber: SchemaStep = {
  name: '0026_people_without_number',
  database: 'main',
  async up(db) {
    await db.schema.createTable('people_without_number', (table) => {
      table.text('id').primary()
      table.text('site_id').notNullable().references('sites.id')
      table.text('display_name').notNullable()
      table.text('email')
      table.text('settings').notNullable()
      table.bigInteger('created_at').notNullable()
      table.text('created_by').notNullable()
      table.integer('revision').notNullable()
      table.index(['site_id'])
    })
    await db.schema.createTable('import_answers', (table) => {
      table.text('site_id').notNullable().references('sites.id')
      table.text('kind').notNullable()
      table.text('value').notNullable()
      table.text('answer').notNullable()
      table.bigInteger('updated_at').notNullable()
      table.primary(['site_id', 'kind', 'value'])
    })
  },
}
