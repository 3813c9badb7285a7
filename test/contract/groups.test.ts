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
