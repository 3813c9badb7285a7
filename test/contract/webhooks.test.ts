import { afterEach, expect, jest, test } from '@jest/globals'
import { upToDate } from '../../src/database/audit-log.js'
import { KnexAuditLog } from '../../src/database/edge/knex-audit-log.js'
import { inWriteTransaction, recordChanges } from '../../src/database/edge/write.js'
import type { Id } from '../../src/domain/entities.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { WebhookDeliverer } from '../../src/webhooks/edge/deliverer.js'
import { KnexDeliveryStore } from '../../src/webhooks/edge/knex-deliveries.js'
import { KnexWebhookStore } from '../../src/webhooks/edge/knex-store.js'
import type { Post, Posted } from '../../src/webhooks/edge/post.js'
import { createWebhookAdmin, type WebhookAdmin } from '../../src/webhooks/use-cases.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { extensionRecord } from '../support/records.js'
import { seededRandom } from '../support/seeded-random.js'
import { eventually } from '../support/server.js'

interface Told {
  id: string
  type: string
  data: Record<string, unknown>
}

describeOverDatabases('webhooks', (fresh) => {
  const clock = new FakeClock()
  const random = seededRandom(5)
  const secrets = createSecretBox(createKeyRing([{ id: 'k', key: random.bytes(32) }]), random)
  const anna = extensionRecord('101', { siteId: 's1' })
  const renamed = { ...anna, displayName: 'Anna Fuchs' }
  let known = anna
  let answers: Posted[] = []
  let posted: Post[] = []
  let running: WebhookDeliverer[] = []

  const admin = (siteId = 's1'): WebhookAdmin =>
    createWebhookAdmin({
      store: new KnexWebhookStore(fresh().databases.main),
      deliveries: new KnexDeliveryStore(fresh().databases.events),
      ...{ secrets, clock, random, siteId },
    })
  const start = (): WebhookDeliverer => {
    const { main, events } = fresh().databases
    const deliverer = new WebhookDeliverer({
      webhooks: new KnexWebhookStore(main),
      deliveries: new KnexDeliveryStore(events),
      audit: upToDate(new KnexAuditLog(main), () => {
        known = renamed
        return Promise.resolve()
      }),
      snapshot: {
        extension: (id: Id) => (id === anna.id ? known : undefined),
        device: () => undefined,
        deviceByLine: () => undefined,
        layer: () => ({
          revision: 1,
          values: new Map<string, unknown>([
            ['recordCalls', true],
            ['voicemailPin', 'v1.k.sealed'],
          ]),
        }),
      },
      isSecretSetting: (key) => key === 'voicemailPin',
      siteName: (id) => `name of ${id}`,
      ...{ secrets, clock, log: SILENT_LOG },
      post: (what) => {
        posted.push(what)
        return Promise.resolve(answers.shift() ?? { status: 204 })
      },
    })
    deliverer.start()
    running.push(deliverer)
    return deliverer
  }
  /** Something that the audit log holds. */
  const happen = (action: string, entityId: string = anna.id, siteId = 's1'): Promise<void> =>
    inWriteTransaction(fresh().databases.main, (trx) =>
      recordChanges(trx, [
        {
          author: { actor: 'cli:test', at: clock.now() },
          action,
          entity: action.split('.', 1)[0] as 'extension',
          entityId,
          siteId,
          after: { number: '101' },
          feed: [],
        },
      ]),
    )
  /** Lets turns pass until so many were told. */
  const told = async (count: number): Promise<Told[]> =>
    await eventually(() => {
      clock.advance(1_000)
      expect(posted).toHaveLength(count)
      return posted.map(({ body }) => JSON.parse(body) as Told)
    }, 20_000)

  afterEach(async () => {
    await Promise.all(running.map((one) => one.stop()))
    ;[answers, posted, running, known] = [[], [], [], anna]
    const { main, events } = fresh().databases
    await main('webhooks').delete()
    for (const table of ['webhook_cursors', 'webhook_deliveries']) await events(table).delete()
  })

  test('tell the state with the change in it, when another process made it and the snapshot did not know yet', async () => {
    await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    start()
    await happen('extension.update')
    expect((await told(1))[0]?.data).toMatchObject({ name: 'Anna Fuchs' })
  })

  test('tell what happens after they were added, once, in order, with what only the PBX acts on, and no secret', async () => {
    await happen('extension.add')
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    start()
    await happen('extension.update')
    await happen('setting.set', `extension:${anna.id}:recordCalls`)
    await happen('extension.remove', 'gone')
    await happen('admin.add')
    await happen('extension.show-password')
    const all = await told(3)
    expect(all.map(({ type }) => type)).toEqual(['extension.changed', 'extension.changed', 'extension.removed'])
    expect(all[0]).toMatchObject({
      site: 'name of s1',
      action: 'extension.update',
      actor: 'cli:test',
      data: { id: anna.id, number: '101', settings: { recordCalls: true } },
    })
    expect(all[2]?.data).toMatchObject({ id: 'gone', number: '101' })
    expect(JSON.stringify(posted)).not.toContain('sealed')
    await eventually(async () => {
      const states = (await admin().deliveries(webhook.id, { limit: 10 })).map(({ state }) => state)
      expect(states).toEqual(['delivered', 'delivered', 'delivered'])
    })
  })

  test('one that was told while nothing can be written down is not told again', async () => {
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    const { events } = fresh().databases
    const { attempted } = KnexDeliveryStore.prototype
    let refused = 0
    const broken = jest.spyOn(KnexDeliveryStore.prototype, 'attempted').mockImplementation(() => {
      refused += 1
      return Promise.reject(new Error('ENOSPC'))
    })
    try {
      start()
      await happen('extension.update')
      await happen('extension.remove', 'gone')
      await eventually(() => {
        clock.advance(1_000)
        expect(refused).toBeGreaterThan(3)
      })
      expect(posted).toHaveLength(1)
    } finally {
      broken.mockImplementation(attempted)
    }
    expect((await told(2)).map(({ type }) => type)).toEqual(['extension.changed', 'extension.removed'])
    await eventually(async () => {
      const states = await events('webhook_deliveries').where({ webhook_id: webhook.id }).pluck('state')
      expect(states).toEqual(['delivered', 'delivered'])
    })
    broken.mockRestore()
  })

  test('another site, and what was not asked for, is not told', async () => {
    await admin().add('cli:test', { url: 'https://pbx.example/hook', types: ['extension.removed'] })
    start()
    await happen('extension.update')
    await happen('extension.remove', 'theirs', 's2')
    await happen('extension.remove', 'ours')
    expect((await told(1)).map(({ data }) => data.id)).toEqual(['ours'])
  })

  test('a receiver that fails is tried again later, and what comes after waits for it', async () => {
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    answers = [{ status: 500 }, { reason: 'ECONNREFUSED' }]
    start()
    await happen('extension.update')
    await happen('extension.remove', 'gone')
    const all = await told(4)
    expect(all.map(({ type }) => type)).toEqual([
      'extension.changed',
      'extension.changed',
      'extension.changed',
      'extension.removed',
    ])
    expect(new Set(all.slice(0, 3).map(({ id }) => id)).size).toBe(1)
    const [first, second] = posted
    // Between the first two lay five seconds.
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBeGreaterThanOrEqual(5)
    await eventually(async () => {
      const [, earlier] = await admin().deliveries(webhook.id, { limit: 10 })
      expect(earlier).toMatchObject({ state: 'delivered', attempts: 3, status: 204 })
    })
  })

  test('after a day of trying it is given up, and can be told again by hand', async () => {
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    answers = Array.from({ length: 11 }, () => ({ status: 503 }))
    start()
    await happen('extension.update')
    await eventually(async () => {
      clock.advance(600_000)
      expect(await admin().show(webhook.id)).toMatchObject({ waiting: 0, givenUp: 1 })
    }, 20_000)
    expect(posted).toHaveLength(11)
    const [given] = await admin().deliveries(webhook.id, { limit: 1 })
    expect(given).toMatchObject({ state: 'given-up', status: 503, attempts: 11 })
    await admin().again(webhook.id, given?.id ?? 0)
    await told(12)
    await expect(admin().again(webhook.id, 999_999)).rejects.toMatchObject({ code: 'DELIVERY_NOT_FOUND' })
  })

  test('what happened while no server ran is told by the next one, and nothing twice', async () => {
    await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    const first = start()
    await happen('extension.update')
    await told(1)
    await first.stop()
    await happen('extension.remove', 'gone')
    start()
    expect((await told(2)).map(({ type }) => type)).toEqual(['extension.changed', 'extension.removed'])
  })

  test('one that is switched off is told nothing until it is on again', async () => {
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    await admin().update('cli:test', webhook.id, { enabled: false })
    const { webhook: other } = await admin().add('cli:test', { url: 'https://other.example/' })
    start()
    await happen('extension.update')
    expect((await told(1)).length).toBe(1)
    expect(posted[0]?.url).toBe(other.url)
    await admin().update('cli:test', webhook.id, { enabled: true })
    await told(2)
    expect(posted[1]?.url).toBe(webhook.url)
  })

  test('a removed one is forgotten with all that waits', async () => {
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/hook' })
    await admin().test(webhook.id)
    await admin().remove('cli:test', webhook.id)
    expect(await fresh().databases.events('webhook_deliveries').select()).toEqual([])
    await expect(admin().show(webhook.id)).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' })
  })

  test.each([
    ['ftp://pbx.example/', 'url'],
    ['pbx.example/hook', 'url'],
    ['https://anna:secret@pbx.example/', 'url'],
    [`https://pbx.example/${'x'.repeat(600)}`, 'url'],
  ])('the address %s is refused', async (url, field) => {
    const refused = admin().add('cli:test', { url })
    await expect(refused).rejects.toMatchObject({ code: 'WEBHOOK_INVALID', details: { field } })
  })

  test('a type that does not exist is refused with those that do; another site sees nothing of it', async () => {
    const refused = admin().add('cli:test', { url: 'https://pbx.example/', types: ['person.hired'] })
    await expect(refused).rejects.toMatchObject({
      details: { field: 'types', hint: expect.stringContaining('device.changed') },
    })
    const { webhook } = await admin().add('cli:test', { url: 'https://pbx.example/' })
    expect(await admin('s2').list()).toEqual([])
    await expect(admin('s2').remove('cli:test', webhook.id)).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' })
  })
})
