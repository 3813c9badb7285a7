import { expect, test } from '@jest/globals'
import { KnexAuditLog } from '../../src/database/edge/knex-audit-log.js'
import { inWriteTransaction, recordChanges } from '../../src/database/edge/write.js'
import { createKnexMailStore } from '../../src/mail/edge/knex-store.js'
import { Notices } from '../../src/mail/notices.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { createKnexSiteStore } from '../../src/sites/edge/knex-store.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

describeOverDatabases('notices by mail', (fresh) => {
  const clock = new FakeClock()
  const random = seededRandom(3)

  test('each row of the audit log is told once, however often the server is started, and none of an import', async () => {
    const { main } = fresh().databases
    const store = createKnexMailStore(main)
    const { id: siteId } = await createKnexSiteStore(main).defaultSite()
    const values = new Map<string, unknown>([['adminNoticeAddress', 'it@example.com']])
    const start = (part: Partial<ConstructorParameters<typeof Notices>[0]> = {}): Notices =>
      new Notices({
        ...{ store, clock, random, log: SILENT_LOG, configured: true, language: 'en' },
        audit: new KnexAuditLog(main),
        bans: { due: () => Promise.resolve([]) },
        sources: () =>
          Promise.resolve({
            snapshot: {
              extension: () => undefined,
              extensionByNumber: () => undefined,
              layer: () => ({ revision: 1, values }),
            },
            ...{ modelName: (id) => `name of ${id}`, appName: (id) => id },
          }),
        ...part,
      })
    const lost = async (mac: string, actor: string, action = 'device.lost'): Promise<void> => {
      const change = { author: { actor, at: clock.now() }, action, siteId, feed: [] }
      const after = { mac, model: 'yealink/t21p-e2', lines: [] }
      await inWriteTransaction(main, (trx) =>
        recordChanges(trx, [{ ...change, entity: 'device', entityId: mac, after }]),
      )
    }
    const told = async (): Promise<unknown[]> =>
      (await store.list({ siteId, limit: 50 })).map(({ kind, address, state, about }) => [
        ...[kind, address, state, about?.what],
      ])
    await lost('805ec0000001', 'cli:anna')
    // The database goes away between reading and writing: nothing is told, and nothing is lost.
    const broken = { ...store, addNotices: () => Promise.reject(new Error('gone')) }
    await start({ store: broken }).turn()
    expect(await told()).toEqual([])
    await start().turn()
    await start().turn()
    const mail = ['admin-phone-lost', 'it@example.com', 'waiting', 'name of yealink/t21p-e2 (80:5e:c0:00:00:01)']
    expect(await told()).toEqual([mail])

    clock.advance(1_000)
    await lost('805ec0000002', 'import:bert', 'import.run').catch(() => undefined)
    await main('audit_log').where({ action: 'import.run' }).update({ entity: 'import' })
    await lost('805ec0000003', 'import:bert')
    await start().turn()
    expect(await told()).toEqual([mail])
    clock.advance(1_000)
    await lost('805ec0000004', 'import:bert')
    await start().turn()
    expect(await told()).toHaveLength(2)
    expect(await store.lastMail(siteId, 'admin-phone-lost')).toBe(clock.now())
  })
})
