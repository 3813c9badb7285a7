import { expect, test } from '@jest/globals'
import { SCHEMA_STEPS } from '../../db/migrations/index.js'
import { migrateDatabases } from '../../src/database/edge/migrate.js'
import type { Binding } from '../../src/domain/entities.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { KnexBindingStore } from '../../src/registrar/edge/knex-binding-store.js'
import { describeOverDatabases, freshPostgres, freshSqlite } from '../support/databases.js'

const before = SCHEMA_STEPS.slice(
  0,
  SCHEMA_STEPS.findIndex(({ name }) => name === '0018_binding_journal'),
)

const plain = (n: number): Binding => ({
  ...{ aor: `${n}@phoneboot`, bindingKey: `sip:${n}@10.0.0.1`, extensionId: `e${n}`, contactUri: `sip:${n}@10.0.0.1` },
  ...{ received: '10.0.0.1:5060', transport: 'udp', path: [], q: 1_000, callId: 'c', cseq: 2_147_483_647 },
  ...{ expiresAt: 2_000_000_000_000 + n, registeredAt: 1_750_000_000_000 + n },
})

const full: Binding = {
  ...plain(0),
  ...{ contactParams: ';+sip.instance="<urn:uuid:1>"', path: ['<sip:p1;lr>', '"A, B" <sip:p2;lr>'], q: 250 },
  ...{ userAgent: 'Yealink "T21" \u00fc', lineId: 'l1', transport: 'tcp' },
}

const rowOf = (one: Binding): object => ({
  ...{ aor: one.aor, binding_key: one.bindingKey, extension_id: one.extensionId, contact_uri: one.contactUri },
  ...{ contact_params: one.contactParams ?? null, received: one.received, transport: one.transport, q: one.q },
  ...{ path: JSON.stringify(one.path), call_id: one.callId, cseq: one.cseq, expires_at: one.expiresAt },
  ...{ registered_at: one.registeredAt, user_agent: one.userAgent ?? null, line_id: one.lineId ?? null },
})

describeOverDatabases('registrations of before the journal', (base) => {
  test('are all there after the migration, every field of them', async () => {
    const fresh = await (base().url ? freshPostgres : freshSqlite)({ migrated: false })
    try {
      const { databases } = fresh
      await migrateDatabases(databases, SILENT_LOG, before)
      const bindings = [full, ...Array.from({ length: 1_200 }, (_, n) => plain(n + 1))]
      for (let from = 0; from < bindings.length; from += 100) {
        await databases.live('bindings').insert(bindings.slice(from, from + 100).map(rowOf))
      }
      await migrateDatabases(databases, SILENT_LOG)
      expect(await databases.live.schema.hasTable('bindings')).toBe(false)
      const store = new KnexBindingStore(databases.live)
      expect(await store.load()).toEqual(bindings)
      await store.commit([{ kind: 'remove', reason: 'unregistered', binding: full }])
      expect(await new KnexBindingStore(databases.live).load()).toHaveLength(1_200)
    } finally {
      await fresh.remove()
    }
  })
})
