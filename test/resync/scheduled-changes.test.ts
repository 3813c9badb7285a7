import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '../../src/domain/errors.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { ScheduledChanges } from '../../src/resync/scheduled-changes.js'
import { adminBench, type AdminBench } from '../support/admin-api.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { createKnexScheduleStore } from '../../src/settings/edge/knex-schedule-store.js'
import type { ScheduledChange, ScheduleStore } from '../../src/settings/schedule.js'
import { findEffect } from '../../src/provisioning/effect.js'

let bench: AdminBench
let store: ScheduleStore
let runner: ScheduledChanges
const MAC = '805ec0000801'

beforeEach(async () => {
  bench = await adminBench()
  store = createKnexScheduleStore(bench.fresh.databases.main)
  const use = bench.parts.forSite(DEFAULT_SITE)
  await use.extensions.add('cli:test', { number: '801', name: 'Anna' })
  await use.devices.add('cli:test', { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '801' }] })
  await bench.parts.refresh()
  runner = start()
})
afterEach(async () => {
  await runner.stop()
  await bench.remove()
})

function start(part: Partial<ConstructorParameters<typeof ScheduledChanges>[0]> = {}): ScheduledChanges {
  const { parts, clock } = bench
  const scheduled = new ScheduledChanges({
    ...{ store, schedule: parts.schedule, resync: parts.resync, clock, log: SILENT_LOG },
    settings: (siteId) => parts.forSite(siteId).settings,
    effect: (edits) => findEffect({ ...parts, turns: () => undefined }, parts.snapshot.allDevices(), edits),
    refresh: () => parts.refresh(),
    ...part,
  })
  scheduled.start()
  return scheduled
}

const plan = (part: Partial<{ key: string; value: unknown; inMs: number; resync: boolean }> = {}) => {
  const { key = 'language', inMs = 60_000, resync = true } = part
  const value = 'value' in part ? part.value : 'de'
  const at = bench.clock.now() + inMs
  return bench.parts.schedule.add('web:anna', DEFAULT_SITE, {
    ...{ at, layer: 'site', owner: DEFAULT_SITE, ownerName: '-', key, resync },
    ...(value === undefined ? {} : { value }),
  })
}

/** Lets time pass until the change has this state. */
async function becomes(id: string, state: ScheduledChange['state'], byMs: number): Promise<ScheduledChange> {
  bench.clock.advance(byMs)
  for (let turn = 0; turn < 200; turn += 1) {
    const found = await store.show(DEFAULT_SITE, id)
    if (found?.state === state) return found
    bench.clock.advance(1_000)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  throw new Error(`it did not become ${state}`)
}

const languageNow = (): unknown => bench.parts.snapshot.layer('site', DEFAULT_SITE).values.get('language')

describe('a planned change', () => {
  test('is saved when its time has come and not before, and just the phones it changes are told', async () => {
    const { id } = await plan()
    bench.clock.advance(30_000)
    expect((await store.show(DEFAULT_SITE, id))?.state).toBe('waiting')
    expect(languageNow()).toBeUndefined()
    expect(await becomes(id, 'done', 31_000)).toMatchObject({ changed: 1, asked: 1 })
    expect(languageNow()).toBe('de')
    const [asked] = await bench.parts.resync.ofPhone(MAC as never, 5)
    expect(asked).toMatchObject({ kind: 'resync', requestedBy: 'web:anna (planned)' })
    const [entry] = await bench.parts.audit({ entity: 'setting', limit: 1 })
    expect(entry).toMatchObject({ actor: 'web:anna (planned)', action: 'setting.set' })
  })

  test('whose time came while no server ran is saved at the next start', async () => {
    await runner.stop()
    const { id } = await plan()
    bench.clock.advance(3_600_000)
    runner = start()
    expect(await becomes(id, 'done', 0)).toMatchObject({ changed: 1 })
  })

  test('saved just before the database went away still has the phones told that it changes', async () => {
    await runner.stop()
    let refused = 0
    const ask: AdminBench['parts']['resync']['ask'] = (...asked) => {
      refused += 1
      if (refused > 2) return bench.parts.resync.ask(...asked)
      return Promise.reject(new AppError('DATABASE_UNUSABLE', 'the database does not answer'))
    }
    runner = start({ resync: { ask } })
    const { id } = await plan()
    expect(await becomes(id, 'done', 61_000)).toMatchObject({ changed: 1, asked: 1 })
    expect(await bench.parts.resync.ofPhone(MAC as never, 5)).toHaveLength(1)
  })

  test('may take a value away, and tell nobody', async () => {
    await bench.parts
      .forSite(DEFAULT_SITE)
      .settings.set('cli:test', { layer: 'site', owner: DEFAULT_SITE, key: 'language' }, 'fr')
    const { id } = await plan({ value: undefined, resync: false })
    expect(await becomes(id, 'done', 61_000)).toMatchObject({ changed: 1, asked: 0 })
    expect(languageNow()).toBeUndefined()
  })

  test('that cannot be saved any more says why, and is not tried again', async () => {
    await runner.stop()
    const { id } = await plan()
    runner = start({
      settings: () => ({
        set: () => Promise.reject(new AppError('SETTING_UNKNOWN', 'language: no such setting')),
        unset: () => Promise.resolve(false),
      }),
    })
    expect(await becomes(id, 'failed', 61_000)).toMatchObject({ reason: 'language: no such setting' })
  })

  test('waits while the database is away', async () => {
    await runner.stop()
    const { id } = await plan()
    let away = true
    runner = start({
      refresh: () => (away ? Promise.reject(new AppError('DATABASE_UNUSABLE', 'away')) : bench.parts.refresh()),
    })
    bench.clock.advance(70_000)
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect((await store.show(DEFAULT_SITE, id))?.state).toBe('waiting')
    away = false
    expect((await becomes(id, 'done', 2_000)).changed).toBe(1)
  })
})
