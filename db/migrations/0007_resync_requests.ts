import type { SchemaStep } from './migration.js'

const OUTCOMES = ['heard', 'refused', 'unanswered', 'not-registered', 'unreachable', 'expired']

/** Wishes that phones look for a new config or restart, and what came of them. Without an outcome: under way. */
export const resyncRequests: SchemaStep = {
  name: '0007_resync_requests',
  database: 'live',
  async up(db) {
    await db.schema.createTable('resync_requests', (table) => {
      table.text('id').primary()
      table.text('device_id').notNullable()
      table.text('mac').notNullable()
      table.text('kind').notNullable().checkIn(['resync', 'reboot'])
      table.text('requested_by').notNullable()
      table.bigInteger('requested_at').notNullable()
      table.bigInteger('finished_at')
      table.text('outcome').checkIn(OUTCOMES)
      table.integer('status')
      table.text('reason')
      table.text('event')
      table.text('sent_to')
      table.index(['mac', 'requested_at'])
      table.index(['requested_at'])
    })
    // One under way per phone, whoever asks at the same time; and those under way are found at once.
    await db.raw(
      'create unique index resync_requests_under_way on resync_requests (device_id) where finished_at is null',
    )
  },
}
