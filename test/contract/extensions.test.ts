import { beforeEach, expect, test } from '@jest/globals'
import { readAudit } from '../../src/database/edge/write.js'
import { createKnexDeviceStore } from '../../src/devices/edge/knex-store.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { createAdmins, type Admins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'

const refused = (code: string): object => expect.objectContaining({ code }) as object
let counter = 100

describeOverDatabases('extensions', (fresh) => {
  let admins: Admins
  let number: string
  let other: string
  beforeEach(() => {
    admins = createAdmins(fresh().databases)
    number = String(counter++)
    other = String(counter++)
  })
  const add = (which = number): ReturnType<Admins['extensions']['add']> =>
    admins.extensions.add('cli:test', { number: which, name: `Person ${which}` })
  const feedIds = async (): Promise<number> =>
    ((await fresh().databases.main('change_feed').max({ id: 'id' }))[0] as { id: number }).id

  test('one is added with a random password that opens only in its row', async () => {
    const { extension, password } = await add()
    expect(password.reveal()).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{20}$/)
    const { extension: stored } = await admins.extensions.show(number)
    expect(stored).toEqual(extension)
    const context = SEAL_CONTEXTS.extensionPassword(stored.id)
    expect(admins.secrets.open(stored.sealedPassword, context).reveal()).toBe(password.reveal())
    expect(() => admins.secrets.open(stored.sealedPassword, SEAL_CONTEXTS.extensionPassword('x'))).toThrow(
      refused('SEALED_VALUE_UNREADABLE') as Error,
    )
  })

  test('a number is given once', async () => {
    await add()
    await expect(add()).rejects.toEqual(refused('EXTENSION_EXISTS'))
  })

  test('of many adds of one number at once exactly one succeeds', async () => {
    const second = createAdmins(await fresh().reopen())
    const input = { number, name: 'Race' }
    const results = await Promise.allSettled(
      [admins, second, admins, second].map(({ extensions }) => extensions.add('cli:test', input)),
    )
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    expect(failures).toEqual([1, 2, 3].map(() => refused('EXTENSION_EXISTS')))
  })

  test.each([
    ['NUMBER_INVALID', { number: '12a', name: 'x' }],
    ['NAME_INVALID', { number: '1', name: 'line\nbreak' }],
    ['NAME_INVALID', { number: '1', name: ' ' }],
    ['EMAIL_INVALID', { number: '1', name: 'x', email: 'nobody' }],
    ['PASSWORD_INVALID', { number: '1', name: 'x', password: 'has blank' }],
    ['PASSWORD_INVALID', { number: '1', name: 'x', password: '%NULL%' }],
    ['PASSWORD_INVALID', { number: '1', name: 'x', password: 'x'.repeat(65) }],
  ])('%s is refused and leaves nothing: %j', async (code, input) => {
    const before = await feedIds()
    await expect(admins.extensions.add('cli:test', input)).rejects.toEqual(refused(code))
    expect(await feedIds()).toBe(before)
  })

  test('each change lets the revision grow by one, is in the change feed, and is audited without secrets', async () => {
    const { extension } = await add()
    const before = await feedIds()
    await admins.extensions.update('cli:test', number, { name: 'New Name', email: 'a@example.org' })
    const renamed = await admins.extensions.update('cli:test', number, { email: '' })
    expect(renamed).toMatchObject({ displayName: 'New Name', revision: 3 })
    expect(renamed.email).toBeUndefined()
    await admins.extensions.resetPassword('cli:test', number, 'S3cret-Value!')
    const { extension: after } = await admins.extensions.show(number)
    expect(after.revision).toBe(4)
    const feed: unknown = await fresh().databases.main('change_feed').where('id', '>', before).select('topic', 'key')
    expect(feed).toEqual([1, 2, 3].map(() => ({ topic: 'extension', key: extension.id })))
    const audit = await readAudit(fresh().databases.main, { entity: 'extension', entityId: extension.id, limit: 10 })
    expect(audit.map(({ action, actor }) => `${action} ${actor}`)).toEqual([
      'extension.reset-password cli:test',
      'extension.update cli:test',
      'extension.update cli:test',
      'extension.add cli:test',
    ])
    expect(JSON.stringify(audit)).not.toMatch(/S3cret|v1\./)
    expect((await admins.extensions.password('cli:test', number)).reveal()).toBe('S3cret-Value!')
  })

  test('keys are replaced as a whole and come back by position', async () => {
    await add()
    await admins.extensions.setKeys('cli:test', number, [
      { position: 2, kind: 'blf', value: other, label: 'Größe <&>' },
      { position: 1, kind: 'dnd' },
    ])
    const { extension } = await admins.extensions.show(number)
    expect(extension.keys).toMatchObject([
      { position: 1, kind: 'dnd', owner: { kind: 'extension', id: extension.id } },
      { position: 2, kind: 'blf', value: other, label: 'Größe <&>' },
    ])
    await admins.extensions.setKeys('cli:test', number, [])
    expect((await admins.extensions.show(number)).extension.keys).toEqual([])
  })

  test.each([
    ['two at one place', [1, 1].map((position) => ({ position, kind: 'dnd' as const }))],
    ['a BLF without number', [{ position: 1, kind: 'blf' as const }]],
    ['a bank', [{ position: 1, kind: 'dnd' as const, bank: 'linekey' }]],
    ['place 0', [{ position: 0, kind: 'dnd' as const }]],
    ['a line break in the label', [{ position: 1, kind: 'dnd' as const, label: 'a\r\nb' }]],
  ])('keys are refused: %s', async (_what, keys) => {
    await add()
    await expect(admins.extensions.setKeys('cli:test', number, keys)).rejects.toEqual(refused('KEY_INVALID'))
  })

  test('a second key that does the same is refused, with both places named; several keys for a line are not', async () => {
    await add()
    const set = (keys: Parameters<typeof admins.extensions.setKeys>[2]): Promise<unknown> =>
      admins.extensions.setKeys('cli:test', number, keys)
    const blf = { kind: 'blf', value: '199' } as const
    await expect(
      set([
        { position: 1, ...blf, label: 'One' },
        { position: 2, kind: 'dnd' },
        { position: 3, ...blf, line: 1, label: 'Another' },
      ]),
    ).rejects.toMatchObject({
      code: 'KEY_REPEATED',
      message: 'key 3: does the same as key 1 (blf 199); the phone would lose one of them',
      details: { problems: [{ column: 'keys.2' }] },
    })
    await set([
      { position: 1, ...blf },
      { position: 2, ...blf, line: 2 },
      { position: 3, kind: 'speed-dial', value: '199' },
      { position: 4, kind: 'line', line: 1 },
      { position: 5, kind: 'line', line: 1 },
    ])
  })

  test('one on a line or on a key is not removed, unless by force, which clears them', async () => {
    const { extension } = await add()
    await add(other)
    const mac = `0015650000${(counter++).toString(16).padStart(2, '0').slice(-2)}`
    const device = await admins.devices.add('cli:test', {
      mac,
      model: 'test/two-lines',
      lines: [{ extension: number }, { extension: other }],
    })
    await admins.extensions.setKeys('cli:test', other, [{ position: 1, kind: 'blf', value: number }])
    await expect(admins.extensions.remove('cli:test', number)).rejects.toEqual(refused('EXTENSION_IN_USE'))
    const before = await feedIds()
    await admins.extensions.remove('cli:test', number, { force: true })
    await expect(admins.extensions.show(number)).rejects.toEqual(refused('EXTENSION_NOT_FOUND'))
    expect((await admins.devices.show(mac)).lines.map((line) => line.extension)).toEqual([other])
    expect((await admins.devices.show(mac)).revision).toBe(device.revision + 1)
    const { extension: watcher } = await admins.extensions.show(other)
    expect(watcher).toMatchObject({ keys: [], revision: 3 })
    const feed = (await fresh().databases.main('change_feed').where('id', '>', before).pluck('key')) as string[]
    expect(feed).toEqual(expect.arrayContaining([extension.id, watcher.id, device.id]))
  })

  test('one that nobody uses is removed with its keys, and its number is free again', async () => {
    await add()
    await admins.extensions.setKeys('cli:test', number, [{ position: 1, kind: 'blf', value: number }])
    await admins.extensions.remove('cli:test', number)
    await add()
    expect((await admins.extensions.show(number)).extension.keys).toEqual([])
  })

  test('a copy, a new number that others follow, deleted and brought back, and one e-mail address for one person', async () => {
    const { extensions, devices, settings } = admins
    const [third, moved] = [String(counter++), String(counter++)]
    const email = `p${number}@example.org`
    await extensions.add('cli:test', { number, name: 'First', email })
    await expect(
      extensions.add('cli:test', { number: other, name: 'Second', email: email.toUpperCase() }),
    ).rejects.toEqual(refused('EMAIL_IN_USE'))
    await add(other)
    const { extension } = await extensions.show(number)
    await settings.setAll('cli:test', { layer: 'extension', owner: extension.id }, { language: 'de', transport: 'tcp' })
    const { extension: copy } = await extensions.duplicate('cli:test', number, { number: third, name: 'Copy' })
    expect((await settings.list('extension', copy.id)).map(({ key, value }) => [key, value])).toEqual([
      ['language', 'de'],
      ['transport', 'tcp'],
    ])
    const { extension: watcher } = await extensions.show(other)
    await extensions.setKeys('cli:test', other, [{ position: 1, kind: 'blf', value: number }])
    await settings.setAll('cli:test', { layer: 'extension', owner: watcher.id }, { forwardBusy: number })
    const mac = `0015650${String(counter).padStart(5, '0')}`
    await devices.add('cli:test', { mac, model: 'test/two-lines', lines: [{ extension: number }] })
    await extensions.renumber('cli:test', number, moved)
    const forwards = async (): Promise<unknown[]> =>
      (await settings.list('extension', watcher.id)).map(({ value }) => value)
    const watched = async (): Promise<unknown[]> =>
      (await extensions.show(other)).extension.keys.map(({ value }) => value)
    expect([await forwards(), await watched()]).toEqual([[moved], [moved]])
    expect((await extensions.show(moved)).uses).toMatchObject({
      lines: [{ mac }],
      keys: [{ position: 1 }],
      forwards: [{ key: 'forwardBusy' }],
    })
    await extensions.remove('cli:test', moved, { force: true })
    expect([await forwards(), await watched()]).toEqual([[], []])
    const removed = (await extensions.removed()).find((one) => one.number === moved)
    expect(removed).toMatchObject({ number: moved, displayName: 'First', removedBy: 'cli:test' })
    expect(await extensions.restore('cli:test', removed?.id ?? '')).toEqual({ number: moved, missing: [] })
    expect([await forwards(), await watched()]).toEqual([[moved], [moved]])
    expect((await extensions.show(moved)).uses.lines).toEqual([{ mac, position: 1 }])
  })

  test('a password that was replaced when fetched is kept beside the new one until it is forgotten', async () => {
    const { devices } = admins
    await add()
    const mac = `0015651${String(counter).padStart(5, '0')}`
    const { lines } = await devices.add('cli:test', { mac, model: 'test/two-lines', lines: [{ extension: number }] })
    await devices.resetLinePassword('cli:test', mac, 1, 'fetched')
    const [line] = (await devices.show(mac)).lines
    expect(line?.former?.sealed).toBe(lines[0]?.sealedPassword)
    expect(typeof line?.former?.until).toBe('number')
    await createKnexDeviceStore(fresh().databases.main).forgetFormer(line?.id ?? '', 1)
    expect((await devices.show(mac)).lines[0]).not.toHaveProperty('former')
  })
})
