import { beforeEach, expect, test } from '@jest/globals'
import { planSize, type BulkPlan } from '../../src/bulk/apply.js'
import type { SettingsChange } from '../../src/bulk/settings-change.js'
import { createKnexApplyBulk } from '../../src/bulk/edge/knex-apply.js'
import { draftDevice } from '../../src/devices/draft.js'
import { draftExtension } from '../../src/extensions/draft.js'
import type { UnnumberedPerson } from '../../src/extensions/unnumbered.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { startSnapshotFeed } from '../../src/snapshot/edge/snapshot-feed.js'
import { DEFAULT_SITE, TWO_LINE_PHONE, createAdmins, type Admins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { importNote } from '../support/imports.js'
import { seededRandom } from '../support/seeded-random.js'

const AUTHOR = { actor: 'import:test', at: 1_760_000_000_000 }
const EMPTY: BulkPlan = {
  createExtensions: [],
  updateExtensions: [],
  purgeDevices: [],
  createDevices: [],
  updateDevices: [],
  settings: [],
}
const refused = (code: string): object => expect.objectContaining({ code }) as object
let counter = 200_000

describeOverDatabases('a bulk write', (fresh) => {
  let admins: Admins
  let parts: Parameters<typeof draftDevice>[0]
  beforeEach(() => {
    admins = createAdmins(fresh().databases)
    const random = seededRandom(counter)
    parts = {
      secrets: admins.secrets,
      clock: admins.clock,
      random,
      siteId: DEFAULT_SITE,
      models: () => TWO_LINE_PHONE,
    }
  })
  const apply = (plan: Partial<BulkPlan>, progress?: (written: number) => Promise<void>): Promise<void> => {
    const note = importNote(`import-${counter++}`)
    const told = progress ? { ...note, progress } : note
    return createKnexApplyBulk(fresh().databases.main)({ ...EMPTY, ...plan }, AUTHOR, told)
  }

  /** People with two keys each, and a phone for everybody. */
  function office(size: number): Pick<BulkPlan, 'createExtensions' | 'createDevices'> {
    const createExtensions = Array.from({ length: size }, () => {
      const { extension } = draftExtension(parts, { number: String(counter++), name: 'Somebody' })
      const owner = { kind: 'extension' as const, id: extension.id }
      const keys = [1, 2].map((position) => ({
        id: `${extension.id}${position}`,
        owner,
        position,
        kind: 'blf' as const,
        value: '1',
      }))
      return { ...extension, keys }
    })
    const createDevices = createExtensions.map((extension) =>
      draftDevice(parts, { mac: `0015${(counter++).toString(16).padStart(8, '0')}`, model: 'test/two-lines' }, [
        { extension },
      ]),
    )
    return { createExtensions, createDevices }
  }

  test('10,000 people with keys and a phone each are written in one go, and the snapshot shows them', async () => {
    const feed = await startSnapshotFeed({
      databases: await fresh().reopen(),
      clock: new FakeClock(),
      log: SILENT_LOG,
    })
    const before = feed.snapshot.counts()
    const plan = office(10_000)
    await apply(plan)
    await feed.refresh()
    expect(feed.snapshot.counts()).toEqual({
      devices: before.devices + 10_000,
      extensions: before.extensions + 10_000,
    })
    const [extension, device] = [plan.createExtensions[9_999], plan.createDevices[9_999]]
    expect(feed.snapshot.extension(extension?.id ?? '')).toEqual(extension)
    expect(feed.snapshot.device(device?.id ?? '')).toEqual(device)
    await feed.stop()
  }, 120_000)

  test('updates replace row, lines and keys and let the revision grow by one', async () => {
    const plan = office(250)
    await apply(plan)
    await apply({
      updateExtensions: plan.createExtensions.map((each) => ({ ...each, displayName: 'Renamed', keys: [] })),
      updateDevices: plan.createDevices.map((each) => ({ ...each, name: 'Hall', lines: [] })),
    })
    for (const at of [0, 249]) {
      const { extension } = await admins.extensions.show(plan.createExtensions[at]?.number ?? '')
      expect(extension).toEqual({
        ...plan.createExtensions[at],
        displayName: 'Renamed',
        keys: [],
        revision: 2,
      })
      const device = await admins.devices.show(plan.createDevices[at]?.mac ?? '')
      expect(device).toEqual({ ...plan.createDevices[at], name: 'Hall', lines: [], revision: 2 })
    }
  })

  test.each<[string, (there: ReturnType<typeof office>) => Partial<BulkPlan>]>([
    ['EXTENSION_EXISTS', ({ createExtensions }) => ({ createExtensions })],
    ['DEVICE_EXISTS', ({ createDevices }) => ({ createDevices })],
    [
      'REVISION_CONFLICT',
      ({ createExtensions }) => ({ updateExtensions: createExtensions.map((each) => ({ ...each, revision: 2 })) }),
    ],
    ['REVISION_CONFLICT', ({ createDevices: [one] }) => ({ updateDevices: one ? [{ ...one, id: 'gone' }] : [] })],
    [
      'LINE_INVALID',
      ({ createDevices: [one], createExtensions: [person] }) => ({
        updateDevices: one
          ? [{ ...one, lines: one.lines.map((line) => ({ ...line, authUsername: person?.number ?? '' })) }]
          : [],
      }),
    ],
  ])('%s anywhere undoes the whole', async (code, spoil) => {
    const there = office(1)
    await apply(there)
    const good = office(120)
    const bad = spoil(there)
    const mixed = {
      ...bad,
      createExtensions: [...good.createExtensions, ...(bad.createExtensions ?? [])],
      createDevices: [...good.createDevices, ...(bad.createDevices ?? [])],
    }
    const audited = await fresh().databases.main('audit_log').count({ rows: '*' })
    await expect(apply(mixed)).rejects.toEqual(refused(code))
    await expect(admins.extensions.show(good.createExtensions[0]?.number ?? '')).rejects.toEqual(
      refused('EXTENSION_NOT_FOUND'),
    )
    await expect(admins.devices.show(good.createDevices[0]?.mac ?? '')).rejects.toEqual(refused('DEVICE_NOT_FOUND'))
    expect(await fresh().databases.main('audit_log').count({ rows: '*' })).toEqual(audited)
  })

  test('progress comes to the whole of the plan, whatever is in it, and never goes back', async () => {
    const there = office(3)
    const waiting = (name: string): UnnumberedPerson => ({
      ...{ id: `waiting-${counter++}`, siteId: DEFAULT_SITE, displayName: name, settings: new Map() },
      ...{ createdAt: AUTHOR.at, createdBy: '', revision: 0 },
    })
    const [ada, ida] = [waiting('Ada'), waiting('Ida')]
    await apply({ ...there, putUnnumbered: [ada, ida] })
    const [one, two] = there.createExtensions
    const settings = (person: typeof one, revision: number, unset: readonly string[] = []): SettingsChange => ({
      layer: 'extension',
      ...{ owner: person?.id ?? '', siteId: DEFAULT_SITE, label: person?.number ?? '', revision, unset },
      set: new Map(unset.length === 0 ? [['language', 'de']] : []),
    })
    await apply({ settings: [settings(two, 0)] })
    const plans: Partial<BulkPlan>[] = [
      { putUnnumbered: [waiting('Uma'), { ...ada, revision: 1 }], takeUnnumbered: [{ ...ida, revision: 1 }] },
      { settings: [settings(two, 1, ['language'])] },
      {
        ...office(2),
        updateExtensions: there.createExtensions,
        purgeDevices: there.createDevices.slice(0, 1),
        updateDevices: there.createDevices.slice(1),
        settings: [settings(one, 0)],
      },
    ]
    for (const plan of plans) {
      const told: number[] = []
      await apply(plan, (written) => Promise.resolve(void told.push(written)))
      expect(told.at(-1)).toBe(planSize({ ...EMPTY, ...plan }))
      expect(planSize({ ...EMPTY, ...plan })).toBe(Object.values(plan).flat().length)
      expect(told).toEqual([...told].sort((a, b) => a - b))
    }
  })

  test('a removed phone comes back under the same MAC address', async () => {
    const plan = office(1)
    await apply(plan)
    const mac = plan.createDevices[0]?.mac ?? ''
    await admins.devices.remove('cli:test', mac)
    const purgeDevices = (await admins.devices.list({ retired: true })).filter((device) => device.mac === mac)
    const again = draftDevice(parts, { mac, model: 'test/two-lines' })
    await apply({ purgeDevices, createDevices: [again] })
    expect(await admins.devices.show(mac)).toEqual(again)
  })
})
