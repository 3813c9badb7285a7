import { expect, test } from '@jest/globals'
import { createKnexMailStore } from '../../src/mail/edge/knex-store.js'
import { LONGEST_WAIT_MS, type Mail } from '../../src/mail/mail.js'
import { createKnexSiteStore } from '../../src/sites/edge/knex-store.js'
import { describeOverDatabases } from '../support/databases.js'

const NOW = 1_760_000_000_000
const YEAR = 365 * 86_400_000

describeOverDatabases('the queue of mails', (fresh) => {
  test('one that was put into it while the clock was a year ahead is due at once, not in a year', async () => {
    const { main } = fresh().databases
    const store = createKnexMailStore(main)
    const { id: siteId } = await createKnexSiteStore(main).defaultSite()
    const waiting = (id: string, nextAt: number): Mail => ({
      ...{ id, siteId, kind: 'phone-lost', language: 'en', state: 'waiting', attempts: 1, nextAt },
      ...{ address: 'it@example.com', createdBy: 'test', createdAt: NOW },
    })
    await store.addNotices([
      waiting('due', NOW),
      waiting('later', NOW + LONGEST_WAIT_MS),
      waiting('of next year', NOW + YEAR),
    ])
    expect((await store.due(NOW, 10)).map(({ id }) => id)).toEqual(['due', 'of next year'])
  })
})
