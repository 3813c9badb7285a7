import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import { createKnexGroupStore } from '../../src/groups/edge/knex-store.js'
import { createGroupAdmin, type GroupAdmin } from '../../src/groups/use-cases.js'
import { createKnexSiteStore } from '../../src/sites/edge/knex-store.js'
import { createAdmins } from '../support/admins.js'
import { describeOverDatabases, type FreshDatabase } from '../support/databases.js'

describeOverDatabases('groups', (fresh) => {
  async function groupsOf({ databases }: FreshDatabase): Promise<GroupAdmin> {
    const { id: siteId } = await createKnexSiteStore(databases.main).defaultSite()
    const store = createKnexGroupStore(databases.main)
    return createGroupAdmin({ store, clock: systemClock, random: systemRandom, siteId })
  }

  test('a group is found without case, once', async () => {
    const groups = await groupsOf(fresh())
    await groups.add('cli:test', ' Warehouse ')
    await expect(groups.add('cli:test', 'warehouse')).rejects.toMatchObject({ code: 'GROUP_EXISTS' })
    expect(await groups.find('WAREHOUSE')).toMatchObject({ name: 'Warehouse', devices: 0 })
    await expect(groups.find('office')).rejects.toMatchObject({ code: 'GROUP_NOT_FOUND' })
  })

  test('keys are kept in order, replaced whole, and the group grows by it', async () => {
    const groups = await groupsOf(fresh())
    await groups.add('cli:test', 'Keys')
    const set = await groups.setKeys('cli:test', 'keys', [
      { position: 2, kind: 'park', value: '700', label: 'Park' },
      { position: 1, kind: 'blf', value: '199', line: 2 },
    ])
    expect(set).toMatchObject({ revision: 2 })
    expect((await groups.keys('KEYS')).keys).toMatchObject([
      { position: 1, kind: 'blf', value: '199', line: 2, owner: { kind: 'group', id: set.id } },
      { position: 2, kind: 'park', value: '700', label: 'Park' },
    ])
    const twice = [1, 2].map((position) => ({ position, kind: 'dnd' as const }))
    await expect(groups.setKeys('cli:test', 'keys', twice)).rejects.toMatchObject({ code: 'KEY_REPEATED' })
    await groups.setKeys('cli:test', 'keys', [])
    expect(await groups.keys('keys')).toMatchObject({ revision: 3, keys: [] })
  })

  test('a group whose keys were changed meanwhile is not overwritten', async () => {
    const groups = await groupsOf(fresh())
    const { id } = await groups.add('cli:test', 'Conflict')
    const { id: siteId } = await createKnexSiteStore(fresh().databases.main).defaultSite()
    const store = createKnexGroupStore(fresh().databases.main)
    const parts = { store, clock: systemClock, random: systemRandom, siteId }
    const seen = createGroupAdmin({ ...parts, seen: { id, revision: 1 } })
    await seen.setKeys('cli:test', 'Conflict', [{ position: 1, kind: 'dnd' }])
    await expect(seen.setKeys('cli:test', 'Conflict', [])).rejects.toMatchObject({ code: 'REVISION_CONFLICT' })
    expect((await groups.keys('Conflict')).keys).toHaveLength(1)
    const change = { author: { actor: 'x', at: 1 }, action: 'x', entity: 'group', entityId: id, feed: [] } as const
    const stale = { id, siteId, name: 'Conflict', revision: 1, keys: [] }
    await expect(store.setKeys(stale, change)).rejects.toMatchObject({ code: 'REVISION_CONFLICT' })
  })

  test('who is on a group’s key is named, and taken off it by force', async () => {
    const groups = await groupsOf(fresh())
    const { extensions } = createAdmins(fresh().databases)
    await extensions.add('cli:test', { number: '7771', name: 'Door' })
    const { id } = await groups.add('cli:test', 'Doors')
    await groups.setKeys('cli:test', 'Doors', [{ position: 1, kind: 'blf', value: '7771' }])
    const { uses } = await extensions.show('7771')
    expect(uses.keys).toEqual([{ ownerKind: 'group', ownerId: id, position: 1 }])
    await expect(extensions.remove('cli:test', '7771')).rejects.toMatchObject({ code: 'EXTENSION_IN_USE' })
    await extensions.remove('cli:test', '7771', { force: true })
    expect(await groups.keys('Doors')).toMatchObject({ revision: 3, keys: [] })
  })

  test('a group with phones stays; without, it goes with its settings', async () => {
    const groups = await groupsOf(fresh())
    const { devices, settings } = createAdmins(fresh().databases)
    const { id } = await groups.add('cli:test', 'Hall')
    await settings.set('cli:test', { layer: 'group', owner: id, key: 'language' }, 'de')
    const { mac } = await devices.add('cli:test', { mac: '001565a0b0c0', model: 'test/two-lines' })
    expect((await devices.update('cli:test', mac, { groupId: id })).groupId).toBe(id)
    expect((await groups.list()).find(({ name }) => name === 'Hall')?.devices).toBe(1)
    await expect(groups.remove('cli:test', 'Hall')).rejects.toMatchObject({ code: 'GROUP_IN_USE' })
    expect((await devices.update('cli:test', mac, { groupId: '' })).groupId).toBeUndefined()
    await groups.remove('cli:test', 'Hall')
    expect(await settings.list('group', id)).toEqual([])
  })
})
