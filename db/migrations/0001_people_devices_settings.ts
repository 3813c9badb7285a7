import type { Knex } from 'knex'
import type { SchemaStep } from './migration.js'

/** The site everything belongs to until somebody adds another; sorts before every later ULID. */
const DEFAULT_SITE_ID = '00000000000000000000000001'

const DEVICE_STATES = ['approved', 'pending', 'blocked', 'retired']
const LAYERS = ['global', 'site', 'vendor', 'model', 'group', 'extension', 'device', 'line']
const FEED_TOPICS = ['site', 'extension', 'device', 'layer', 'all']

/** Times are milliseconds since 1970 UTC, booleans 0 or 1, JSON is text. */
export const peopleDevicesSettings: SchemaStep = {
  name: '0001_people_devices_settings',
  database: 'main',
  async up(db) {
    await createSites(db)
    await createExtensions(db)
    await createDevices(db)
    await createLines(db)
    await createLineKeys(db)
    await createSettings(db)
    await createLogs(db)
    await createFirmwareImages(db)
  },
}

function revisioned(table: Knex.CreateTableBuilder): void {
  table.integer('revision').notNullable().defaultTo(1)
  table.bigInteger('created_at').notNullable()
  table.bigInteger('updated_at').notNullable()
}

async function createSites(db: Knex): Promise<void> {
  await db.schema.createTable('sites', (table) => {
    table.text('id').primary()
    table.text('slug').notNullable().unique()
    table.text('name').notNullable()
    table.text('sip_domain').unique()
    revisioned(table)
  })
  await db('sites').insert({ id: DEFAULT_SITE_ID, slug: 'default', name: 'Default', created_at: 0, updated_at: 0 })
}

async function createExtensions(db: Knex): Promise<void> {
  await db.schema.createTable('extensions', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable().references('sites.id')
    table.text('number').notNullable()
    table.text('display_name').notNullable()
    table.text('email')
    table.text('auth_username').notNullable()
    table.text('sealed_password').notNullable()
    table.integer('max_contacts')
    table.integer('enabled').notNullable().defaultTo(1).checkIn(['0', '1'])
    revisioned(table)
    table.unique(['site_id', 'number'])
    table.unique(['site_id', 'auth_username'])
  })
}

async function createDevices(db: Knex): Promise<void> {
  await db.schema.createTable('device_groups', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable().references('sites.id')
    table.text('name').notNullable()
    revisioned(table)
    table.unique(['site_id', 'name'])
  })
  await db.schema.createTable('devices', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable().references('sites.id')
    table.text('mac').notNullable().unique().checkLength('=', 12)
    table.text('model').notNullable()
    table.text('name')
    table.text('state').notNullable().checkIn(DEVICE_STATES)
    table.text('group_id').references('device_groups.id')
    table.bigInteger('retired_at')
    table.text('sealed_token').notNullable()
    table.text('token_hash').notNullable().unique()
    table.text('sealed_admin_password').notNullable()
    table.text('firmware_version')
    table.bigInteger('last_seen_at')
    table.text('last_seen_ip')
    revisioned(table)
    table.index(['site_id', 'state'])
    table.index(['group_id'])
  })
}

async function createLines(db: Knex): Promise<void> {
  await db.schema.createTable('lines', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable().references('sites.id')
    table.text('device_id').notNullable().references('devices.id').onDelete('CASCADE')
    table.integer('position').notNullable().checkPositive()
    table.text('extension_id').notNullable().references('extensions.id')
    table.text('label')
    table.text('auth_username').notNullable()
    table.text('sealed_password').notNullable()
    table.unique(['device_id', 'position'])
    table.unique(['site_id', 'auth_username'])
    table.index(['extension_id'])
  })
}

/** A key hangs on exactly one of extension and device; only a device's key has a bank. */
async function createLineKeys(db: Knex): Promise<void> {
  await db.schema.createTable('line_keys', (table) => {
    table.text('id').primary()
    table.text('site_id').notNullable().references('sites.id')
    table.text('extension_id').references('extensions.id').onDelete('CASCADE')
    table.text('device_id').references('devices.id').onDelete('CASCADE')
    table.text('bank')
    table.integer('position').notNullable().checkPositive()
    table.text('kind').notNullable()
    table.text('value')
    table.text('label')
    table.integer('line')
    table.unique(['extension_id', 'position'])
    table.unique(['device_id', 'bank', 'position'])
    table.index(['site_id', 'value'])
    table.check('(extension_id is null) <> (device_id is null)')
    table.check('(device_id is null) = (bank is null)')
  })
}

async function createSettings(db: Knex): Promise<void> {
  await db.schema.createTable('setting_values', (table) => {
    table.text('layer').notNullable().checkIn(LAYERS)
    table.text('owner').notNullable()
    table.text('key').notNullable()
    table.text('value').notNullable()
    table.bigInteger('updated_at').notNullable()
    table.primary(['layer', 'owner', 'key'])
  })
  await db.schema.createTable('layer_revisions', (table) => {
    table.text('layer').notNullable().checkIn(LAYERS)
    table.text('owner').notNullable()
    table.integer('revision').notNullable()
    table.primary(['layer', 'owner'])
  })
}

async function createLogs(db: Knex): Promise<void> {
  await db.schema.createTable('audit_log', (table) => {
    table.bigIncrements('id')
    table.bigInteger('at').notNullable()
    table.text('actor').notNullable()
    table.text('action').notNullable()
    table.text('entity').notNullable()
    table.text('entity_id').notNullable()
    table.text('before')
    table.text('after')
    table.index(['entity', 'entity_id', 'at'])
  })
  await db.schema.createTable('change_feed', (table) => {
    table.bigIncrements('id')
    table.bigInteger('at').notNullable()
    table.text('topic').notNullable().checkIn(FEED_TOPICS)
    table.text('key').notNullable()
    table.index(['at'])
  })
  // The feed is never empty: a reader that does not find its own last row knows that it fell behind.
  await db('change_feed').insert({ at: 0, topic: 'all', key: '' })
}

async function createFirmwareImages(db: Knex): Promise<void> {
  await db.schema.createTable('firmware_images', (table) => {
    table.text('family').notNullable()
    table.text('model').notNullable()
    table.text('version').notNullable()
    table.text('file_name').notNullable()
    table.bigInteger('size_bytes').notNullable()
    table.text('sha256').notNullable().checkLength('=', 64)
    table.text('notes')
    table.primary(['family', 'model', 'version', 'file_name'])
  })
}
