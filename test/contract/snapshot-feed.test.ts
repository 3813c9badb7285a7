import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import { createKnexGroupStore } from '../../src/groups/edge/knex-store.js'
import { createGroupAdmin } from '../../src/groups/use-cases.js'
import type { Mac } from '../../src/domain/mac-address.js'
import type { Turns } from '../../src/domain/turns.js'
import { SILENT_LOG, type Log } from '../../src/observe/log.js'
import { pruneChangeFeed, startSnapshotFeed } from '../../src/snapshot/edge/snapshot-feed.js'
import type { SnapshotChange, SnapshotFeed } from '../../src/snapshot/edge/snapshot-feed.js'
import { DEFAULT_SITE, createAdmins, type Admins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'

/** What a second process runs: one change as the CLI makes it, by plain SQL. */
const OTHER_PROCESS = `
  import knex from 'knex'
  const [client, connection, id] = JSON.parse(process.argv[1])
  const db = knex({ client, connection, useNullAsDefault: true, pool: { min: 1, max: 1 } })
  await db.transaction(async (trx) => {
    await trx('extensions').where({ id }).update({ display_name: 'From elsewhere', revision: 7 })
    await trx('change_feed').insert({ at: Date.now(), topic: 'extension', key: id })
  })
  await db.destroy()`

/** Something to wait for. */
function gate(): { open(): void; opened: Promise<void> } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open: () => open(), opened }
}

describeOverDatabases('the snapshot feed', (fresh) => {
  const feeds: SnapshotFeed[] = []
  let admins: Admins
  let changes: SnapshotChange[]
  let counter = Date.now() % 1_000_000
  beforeEach(async () => {
    // Another connection than the feed's, as the CLI has.
    admins = createAdmins(await fresh().reopen())
    changes = []
  })
  afterEach(async () => {
    await Promise.all(feeds.splice(0).map((feed) => feed.stop()))
  })
  const start = async (part: { log?: Log; clock?: FakeClock; turns?: Turns } = {}): Promise<SnapshotFeed> => {
    const feed = await startSnapshotFeed({
      databases: fresh().databases,
      clock: part.clock ?? new FakeClock(),
      log: part.log ?? SILENT_LOG,
      ...(part.turns ? { turns: part.turns } : {}),
    })
    feed.onChange((change) => changes.push(change))
    feeds.push(feed)
    return feed
  }
  const next = (): string => String(counter++)
  const mac = (): Mac => `00156${(counter++).toString(16).padStart(7, '0')}` as Mac
  const addPerson = (number: string): ReturnType<Admins['extensions']['add']> =>
    admins.extensions.add('cli:test', { number, name: `Person ${number}` })

  test('the first load shows what is there, as the stores show it', async () => {
    const [number, address] = [next(), mac()]
    const { extension } = await addPerson(number)
    await admins.extensions.setKeys('cli:test', number, [
      { position: 2, kind: 'dnd' },
      { position: 1, kind: 'blf', value: '1' },
    ])
    await admins.devices.add('cli:test', { mac: address, model: 'test/two-lines', lines: [{ extension: number }] })
    const keys = [2, 1].map((position) => ({
      bank: 'linekey',
      position,
      kind: position === 1 ? ('hold' as const) : ('dnd' as const),
    }))
    const device = await admins.devices.setKeys('cli:test', address, keys)
    await admins.settings.set('cli:test', { layer: 'device', owner: device.id, key: 'language' }, 'de')
    const { snapshot } = await start()
    expect(snapshot.defaultSite().id).toBe(DEFAULT_SITE)
    expect(snapshot.extensionByNumber(DEFAULT_SITE, number)).toEqual((await admins.extensions.show(number)).extension)
    const shown = snapshot.deviceByMac(address)
    const people = { extension: number, displayName: `Person ${number}` }
    expect({ ...shown, lines: shown?.lines.map((line) => ({ ...line, ...people })) }).toEqual(device)
    expect(snapshot.deviceByLine(device.lines[0]?.id ?? '')).toBe(shown)
    expect(snapshot.deviceByTokenHash(device.tokenHash)).toBe(shown)
    const user = snapshot.digestUser(DEFAULT_SITE, device.lines[0]?.authUsername ?? '')
    expect(user).toMatchObject({ extension: { id: extension.id }, device: { id: device.id } })
    expect(snapshot.layer('device', device.id)).toEqual({ revision: 1, values: new Map([['language', 'de']]) })
  })

  test('a change of another process shows within a second', async () => {
    const number = next()
    const { extension } = await addPerson(number)
    const feed = await startSnapshotFeed({ databases: fresh().databases, clock: systemClock, log: SILENT_LOG })
    feeds.push(feed)
    const { databases, url } = fresh()
    const connection = databases.files ? { filename: databases.files.main } : url
    const target = JSON.stringify([databases.files ? 'sqlite3' : 'pg', connection, extension.id])
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', OTHER_PROCESS, target])
    expect(child.stderr.toString()).toBe('')
    const committedAt = Date.now()
    while (feed.snapshot.extension(extension.id)?.revision !== 7) {
      if (Date.now() - committedAt > 1000) throw new Error('not seen within a second')
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(feed.snapshot.extension(extension.id)?.displayName).toBe('From elsewhere')
  })

  test('only what changed is replaced and named', async () => {
    const [number, other, address] = [next(), next(), mac()]
    await addPerson(number)
    await addPerson(other)
    const feed = await start()
    const untouched = feed.snapshot.extensionByNumber(DEFAULT_SITE, other)
    const device = await admins.devices.add('cli:test', { mac: address, model: 'test/two-lines' })
    const renamed = await admins.extensions.update('cli:test', number, { name: 'New' })
    await admins.settings.set('cli:test', { layer: 'vendor', owner: 'yealink', key: 'language' }, 'de')
    await feed.refresh()
    expect(changes).toEqual([
      { everything: false, sites: [], extensions: [renamed.id], devices: [device.id], layers: ['vendor:yealink'] },
    ])
    expect(feed.snapshot.extension(renamed.id)).toEqual(renamed)
    expect(feed.snapshot.extensionByNumber(DEFAULT_SITE, other)).toBe(untouched)
    expect(feed.snapshot.layer('vendor', 'yealink').values.get('language')).toBe('de')
    await feed.refresh()
    expect(changes).toHaveLength(1)
  })

  test('keys of a group come with its layer, at the first load and when they change', async () => {
    const { main } = fresh().databases
    const group = { store: createKnexGroupStore(main), clock: systemClock, random: systemRandom, siteId: DEFAULT_SITE }
    const groups = createGroupAdmin(group)
    const { id } = await groups.add('cli:test', `Group ${next()}`)
    const name = (await groups.list()).find((one) => one.id === id)?.name ?? ''
    const feed = await start()
    expect(feed.snapshot.layer('group', id)).toEqual({ revision: 0, values: new Map() })
    await groups.setKeys('cli:test', name, [
      { position: 1, kind: 'blf', value: '199' },
      { position: 2, kind: 'dnd' },
    ])
    await feed.refresh()
    const shown = feed.snapshot.layer('group', id)
    expect([shown.revision, shown.keys?.map(({ kind }) => kind)]).toEqual([1, ['blf', 'dnd']])
    expect((await start()).snapshot.layer('group', id)).toEqual(shown)
    await groups.setKeys('cli:test', name, [])
    await feed.refresh()
    expect(feed.snapshot.layer('group', id)).toEqual({ revision: 2, values: new Map() })
    expect(changes.at(-1)?.layers).toEqual([`group:${id}`])
  })

  test('a removal takes every index along', async () => {
    const [number, address] = [next(), mac()]
    const { extension } = await addPerson(number)
    const added = { mac: address, model: 'test/two-lines', lines: [{ extension: number }] }
    const device = await admins.devices.add('cli:test', added)
    const feed = await start()
    await admins.devices.remove('cli:test', address, { purge: true })
    await admins.extensions.remove('cli:test', number)
    await feed.refresh()
    expect(feed.snapshot.deviceByMac(address)).toBeUndefined()
    expect(feed.snapshot.deviceByTokenHash(device.tokenHash)).toBeUndefined()
    expect(feed.snapshot.extension(extension.id)).toBeUndefined()
    expect(feed.snapshot.digestUser(DEFAULT_SITE, device.lines[0]?.authUsername ?? '')).toBeUndefined()
  })

  test('a reader that fell behind what is left of the feed loads everything', async () => {
    const feed = await start()
    const number = next()
    await addPerson(number)
    await addPerson(next())
    await pruneChangeFeed(fresh().databases.main, Number.MAX_SAFE_INTEGER)
    expect(await fresh().databases.main('change_feed').count({ rows: '*' })).toEqual([{ rows: 1 }])
    await feed.refresh()
    expect(changes).toMatchObject([{ everything: true }])
    expect(feed.snapshot.extensionByNumber(DEFAULT_SITE, number)).toBeDefined()
  })

  describe('while everything is loaded anew', () => {
    const everythingChanged = async (): Promise<void> =>
      void (await fresh().databases.main('change_feed').insert({ at: 0, topic: 'all', key: '' }))
    const nameOf = ({ snapshot }: SnapshotFeed, number: string): string | undefined =>
      snapshot.extensionByNumber(DEFAULT_SITE, number)?.displayName
    const rename = (number: string, name: string): Promise<unknown> =>
      admins.extensions.update('cli:test', number, { name })

    test('readers see what was there before, and what changes meanwhile is taken in after it, in order', async () => {
      const [number, other, late] = [next(), next(), next()]
      await addPerson(number)
      const { extension } = await addPerson(other)
      const [reached, held] = [gate(), gate()]
      const feed = await start({ turns: () => (reached.open(), held.opened) })
      await rename(number, 'Before it')
      await everythingChanged()
      const { version } = feed.snapshot
      const loading = feed.refresh()
      await reached.opened
      await rename(other, 'Meanwhile')
      await addPerson(late)
      await rename(other, 'Meanwhile, at last')
      expect([nameOf(feed, number), feed.snapshot.version === version]).toEqual([`Person ${number}`, true])
      const after = feed.refresh()
      held.open()
      await loading
      expect([nameOf(feed, number), nameOf(feed, other), nameOf(feed, late)]).toEqual([
        ...['Before it', `Person ${other}`, undefined],
      ])
      await after
      expect([nameOf(feed, other), nameOf(feed, late)]).toEqual(['Meanwhile, at last', `Person ${late}`])
      const added = feed.snapshot.extensionByNumber(DEFAULT_SITE, late)?.id
      expect(changes).toMatchObject([{ everything: true }, { everything: false, extensions: [extension.id, added] }])
    })

    test('admins read and write meanwhile', async () => {
      const { databases } = fresh()
      const [reached, held] = [gate(), gate()]
      const feed = await start({ turns: () => (reached.open(), held.opened) })
      const number = next()
      await addPerson(number)
      await everythingChanged()
      const loading = feed.refresh()
      await reached.opened
      const own = createAdmins(databases)
      await own.extensions.update('cli:test', number, { name: 'Renamed' })
      expect((await own.extensions.show(number)).extension.displayName).toBe('Renamed')
      held.open()
      await loading
      await feed.refresh()
      expect(nameOf(feed, number)).toBe('Renamed')
    })

    test('a server that stops does not wait for the rest of it', async () => {
      const [reached, held] = [gate(), gate()]
      let asked = 0
      const turns = (): Promise<void> => ((asked += 1), reached.open(), held.opened)
      const feed = await start({ turns })
      const number = next()
      for (let n = 0; n < 41; n += 1) await addPerson(n === 0 ? number : next())
      await everythingChanged()
      const loading = expect(feed.refresh()).rejects.toThrow('the server stops')
      await reached.opened
      const stopped = feed.stop()
      held.open()
      await Promise.all([loading, stopped])
      expect([asked, nameOf(feed, number)]).toEqual([1, undefined])
    })

    test('phones have their turn every 20 rows', async () => {
      const turns = jest.fn<() => undefined>()
      const feed = await start({ turns })
      expect(turns).not.toHaveBeenCalled()
      const before = feed.snapshot.counts().extensions
      for (let n = 0; n < 41; n += 1) await addPerson(next())
      await everythingChanged()
      await feed.refresh()
      expect(feed.snapshot.counts().extensions).toBe(before + 41)
      expect(turns.mock.calls.length).toBeGreaterThanOrEqual(Math.ceil((before + 41) / 20))
    })

    test('a database that goes away leaves the old snapshot whole, and the next look loads all of it', async () => {
      const number = next()
      await addPerson(number)
      let isGone = true
      const turns = async (): Promise<void> => {
        await Promise.resolve()
        if (isGone) throw new Error('the database went away')
      }
      const feed = await start({ turns })
      await rename(number, 'New')
      await everythingChanged()
      await expect(feed.refresh()).rejects.toThrow('went away')
      expect([nameOf(feed, number), changes]).toEqual([`Person ${number}`, []])
      isGone = false
      await feed.refresh()
      expect([nameOf(feed, number), changes]).toMatchObject(['New', [{ everything: true }]])
    })
  })

  test('the feed is pruned after a day, hourly', async () => {
    const clock = new FakeClock()
    const feed = await start({ clock })
    await addPerson(next())
    await addPerson(next())
    clock.advance(86_400_000 + 3_600_000)
    await feed.refresh()
    expect(await fresh().databases.main('change_feed').count({ rows: '*' })).toEqual([{ rows: 1 }])
  })

  test('while the database does not answer the old snapshot stays, said once; then it goes on', async () => {
    const number = next()
    await addPerson(number)
    const lines: string[] = []
    const note = (_fields: object, message: string): void => void lines.push(message)
    const clock = new FakeClock()
    const feed = await start({ clock, log: { debug: note, info: note, warn: note, error: note } })
    const polled = async (): Promise<void> => {
      clock.advance(250)
      for (let turn = 0; clock.pending === 0 && turn < 100_000; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const outside = (await fresh().reopen()).main
    await outside.schema.renameTable('change_feed', 'away')
    await polled()
    await polled()
    expect(lines).toEqual(['database does not answer: phones are served from memory until it is back'])
    expect(feed.snapshot.extensionByNumber(DEFAULT_SITE, number)).toBeDefined()
    await outside.schema.renameTable('away', 'change_feed')
    const later = next()
    await addPerson(later)
    await polled()
    expect(lines.slice(1)).toEqual(['database answers again'])
    expect(feed.snapshot.extensionByNumber(DEFAULT_SITE, later)).toBeDefined()
  })
})
