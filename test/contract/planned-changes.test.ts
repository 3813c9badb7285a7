import { beforeEach, expect, test } from '@jest/globals'
import type { Id } from '../../src/domain/entities.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { createKnexScheduleStore } from '../../src/settings/edge/knex-schedule-store.js'
import { createScheduleAdmin, type ScheduleAdmin, type ScheduledChange } from '../../src/settings/schedule.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

describeOverDatabases('planned changes', (fresh) => {
  const random = seededRandom(12)
  const secrets = createSecretBox(createKeyRing([{ id: 'k', key: random.bytes(32) }]), random)
  let clock: FakeClock
  let admin: ScheduleAdmin
  const store = () => createKnexScheduleStore(fresh().databases.main)
  const isSecret = (key: string): boolean => key === 'secretWord'

  beforeEach(async () => {
    clock = new FakeClock()
    admin = createScheduleAdmin({ store: store(), secrets, clock, random, isSecret })
    await fresh().databases.main('scheduled_changes').delete()
  })

  const plan = (inMs: number, part: { key?: string; value?: unknown } = { value: 'de' }): Promise<ScheduledChange> =>
    admin.add('web:anna', DEFAULT_SITE, {
      ...{ at: clock.now() + inMs, layer: 'site', owner: DEFAULT_SITE, ownerName: 'Default', key: 'language' },
      ...{ resync: true, ...part },
    })
  const stateOf = async (id: Id): Promise<string | undefined> => (await store().show(DEFAULT_SITE, id))?.state

  test('come back as they were planned, the next first; secrets are opened only to be saved', async () => {
    const later = await plan(7_200_000)
    const sooner = await plan(3_600_000, { key: 'secretWord', value: 'hunter2' })
    const nothing = await plan(5_000_000, {})
    expect((await admin.list(DEFAULT_SITE, 10)).map(({ id }) => id)).toEqual([sooner.id, nothing.id, later.id])
    expect(await admin.list('another site', 10)).toEqual([])
    const read = await admin.show(DEFAULT_SITE, sooner.id)
    expect(read).toEqual(sooner)
    expect(JSON.stringify(read)).not.toContain('hunter2')
    expect(admin.valueOf(read)).toBe('hunter2')
    expect(await admin.show(DEFAULT_SITE, nothing.id)).not.toHaveProperty('value')
  })

  test('are due when their time has come, the oldest first, and end once', async () => {
    const [second, first] = [await plan(2_000), await plan(1_000)]
    expect(await store().due(clock.now())).toEqual([])
    clock.advance(2_000)
    expect((await store().due(clock.now())).map(({ id }) => id)).toEqual([first.id, second.id])
    await store().finish(first.id, { state: 'done', at: clock.now(), changed: 3, asked: 2 })
    await store().finish(first.id, { state: 'failed', at: clock.now(), reason: 'too late' })
    expect(await store().show(DEFAULT_SITE, first.id)).toMatchObject({ state: 'done', changed: 3, asked: 2 })
    expect((await store().due(clock.now())).map(({ id }) => id)).toEqual([second.id])
  })

  test('one that is cancelled is not due, and is not cancelled twice', async () => {
    const { id } = await plan(1_000)
    await admin.cancel('web:anna', DEFAULT_SITE, id)
    clock.advance(2_000)
    expect(await store().due(clock.now())).toEqual([])
    expect(await stateOf(id)).toBe('cancelled')
    await expect(admin.cancel('web:anna', DEFAULT_SITE, id)).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' })
  })
})
