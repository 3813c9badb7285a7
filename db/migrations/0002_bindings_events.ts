import type { SchemaStep } from './migration.js'

const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss']

/** No foreign keys into the other file. `binding_key` and the like are explained at Binding in src/domain. */
export const bindingsEvents: SchemaStep = {
  name: '0002_bindings_events',
  database: 'live',
  async up(db) {
    await db.schema.createTable('bindings', (table) => {
      table.text('aor').notNullable()
      table.text('binding_key').notNullable()
      table.text('extension_id').notNullable()
      table.text('contact_uri').notNullable()
      table.text('contact_params')
      table.text('received').notNullable()
      table.text('transport').notNullable().checkIn(TRANSPORTS)
      table.text('path').notNullable()
      table.integer('q').notNullable().checkBetween([0, 1000])
      table.text('call_id').notNullable()
      table.bigInteger('cseq').notNullable()
      table.bigInteger('expires_at').notNullable()
      table.bigInteger('registered_at').notNullable()
      table.text('user_agent')
      table.text('line_id')
      table.primary(['aor', 'binding_key'])
      table.index(['expires_at'])
    })
    await db.schema.createTable('provisioning_events', (table) => {
      table.bigIncrements('id')
      table.bigInteger('at').notNullable()
      table.text('transport').notNullable()
      table.text('path').notNullable()
      table.text('peer').notNullable()
      table.text('mac')
      table.text('device_id')
      table.text('user_agent')
      table.text('outcome').notNullable()
      table.integer('status').notNullable()
      table.bigInteger('bytes').notNullable()
      table.bigInteger('micros').notNullable()
      table.text('sha256')
      table.text('reason')
      table.index(['at'])
      table.index(['device_id', 'at'])
      table.index(['mac', 'at'])
    })
    await db.schema.createTable('stranger_requests', (table) => {
      table.text('peer').notNullable()
      table.text('outcome').notNullable()
      table.bigInteger('first_at').notNullable()
      table.bigInteger('last_at').notNullable()
      table.bigInteger('requests').notNullable()
      table.text('last_path').notNullable()
      table.text('last_mac')
      table.text('last_user_agent')
      table.text('last_reason')
      table.primary(['peer', 'outcome'])
      table.index(['last_at'])
    })
  },
}
