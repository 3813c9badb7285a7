import { afterEach, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { KnexResyncStore } from '../../src/resync/edge/knex-store.js'
import { createResyncAdmin, type ResyncAdmin } from '../../src/resync/use-cases.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

const phone = (n: number): { id: string; mac: Mac } => ({
  id: `d${n}`,
  mac: `00156500${String(n).padStart(4, '0')}` as Mac,
})

describeOverDatabases('requests that phones look again', (fresh) => {
  const clock = new FakeClock()
  const store = (): KnexResyncStore => new KnexResyncStore(fresh().databases.events)
  const admin = (): ResyncAdmin => createResyncAdmin({ store: store(), clock, random: seededRandom(clock.now()) })
  afterEach(async () => {
    clock.advance(1_000)
    await fresh().databases.events('resync_requests').delete()
  })

  test('wait until they are taken up, and keep what came of them', async () => {
    const [asked] = await admin().ask('cli:anna', [phone(1)], 'resync')
    expect(asked).toEqual({
      id: expect.any(String),
      deviceId: 'd1',
      mac: '001565000001',
      kind: 'resync',
      requestedBy: 'cli:anna',
      requestedAt: clock.now(),
    })
    expect(await store().pending(10)).toEqual([asked])
    const result = {
      outcome: 'refused',
      status: 489,
      reason: 'no',
      event: 'check-sync',
      sentTo: '192.0.2.9:5060',
    } as const
    await store().finish([{ id: asked?.id ?? '', at: clock.now() + 5, result }])
    expect(await store().pending(10)).toEqual([])
    expect(await admin().look([asked?.id ?? ''])).toEqual([{ ...asked, ...result, finishedAt: clock.now() + 5 }])
  })

  test('one that is planned waits for its time, and is brought forward by whoever asks for an earlier one', async () => {
    const now = clock.now()
    await admin().ask('cli:anna', [phone(1), phone(2)], 'resync', now + 60_000)
    expect(await store().pending(10, now)).toEqual([])
    expect((await store().pending(10, now + 60_000)).map(({ mac }) => mac)).toEqual([phone(1).mac, phone(2).mac])
    const [sooner] = await admin().ask('cli:bert', [phone(1)], 'resync')
    expect(sooner).toMatchObject({ requestedAt: now, requestedBy: 'cli:anna' })
    expect((await store().pending(10, now)).map(({ mac }) => mac)).toEqual([phone(1).mac])
    const [kept] = await admin().ask('cli:bert', [phone(1)], 'resync', now + 90_000)
    expect(kept).toMatchObject({ requestedAt: now })
  })

  test('a phone has one under way, however many ask at the same time', async () => {
    const other = await fresh().reopen()
    const second = createResyncAdmin({ store: new KnexResyncStore(other.live), clock, random: seededRandom(7) })
    const [mine, theirs] = await Promise.all([
      admin().ask('cli:anna', [phone(1), phone(2), phone(1)], 'resync'),
      second.ask('cli:bert', [phone(2), phone(1)], 'reboot'),
    ])
    const pending = await store().pending(10)
    expect(pending.map(({ deviceId }) => deviceId).sort()).toEqual(['d1', 'd2'])
    const ids = pending.map(({ id }) => id).sort()
    expect(mine.map(({ id }) => id).sort()).toEqual(ids)
    expect(theirs.map(({ id }) => id).sort()).toEqual(ids)
    expect(mine.map(({ deviceId }) => deviceId)).toEqual(['d1', 'd2'])
  })

  test('a new one may follow when the one before is over', async () => {
    const [first] = await admin().ask('cli:anna', [phone(1)], 'resync')
    await store().finish([{ id: first?.id ?? '', at: clock.now(), result: { outcome: 'heard', status: 200 } }])
    clock.advance(10)
    const [second] = await admin().ask('cli:anna', [phone(1)], 'reboot')
    expect(second?.id).not.toBe(first?.id)
    expect((await admin().ofPhone(phone(1).mac, 10)).map(({ kind }) => kind)).toEqual(['reboot', 'resync'])
  })

  test("one that no server took up in ten minutes stands in nobody's way", async () => {
    const [old] = await admin().ask('cli:anna', [phone(1)], 'reboot')
    clock.advance(600_001)
    const [fresher] = await admin().ask('cli:anna', [phone(1)], 'resync')
    expect(fresher).toMatchObject({ kind: 'resync' })
    expect(await admin().look([old?.id ?? ''])).toMatchObject([{ outcome: 'expired' }])
    expect(await store().pending(10)).toEqual([fresher])
  })

  test('ten thousand are asked at once, and old ones are removed', async () => {
    const phones = Array.from({ length: 10_000 }, (_, n) => phone(n))
    expect(await admin().ask('cli:anna', phones, 'resync')).toHaveLength(10_000)
    expect(await store().pending(20_000)).toHaveLength(10_000)
    expect(await store().prune(clock.now())).toBe(0)
    expect(await store().prune(clock.now() + 1)).toBe(10_000)
  })
})
