import { beforeEach, expect, test } from '@jest/globals'
import { ImportDesk } from '../../src/bulk/desk.js'
import { createKnexApplyBulk } from '../../src/bulk/edge/knex-apply.js'
import { createKnexImportStore } from '../../src/bulk/edge/knex-import-store.js'
import { createPace } from '../../src/bulk/edge/pace.js'
import { readSurroundings } from '../../src/bulk/edge/surroundings.js'
import { createBulkUseCases, SERVER_RUNNER, type BulkUseCases } from '../../src/bulk/use-cases.js'
import { createKnexUnnumberedStore } from '../../src/extensions/edge/knex-unnumbered.js'
import { createUnnumberedAdmin } from '../../src/extensions/unnumbered.js'
import { createKnexGroupStore } from '../../src/groups/edge/knex-store.js'
import { createGroupAdmin, type GroupAdmin } from '../../src/groups/use-cases.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { loadSnapshot } from '../../src/snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from '../../src/snapshot/memory-snapshot.js'
import { createAdmins, DEFAULT_SITE, type Admins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'
import { importParts } from '../support/imports.js'
import { seededRandom } from '../support/seeded-random.js'

const refused = (code: string): object => expect.objectContaining({ code }) as object
let counter = 700_000

describeOverDatabases('an import', (fresh) => {
  let admins: Admins
  let bulk: BulkUseCases
  let desk: ImportDesk
  let number: () => string
  let whenWriting: () => unknown

  const useCases = (runner: string): BulkUseCases => {
    const known = importParts()
    const { databases } = fresh()
    const { clock, secrets } = admins
    const random = seededRandom(counter++)
    desk = new ImportDesk({ store: createKnexImportStore(databases.main), clock, random, log: SILENT_LOG, runner })
    return createBulkUseCases({
      ...{ siteId: DEFAULT_SITE, secrets, clock, random, desk, pace: createPace },
      models: known.models,
      apply: (plan, author, note) => {
        whenWriting()
        return createKnexApplyBulk(databases.main)(plan, author, note)
      },
      load: async () => {
        const { content } = await loadSnapshot(databases.main)
        const stored = new MemorySnapshot(content)
        const layer: MemorySnapshot['layer'] = (...of) => stored.layer(...of)
        return { extensions: content.extensions.values(), devices: content.devices.values(), layer }
      },
      surroundings: (siteId) => readSurroundings(databases.main, siteId),
      knowledge: () => ({
        vocabulary: known.vocabulary,
        profiles: known.profiles,
        findModel: known.findModel,
        isSecret: known.isSecret,
      }),
      checkSetting: known.checkSetting,
      unnumbered: createUnnumberedAdmin({
        store: createKnexUnnumberedStore(databases.main),
        clock,
        siteId: DEFAULT_SITE,
      }),
      password: (actor, of) => admins.extensions.password(actor, of),
    })
  }
  beforeEach(() => {
    admins = createAdmins(fresh().databases)
    whenWriting = () => undefined
    bulk = useCases(`${SERVER_RUNNER}one`)
    number = () => String(counter++)
  })

  /** Everything of the main database but what tells of the import itself. */
  async function everything(): Promise<object> {
    const { main } = fresh().databases
    const rows = async (table: string, left: readonly string[]): Promise<object[]> =>
      ((await main(table)) as Record<string, unknown>[])
        .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !left.includes(name))))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    const times = ['revision', 'updated_at']
    return {
      extensions: await rows('extensions', times),
      devices: await rows('devices', times),
      lines: await rows('lines', []),
      keys: await rows('line_keys', []),
      groups: await rows('device_groups', times),
      members: await rows('extension_groups', []),
      groupKeys: await rows('group_keys', []),
      settings: await rows('setting_values', ['updated_at']),
    }
  }
  const csv = (text: string): Uint8Array => Buffer.from(text)
  const mac = (): string => `001565${(counter++).toString(16).padStart(6, '0')}`

  test('is undone as one change: people, phones, lines, keys and settings are as they were', async () => {
    const [anna, bob, carla, dora] = [number(), number(), number(), number()]
    const [phone, other] = [mac(), mac()]
    await bulk.importCsv(
      'cli:test',
      csv(
        `mac,model,extension,name,key1,jobTitle,voicemailPin\n${phone},yealink/t28p,${anna},Anna,blf:${bob}:Bob,Boss,4711\n${phone},,${bob},Bob,,,\n`,
      ),
    )
    await bulk.importCsv('cli:test', csv(`mac,model,extension,name\n${other},snom/d120,${dora},Dora\n`))
    await admins.devices.remove('cli:test', other)
    const before = await everything()
    const report = await bulk.importCsv(
      'cli:test',
      csv(
        `mac,model,extension,name,key1,jobTitle,voicemailPin\n${phone},yealink/t21p-e2,${carla},Carla,,,\n${phone},,${anna},Anna Berg,dnd,Chief,0815\n${other},snom/d120,${dora},Dora,,,\n`,
      ),
    )
    expect([report.people, report.phones]).toEqual([
      { added: 1, changed: 1, unchanged: 1 },
      { added: 1, changed: 1, unchanged: 0 },
    ])
    expect(await everything()).not.toEqual(before)
    const undone = await bulk.undoImport('cli:test', report.id ?? '')
    expect([undone.state, undone.undoneBy]).toEqual(['undone', 'cli:test'])
    expect(await everything()).toEqual(before)
    await expect(bulk.undoImport('cli:test', report.id ?? '')).rejects.toEqual(refused('IMPORT_STATE'))
  })

  test('is not undone when somebody changed any of it since; each is named and nothing happens', async () => {
    const [anna, bob, carla] = [number(), number(), number()]
    const phone = mac()
    const { id = '' } = await bulk.importCsv(
      'cli:test',
      csv(`mac,model,extension,name\n${phone},yealink/t28p,${anna},Anna\n,,${bob},Bob\n,,${carla},Carla\n`),
    )
    await admins.extensions.update('cli:test', bob, { name: 'Robert' })
    await admins.devices.add('cli:test', { mac: mac(), model: 'test/two-lines', lines: [{ extension: carla }] })
    const { extension } = await admins.extensions.show(anna)
    await admins.settings.set('cli:test', { layer: 'extension', owner: extension.id, key: 'language' }, 'de')
    const before = await everything()
    const failure = await bulk.undoImport('cli:test', id).catch((error: unknown) => error)
    expect(failure).toEqual(refused('IMPORT_NOT_UNDONE'))
    const named = (failure as { details: { problems: { message: string }[] } }).details.problems
    expect(named.map(({ message }) => message)).toEqual([
      `extension ${bob} was changed since`,
      `settings of ${anna} were changed since`,
      expect.stringMatching(new RegExp(`extension ${carla} is on phone`)),
    ])
    expect(await everything()).toEqual(before)
    expect((await bulk.showImport(id)).state).toBe('done')
  })

  test('in the background tells how far it is, and what became of each row once it is done', async () => {
    const [anna, bob] = [number(), number()]
    const { id } = await bulk.openImport('admin:anna', csv(`number,name\n${anna},Anna\n${bob},Bob\n`), {
      fileName: 'a.csv',
    })
    const preview = await bulk.settledImport(id)
    expect([preview.state, preview.summary?.outcomes.new]).toEqual(['preview', 2])
    await expect(admins.extensions.show(anna)).rejects.toEqual(refused('EXTENSION_NOT_FOUND'))
    await bulk.confirmImport('admin:anna', id, preview.token ?? '')
    const done = await bulk.settledImport(id)
    expect([done.state, done.fileName, done.actor]).toEqual(['done', 'a.csv', 'admin:anna'])
    // From the database, as after a restart.
    expect((await useCases(`${SERVER_RUNNER}two`).importReports(id)).rows.map(({ outcome }) => outcome)).toEqual([
      'new',
      'new',
    ])
    expect((await bulk.imports()).map((one) => one.id)).toContain(id)
  })

  test('that is cancelled while it writes leaves nothing behind', async () => {
    const [anna, bob] = [number(), number()]
    const { id } = await bulk.openImport('admin:anna', csv(`number,name\n${anna},Anna\n${bob},Bob\n`), {})
    const { token = '' } = await bulk.settledImport(id)
    const before = await everything()
    whenWriting = () => bulk.cancelImport(id)
    await bulk.confirmImport('admin:anna', id, token)
    const ended = await bulk.settledImport(id)
    expect([ended.state, ended.error]).toEqual(['cancelled', 'cancelled; nothing was changed'])
    expect(await everything()).toEqual(before)
  })

  test('that a server left behind is not done, and says so', async () => {
    const { id = '' } = await bulk.importCsv('cli:test', csv(`number,name\n${number()},Anna\n`))
    await fresh()
      .databases.main('import_jobs')
      .where({ id })
      .update({ state: 'running', runner: `${SERVER_RUNNER}gone` })
    expect((await bulk.showImport(id)).state).toBe('interrupted')
    await expect(bulk.undoImport('cli:test', id)).rejects.toEqual(refused('IMPORT_STATE'))
  })

  test('a confirmed dry run does just that, and is refused once the data is another', async () => {
    const anna = number()
    const file = csv(`number,name\n${anna},Anna\n`)
    const { token } = await bulk.importCsv('cli:test', file, { dryRun: true })
    await admins.extensions.add('cli:test', { number: anna, name: 'By hand' })
    await expect(bulk.importCsv('cli:test', file, { confirm: token })).rejects.toEqual(refused('IMPORT_CHANGED'))
    const again = await bulk.importCsv('cli:test', file, { dryRun: true })
    expect(again.outcomes.changed).toBe(1)
    expect((await bulk.importCsv('cli:test', file, { confirm: again.token })).people.changed).toBe(1)
  })

  test('neither the list of imports nor what is kept for undoing holds a password', async () => {
    const { id = '' } = await bulk.importCsv(
      'cli:test',
      csv(`number,name,password,voicemailPin\n${number()},Anna,Sehr-Geheim-77,998877\n`),
    )
    await bulk.importCsv('cli:test', csv(`number,password\n${counter - 1},Noch-Geheimer-88\n`))
    const { main } = fresh().databases
    const kept = JSON.stringify([await main('import_jobs'), await main('import_parts'), await main('audit_log')])
    expect(kept).toContain(id)
    expect(kept).not.toMatch(/Sehr-Geheim|998877|Noch-Geheimer/)
  })

  test('exporting reads only', async () => {
    await bulk.importCsv('cli:test', csv(`number,name\n${number()},Anna\n`))
    const before = await everything()
    await bulk.exportCsv('cli:test')
    expect(await everything()).toEqual(before)
  })

  test('keeps people without a number apart until one is given, and takes them back when it is undone', async () => {
    const [ada, one] = [`Ada ${counter++}`, number()]
    const file = csv(`entityid|firstname|mobilephonenumber\n1|${ada}|0017\n1|Ida ${ada}|\n`)
    const { id = '' } = await bulk.importCsv('admin:anna', file)
    const waiting = async () => (await bulk.unnumbered.list()).filter(({ displayName }) => displayName.includes(ada))
    expect((await waiting()).map(({ displayName, createdBy }) => [displayName, createdBy])).toEqual([
      [ada, 'admin:anna'],
      [`Ida ${ada}`, 'admin:anna'],
    ])
    expect((await bulk.importCsv('admin:anna', file)).outcomes.same).toBe(2)
    const [first] = await waiting()
    await bulk.giveNumber('admin:anna', first?.id ?? '', one)
    const { extension } = await admins.extensions.show(one)
    expect(extension.displayName).toBe(ada)
    expect(await waiting()).toHaveLength(1)
    await expect(bulk.giveNumber('admin:anna', first?.id ?? '', one)).rejects.toEqual(refused('EXTENSION_NOT_FOUND'))
    const [second] = await waiting()
    await expect(bulk.giveNumber('admin:anna', second?.id ?? '', one)).rejects.toEqual(refused('EXTENSION_EXISTS'))
    await expect(bulk.undoImport('admin:anna', id)).rejects.toEqual(refused('IMPORT_NOT_UNDONE'))
    const numbering = (await bulk.imports()).find(({ fileName }) => fileName === ada)
    await bulk.undoImport('admin:anna', numbering?.id ?? '')
    await expect(admins.extensions.show(one)).rejects.toEqual(refused('EXTENSION_NOT_FOUND'))
    expect(await waiting()).toHaveLength(2)
  })

  test('keeps a crowd without numbers, changes all of it, and puts each back as it was', async () => {
    const crowd = `Crowd ${counter++}`
    const file = (mobile: string): Uint8Array => {
      const rows = Array.from({ length: 130 }, (_, index) => `1|${crowd} ${index}|${mobile}${index}`)
      return csv(`entityid|firstname|mobilephonenumber\n${rows.join('\n')}\n`)
    }
    const waiting = async () => {
      const all = await bulk.unnumbered.list()
      return all
        .filter(({ displayName }) => displayName.startsWith(`${crowd} `))
        .map(({ id, displayName, createdBy, settings }) => ({ id, displayName, createdBy, settings }))
    }
    const added = await bulk.importCsv('admin:anna', file('0017'))
    expect(added.outcomes.new).toBe(130)
    const before = await waiting()
    expect(before).toHaveLength(130)
    const changed = await bulk.importCsv('admin:bert', file('0018'))
    expect(changed.outcomes.changed).toBe(130)
    expect(await waiting()).not.toEqual(before)
    await bulk.undoImport('admin:anna', changed.id ?? '')
    expect(await waiting()).toEqual(before)
    await expect(bulk.undoImport('admin:anna', added.id ?? '')).rejects.toEqual(refused('IMPORT_NOT_UNDONE'))
  })

  test('exports people without a number, who are the same when they come back', async () => {
    const ada = `Ada ${counter++}`
    await bulk.importCsv('admin:anna', csv(`extension,name,jobTitle\nnull,${ada},Cook\n${number()},Anna,\n`))
    for (const scope of ['minimal', 'standard', 'full', 'all'] as const) {
      const file = await bulk.exportCsv('admin:anna', { scope })
      expect(file).toContain(ada)
      const { outcomes } = await bulk.importCsv('admin:anna', csv(file), { dryRun: true })
      expect(outcomes).toMatchObject({ new: 0, changed: 0, error: 0, duplicate: 0 })
    }
    expect(await bulk.exportCsv('admin:anna', { q: ada })).toMatch(new RegExp(`null,${ada},.*Cook`))
    expect(await bulk.exportCsv('admin:anna', { from: '0', to: '9999999' })).not.toContain(ada)
  })

  test('remembers what was said of values for the next one', async () => {
    const text = `entityid|firstname|phonenumber|context|protocol\n1|Ada|${number()}|default|sip\n2|Bob|${number()}|default|sip\n`
    await expect(bulk.importCsv('admin:anna', csv(text))).rejects.toEqual(refused('CSV_INVALID'))
    const told = { values: { entityid: { '1': 'here', '2': 'leave' } } }
    expect((await bulk.importCsv('admin:anna', csv(text), told)).outcomes).toMatchObject({ new: 1, left: 1 })
    const { questions, outcomes } = await bulk.importCsv('admin:anna', csv(text))
    expect(outcomes).toMatchObject({ same: 1, left: 1 })
    expect(questions.map(({ value, answer, by }) => [value, answer, by])).toEqual([
      ['1', 'here', 'remembered'],
      ['2', 'leave', 'remembered'],
      ['default', 'keep', 'remembered'],
    ])
  })

  const groupAdmin = (): GroupAdmin =>
    createGroupAdmin({
      ...{ store: createKnexGroupStore(fresh().databases.main), clock: admins.clock, random: seededRandom(counter++) },
      siteId: DEFAULT_SITE,
    })

  test('writes groups, their keys and who is in them, exports them without a difference, and takes all of it back', async () => {
    const [anna, bob] = [number(), number()]
    const [old, fresh_] = [`Old ${counter++}`, `New, ${counter++}`]
    const groups = groupAdmin()
    await groups.add('admin:anna', old)
    await groups.setKeys('admin:anna', old, [
      { position: 1, kind: 'dnd' },
      { position: 2, kind: 'blf', value: '1', line: 2 },
    ])
    await admins.extensions.add('admin:anna', { number: bob, name: 'Bob' })
    await admins.extensions.setGroups('admin:anna', bob, [old])
    const before = await everything()
    const escaped = fresh_.replace(',', '\\,')
    const file = csv(
      `extension,name,groups,keysOfGroup,key1,key2\n${anna},Anna,"${escaped}, ${old.toUpperCase()}",,,\n${bob},Bob,null,,,\n,,,"${fresh_}",blf:${bob}:Bob,\n,,,${old},speed-dial:030,\n`,
    )
    const { id = '', outcomes, groups: counts, reports } = await bulk.importCsv('admin:anna', file)
    expect([outcomes.new, outcomes.changed, counts]).toEqual([2, 2, { added: 1, changed: 1, unchanged: 0 }])
    expect(reports.map(({ changes }) => changes).filter((all) => all.length > 0)).toEqual([
      [{ field: 'groups', before: old }],
      [{ field: 'keys', before: '1=dnd, 2=blf@2:1', after: '1=speed-dial:030, 2=blf@2:1' }],
    ])
    const isIn = async (of: string): Promise<readonly string[]> => {
      const all = await groups.list()
      return ((await admins.extensions.show(of)).extension.groups ?? []).map(
        (group) => all.find((one) => one.id === group)?.name ?? '',
      )
    }
    expect([await isIn(anna), await isIn(bob)]).toEqual([[fresh_, old], []])
    expect((await groups.keys(fresh_)).keys).toEqual([expect.objectContaining({ kind: 'blf', value: bob })])
    const exported = await bulk.exportCsv('admin:anna')
    const again = await bulk.importCsv('admin:anna', csv(exported), { dryRun: true })
    expect(again.outcomes).toMatchObject({ new: 0, changed: 0, error: 0, duplicate: 0 })
    await bulk.undoImport('admin:anna', id)
    expect(await everything()).toEqual(before)
  })

  test('writes groups, keys and settings of phones, lines and groups, exports them without a difference, and takes all of it back', async () => {
    const [anna, bob] = [number(), number()]
    const [phone, other] = [mac(), mac()]
    const [old, fresh_] = [`Old ${counter++}`, `New ${counter++}`]
    await bulk.importCsv(
      'admin:anna',
      csv(
        `mac,model,extension,name,phoneGroup,phoneKey.linekey@2,phone.language,line.transport,keysOfGroup,group.timezone\n${phone},yealink/t21p-e2,${anna},Anna,${old},dnd,de,tcp,,\n,,,,,,,,${old},Europe/Berlin\n`,
      ),
    )
    const before = await everything()
    const file = csv(
      `mac,model,extension,name,phoneGroup,phoneState,lineLabel,phoneKey.linekey@1,phoneKey.linekey@2,phone.language,line.transport,keysOfGroup,group.timezone\n${phone},,${anna},Anna,${fresh_},blocked,Front,blf:${bob},,en,udp,,\n${other},yealink/t21p-e2,${bob},Bob,${old},,,,dnd,de,tcp,,\n,,,,,,,,,,,${old},Europe/Rome\n,,,,,,,,,,,${fresh_},Europe/Paris\n`,
    )
    const { id = '', outcomes, groups, token } = await bulk.importCsv('admin:anna', file)
    expect([outcomes.new, outcomes.changed, groups]).toEqual([2, 2, { added: 1, changed: 1, unchanged: 0 }])
    const again = await bulk.importCsv('admin:anna', file, { dryRun: true })
    expect(again.outcomes).toMatchObject({ new: 0, changed: 0, error: 0, same: 4 })
    expect(again.token).not.toBe(token)
    const exported = csv(await bulk.exportCsv('admin:anna'))
    const back = await bulk.importCsv('admin:anna', exported, { dryRun: true })
    expect(back.outcomes).toMatchObject({ new: 0, changed: 0, error: 0, duplicate: 0 })
    // What hangs on the phone is part of what a preview looked at.
    const { main } = fresh().databases
    const [line] = (await main('lines')
      .join('devices', 'devices.id', 'device_id')
      .where({ mac: phone })
      .pluck('lines.id')) as string[]
    await main('layer_revisions').where({ layer: 'line', owner: line }).increment('revision', 1)
    expect((await bulk.importCsv('admin:anna', file, { dryRun: true })).token).not.toBe(again.token)
    await expect(bulk.undoImport('admin:anna', id)).rejects.toEqual(refused('IMPORT_NOT_UNDONE'))
    await main('layer_revisions').where({ layer: 'line', owner: line }).increment('revision', -1)
    await bulk.undoImport('admin:anna', id)
    expect(await everything()).toEqual(before)
  })

  test('gives the number typed into an exported row to the person who had none, and takes it back', async () => {
    const [one, two] = [number(), `Wanda ${counter++}`]
    await bulk.importCsv('admin:anna', csv(`extension,name,email,jobTitle\nnull,${two},w@example.com,Cook\n`))
    const [person] = (await bulk.unnumbered.list()).filter(({ displayName }) => displayName === two)
    const file = (await bulk.exportCsv('admin:anna', { q: two })).replace(/null(?=,Wanda)/, one)
    const { id = '', outcomes } = await bulk.importCsv('admin:anna', csv(file))
    expect(outcomes).toMatchObject({ new: 1, same: 0 })
    expect((await bulk.unnumbered.list()).map(({ displayName }) => displayName)).not.toContain(two)
    expect((await admins.extensions.show(one)).extension).toMatchObject({ displayName: two, email: 'w@example.com' })
    await bulk.undoImport('admin:anna', id)
    const [again] = (await bulk.unnumbered.list()).filter(({ displayName }) => displayName === two)
    expect(again).toEqual({ ...person, revision: expect.any(Number) as unknown })
    await expect(admins.extensions.show(one)).rejects.toEqual(refused('EXTENSION_NOT_FOUND'))
  })

  test('is not undone while somebody else uses what it made, or a group of before is gone', async () => {
    const [anna, bob] = [number(), number()]
    const [one, two] = [`One ${counter++}`, `Two ${counter++}`]
    const groups = groupAdmin()
    await groups.add('admin:anna', one)
    await admins.extensions.add('admin:anna', { number: anna, name: 'Anna' })
    await admins.extensions.setGroups('admin:anna', anna, [one])
    await admins.extensions.add('admin:anna', { number: bob, name: 'Bob' })
    const { id = '' } = await bulk.importCsv('admin:anna', csv(`extension,groups\n${anna},${two}\n`))
    await admins.extensions.setGroups('admin:anna', bob, [two])
    const told = async (): Promise<string> =>
      String(await bulk.undoImport('admin:anna', id).catch((error: unknown) => error))
    expect(await told()).toContain(`is in the group ${two} since`)
    expect((await admins.extensions.show(anna)).extension.groups).toHaveLength(1)
    await admins.extensions.setGroups('admin:anna', bob, [])
    await groups.remove('admin:anna', one)
    expect(await told()).toContain(`a group that extension ${anna} was in was removed since`)
    expect((await bulk.showImport(id)).state).toBe('done')
  })

  test('asks for a new look when a group of the file was changed or made since', async () => {
    const anna = number()
    const name = `Group ${counter++}`
    const file = csv(`extension,name,groups,keysOfGroup,key1\n${anna},Anna,${name},,\n,,,${name},dnd\n`)
    const { token } = await bulk.importCsv('admin:anna', file, { dryRun: true })
    expect((await bulk.importCsv('admin:anna', file, { dryRun: true })).token).toBe(token)
    const { id } = await bulk.openImport('admin:anna', file, {})
    const preview = await bulk.settledImport(id)
    await groupAdmin().add('admin:anna', name)
    await expect(bulk.importCsv('admin:anna', file, { confirm: token })).rejects.toEqual(refused('IMPORT_CHANGED'))
    const failure = bulk.confirmImport('admin:anna', id, preview.token ?? '')
    await expect(failure).rejects.toThrow(`group ${name}`)
    expect((await bulk.settledImport(id)).summary?.outcomes).toMatchObject({ new: 1, changed: 1 })
  })

  test('lets people join the group that a column names, and leave it when it is undone', async () => {
    const [one, two] = [number(), number()]
    const name = `Group ${counter++}`
    const groups = groupAdmin()
    const group = await groups.add('admin:anna', name)
    await admins.extensions.add('admin:anna', { number: two, name: 'Bob' })
    const options = { choices: { Department: 'group' } }
    const file = csv(`number,name,Department\n${one},Anna,${name.toUpperCase()}\n${two},Bob,${name}\n`)
    const { id = '', outcomes } = await bulk.importCsv('admin:anna', file, options)
    expect(outcomes).toMatchObject({ new: 1, changed: 1 })
    const groupsOf = async (of: string) => (await admins.extensions.show(of)).extension.groups ?? []
    expect([await groupsOf(one), await groupsOf(two)]).toEqual([[group.id], [group.id]])
    expect((await bulk.importCsv('admin:anna', file, options)).outcomes.same).toBe(2)
    await bulk.undoImport('admin:anna', id)
    expect(await groupsOf(two)).toEqual([])
  })
})
