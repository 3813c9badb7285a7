import { beforeEach, expect, test } from '@jest/globals'
import { createKnexDeviceStore } from '../../src/devices/edge/knex-store.js'
import { RETIRED_DAYS } from '../../src/devices/use-cases.js'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { createAdmins, type Admins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'

const refused = (code: string): object => expect.objectContaining({ code }) as object
let counter = 0

describeOverDatabases('devices', (fresh) => {
  let admins: Admins
  let mac: string
  let spare: string
  let anna: string
  let bert: string
  beforeEach(async () => {
    admins = createAdmins(fresh().databases)
    const next = (): string => (counter++).toString(16).padStart(4, '0')
    mac = `00156500${next()}`
    spare = `00156500${next()}`
    anna = String(1000 + counter++)
    bert = String(1000 + counter++)
    await admins.extensions.add('cli:test', { number: anna, name: 'Anna' })
    await admins.extensions.add('cli:test', { number: bert, name: 'Bert' })
  })
  const add = (
    lines: { extension: string; position?: number; label?: string }[] = [],
  ): ReturnType<Admins['devices']['add']> => admins.devices.add('cli:test', { mac, model: 'test/two-lines', lines })

  test('one is added with a line, credentials, token and admin password of its own', async () => {
    const device = await add([{ extension: anna, label: 'Desk' }, { extension: bert }])
    expect(device).toMatchObject({ mac, model: 'test/two-lines', state: 'approved', revision: 1 })
    expect(device.lines).toMatchObject([
      { position: 1, extension: anna, displayName: 'Anna', label: 'Desk' },
      { position: 2, extension: bert, displayName: 'Bert' },
    ])
    expect(device.lines[0]?.authUsername).toMatch(new RegExp(`^${anna}-[0-9a-hjkmnp-tv-z]{6}$`))
    const passwords = device.lines.map(({ id, sealedPassword }) =>
      admins.secrets.open(sealedPassword, SEAL_CONTEXTS.linePassword(id)).reveal(),
    )
    expect(new Set(passwords).size).toBe(2)
    const token = await admins.devices.token('cli:test', mac)
    expect(token.reveal()).toMatch(/^[0-9a-hjkmnp-tv-z]{32}$/)
    expect(sha256Hex(token.reveal())).toBe(device.tokenHash)
    expect((await admins.devices.adminPassword('cli:test', mac)).reveal()).toMatch(/^\d{8}$/)
    expect(await admins.devices.show(mac.replace(/(..)(?!$)/g, '$1:').toUpperCase())).toEqual(device)
  })

  test('a MAC address is there once, in whatever spelling', async () => {
    await add()
    const spelled = mac.replace(/(....)(?!$)/g, '$1.').toUpperCase()
    await expect(admins.devices.add('cli:test', { mac: spelled, model: 'test/two-lines' })).rejects.toEqual(
      refused('DEVICE_EXISTS'),
    )
  })

  test.each([
    ['MAC_INVALID', { mac: '0015' }],
    ['MODEL_UNKNOWN', { model: 'test/none' }],
    ['EXTENSION_NOT_FOUND', { lines: [{ extension: '99999' }] }],
    ['NUMBER_INVALID', { lines: [{ extension: 'anna' }] }],
    ['NAME_INVALID', { name: 'a\nb' }],
  ])('%s is refused and leaves nothing: %j', async (code, part) => {
    const input = { mac, model: 'test/two-lines', ...part }
    await expect(admins.devices.add('cli:test', input)).rejects.toEqual(refused(code))
    await expect(admins.devices.show(mac)).rejects.toEqual(refused('DEVICE_NOT_FOUND'))
  })

  test.each([
    ['beyond the accounts', [3]],
    ['at 0', [0]],
    ['twice at one place', [1, 1]],
  ])('a line is refused: %s', async (_what, positions) => {
    const lines = positions.map((position) => ({ extension: anna, position }))
    await expect(add(lines)).rejects.toEqual(refused('LINE_INVALID'))
  })

  test('lines come and go one by one; the first free place is taken', async () => {
    await add([{ extension: anna, position: 2 }])
    expect((await admins.devices.addLine('cli:test', mac, { extension: bert })).lines[0]?.position).toBe(1)
    await expect(admins.devices.addLine('cli:test', mac, { extension: bert })).rejects.toEqual(refused('LINE_INVALID'))
    const left = await admins.devices.removeLine('cli:test', mac, 2)
    expect(left.lines.map((line) => line.extension)).toEqual([bert])
    expect(left.revision).toBe(3)
  })

  test('a new line password replaces the old one and nothing else', async () => {
    const before = await add([{ extension: anna }, { extension: bert }])
    const password = await admins.devices.resetLinePassword('cli:test', mac, 1)
    const [first, second] = (await admins.devices.show(mac)).lines
    if (!first || !second) throw new Error('lines are gone')
    expect({ ...first, sealedPassword: before.lines[0]?.sealedPassword }).toEqual(before.lines[0])
    expect(second).toEqual(before.lines[1])
    const context = SEAL_CONTEXTS.linePassword(first.id)
    expect(admins.secrets.open(first.sealedPassword, context).reveal()).toBe(password.reveal())
    await expect(admins.devices.resetLinePassword('cli:test', spare, 1)).rejects.toEqual(refused('DEVICE_NOT_FOUND'))
  })

  test('keys are checked by the model before they are saved', async () => {
    await add()
    const key = { bank: 'linekey', position: 1, kind: 'blf' as const, value: anna, label: 'Anna' }
    const device = await admins.devices.setKeys('cli:test', mac, [key])
    expect(device.keys).toMatchObject([{ ...key, owner: { kind: 'device', id: device.id } }])
    const beyond = admins.devices.setKeys('cli:test', mac, [{ ...key, position: 3 }])
    await expect(beyond).rejects.toEqual(refused('KEY_INVALID'))
    await expect(admins.devices.setKeys('cli:test', mac, [{ position: 1, kind: 'dnd' }])).rejects.toEqual(
      refused('KEY_INVALID'),
    )
    expect((await admins.devices.show(mac)).keys).toEqual(device.keys)
  })

  test('another model is refused when a line would not fit', async () => {
    await add([{ extension: anna }, { extension: bert }])
    await expect(admins.devices.update('cli:test', mac, { model: 'test/one-line' })).rejects.toEqual(
      refused('LINE_INVALID'),
    )
    await admins.devices.removeLine('cli:test', mac, 2)
    const changed = await admins.devices.update('cli:test', mac, { model: 'test/one-line', name: 'Hall' })
    expect(changed).toMatchObject({ model: 'test/one-line', name: 'Hall' })
    expect((await admins.devices.update('cli:test', mac, { name: '' })).name).toBeUndefined()
  })

  test('a removed phone keeps token and model for the cleared file, its credentials die at once', async () => {
    const before = await add([{ extension: anna }])
    await admins.devices.remove('cli:test', mac)
    await expect(admins.devices.show(mac)).rejects.toEqual(refused('DEVICE_NOT_FOUND'))
    expect((await admins.devices.list()).map((device) => device.mac)).not.toContain(mac)
    const retired = (await admins.devices.list({ retired: true })).find((device) => device.mac === mac)
    expect(retired).toMatchObject({
      state: 'retired',
      retiredAt: admins.clock.now(),
      tokenHash: before.tokenHash,
      lines: [],
    })
    await admins.extensions.remove('cli:test', anna)
  })

  test('a removed phone is deleted after 30 days and not before', async () => {
    await add()
    await admins.devices.remove('cli:test', mac)
    const left = async (): Promise<boolean> =>
      (await admins.devices.list({ retired: true })).some((device) => device.mac === mac)
    admins.clock.advance(RETIRED_DAYS * 86_400_000)
    await admins.devices.purgeRetired('server')
    expect(await left()).toBe(true)
    admins.clock.advance(1)
    expect(await admins.devices.purgeRetired('server')).toBeGreaterThanOrEqual(1)
    expect(await left()).toBe(false)
  })

  test('a removed phone can be added again, with a new token', async () => {
    const before = await add([{ extension: anna }])
    await admins.devices.remove('cli:test', mac)
    const again = await add([{ extension: bert }])
    expect(again.tokenHash).not.toBe(before.tokenHash)
    expect(again.lines.map((line) => line.extension)).toEqual([bert])
  })

  test('purge deletes at once', async () => {
    await add([{ extension: anna }])
    await admins.devices.remove('cli:test', mac, { purge: true })
    expect((await admins.devices.list({ retired: true })).map((device) => device.mac)).not.toContain(mac)
  })

  test('a phone that is moved gives lines, keys and name to the new one, with new credentials', async () => {
    const before = await add([{ extension: anna }, { extension: bert }])
    await admins.devices.update('cli:test', mac, { name: 'Hall' })
    const key = { bank: 'linekey', position: 1, kind: 'speed-dial' as const, value: '110' }
    await admins.devices.setKeys('cli:test', mac, [key])
    const moved = await admins.devices.move('cli:test', mac, { mac: spare })
    expect(moved).toMatchObject({ mac: spare, name: 'Hall', model: 'test/two-lines', keys: [key] })
    expect(moved.lines.map((line) => line.extension)).toEqual([anna, bert])
    expect(moved.lines[0]?.authUsername).not.toBe(before.lines[0]?.authUsername)
    expect(moved.tokenHash).not.toBe(before.tokenHash)
    await expect(admins.devices.show(mac)).rejects.toEqual(refused('DEVICE_NOT_FOUND'))
    await expect(admins.devices.move('cli:test', spare, { mac: spare })).rejects.toEqual(refused('DEVICE_EXISTS'))
  })

  test('a phone is blocked and approved again', async () => {
    await add()
    expect((await admins.devices.setState('cli:test', mac, 'blocked')).state).toBe('blocked')
    expect((await admins.devices.setState('cli:test', mac, 'approved')).revision).toBe(3)
  })

  test('sightings leave revision and audit alone, and announce only a firmware that changed', async () => {
    const device = await add()
    const store = createKnexDeviceStore(fresh().databases.main)
    const feed = async (): Promise<number> =>
      (await fresh().databases.main('change_feed').where({ key: device.id }).pluck('id')).length
    const before = await feed()
    const sighting = { deviceId: device.id, at: 1_760_000_000_000, ip: '192.0.2.7', firmwareVersion: '52.84.0.15' }
    await store.noteSightings([sighting])
    expect(await admins.devices.show(mac)).toMatchObject({
      revision: 1,
      lastSeenAt: 1_760_000_000_000,
      lastSeenIp: '192.0.2.7',
      firmwareVersion: '52.84.0.15',
    })
    expect(await feed()).toBe(before + 1)
    await store.noteSightings([sighting, { deviceId: device.id, at: 1_760_000_000_001, ip: '192.0.2.8' }])
    expect(await feed()).toBe(before + 1)
    expect(await admins.devices.show(mac)).toMatchObject({ lastSeenIp: '192.0.2.8', firmwareVersion: '52.84.0.15' })
  })

  test('a writer with a stale record is refused and changes nothing', async () => {
    const stale = await add([{ extension: anna }])
    await admins.devices.update('cli:test', mac, { name: 'First' })
    const store = createKnexDeviceStore(fresh().databases.main)
    const change = {
      author: { actor: 'cli:test', at: 1 },
      action: 'device.update',
      entity: 'device' as const,
      entityId: stale.id,
      feed: [],
    }
    await expect(
      store.change((writes) => writes.replace({ ...stale, name: 'Second', lines: [] }, change)),
    ).rejects.toEqual(refused('REVISION_CONFLICT'))
    expect(await admins.devices.show(mac)).toMatchObject({ name: 'First', lines: [{ extension: anna }] })
  })
})
