import type { Knex } from 'knex'
import type { SchemaStep } from './migration.js'

/** Who may sign in, and what for. Tokens, sessions and links are kept as SHA-256 only; site '' means all sites. */
export const accounts: SchemaStep = {
  name: '0004_accounts',
  database: 'main',
  async up(db) {
    await createUsers(db)
    await createSignIns(db)
    await db.schema.alterTable('audit_log', (table) => {
      table.text('site_id')
      table.index(['site_id', 'id'])
    })
    await db.schema.createTable('idempotency_keys', (table) => {
      table.text('user_id').notNullable()
      table.text('key').notNullable()
      table.text('request_hash').notNullable().checkLength('=', 64)
      table.integer('status')
      table.text('sealed_answer')
      table.bigInteger('created_at').notNullable()
      table.primary(['user_id', 'key'])
      table.index(['created_at'])
    })
  },
}

async function createUsers(db: Knex): Promise<void> {
  await db.schema.createTable('admin_users', (table) => {
    table.text('id').primary()
    table.text('name').notNullable().unique()
    table.text('email').unique()
    table.text('password_hash')
    table.text('sealed_totp')
    table.integer('totp_confirmed').notNullable().defaultTo(0).checkIn(['0', '1'])
    table.bigInteger('totp_step')
    table.integer('enabled').notNullable().defaultTo(1).checkIn(['0', '1'])
    table.bigInteger('last_sign_in_at')
    table.integer('revision').notNullable().defaultTo(1)
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
  })
  await db.schema.createTable('admin_grants', (table) => {
    table.text('user_id').notNullable().references('admin_users.id').onDelete('cascade')
    table.text('site_id').notNullable()
    table.text('role').notNullable()
    table.primary(['user_id', 'site_id', 'role'])
  })
  await db.schema.createTable('admin_roles', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable()
    table.text('name').notNullable()
    table.text('permissions').notNullable()
    table.integer('revision').notNullable().defaultTo(1)
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
    table.unique(['site_id', 'name'])
  })
}

async function createSignIns(db: Knex): Promise<void> {
  await db.schema.createTable('admin_sessions', (table) => {
    table.text('id_hash').primary().checkLength('=', 64)
    table.text('user_id').notNullable().references('admin_users.id').onDelete('cascade')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('last_seen_at').notNullable()
    table.bigInteger('expires_at').notNullable()
    table.text('peer').notNullable()
    table.text('user_agent')
    table.index(['user_id'])
    table.index(['expires_at'])
  })
  await db.schema.createTable('admin_tokens', (table) => {
    table.text('id').primary()
    table.text('user_id').notNullable().references('admin_users.id').onDelete('cascade')
    table.text('token_hash').notNullable().unique().checkLength('=', 64)
    table.text('label').notNullable()
    table.text('scopes')
    table.text('site_id')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('expires_at').notNullable()
    table.bigInteger('last_used_at')
    table.index(['user_id'])
  })
  await db.schema.createTable('admin_links', (table) => {
    table.text('token_hash').primary().checkLength('=', 64)
    table.text('purpose').notNullable().checkIn(['setup', 'password'])
    table.text('user_id').references('admin_users.id').onDelete('cascade')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('expires_at').notNullable()
  })
}
