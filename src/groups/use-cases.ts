import { layerTopic, type Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id, LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import { requireKeys, type KeyInput } from '../extensions/keys.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { requireName } from '../extensions/rules.js'

/** People and phones that share settings: the layer between model and extension. */
export interface DeviceGroup {
  id: Id
  siteId: Id
  name: string
  revision: number
}

/** A group with the number of its members. */
export interface DeviceGroupView extends DeviceGroup {
  devices: number
  /** How many people are in it. */
  people: number
}

/** A group with the keys that each of its phones gets, by position. */
export interface DeviceGroupKeys extends DeviceGroup {
  keys: readonly LineKey[]
}

/** Each call may throw DATABASE_UNUSABLE; writes leave their audit row and change feed in the same transaction. */
export interface GroupStore {
  list(siteId: Id): Promise<DeviceGroupView[]>
  keys(groupId: Id): Promise<LineKey[]>
  /** Replaces its keys. Throws REVISION_CONFLICT. */
  setKeys(group: DeviceGroupKeys, change: Change): Promise<void>
  /** Throws GROUP_EXISTS. */
  insert(group: DeviceGroup, change: Change): Promise<void>
  /** Stores the new name. Throws GROUP_EXISTS, REVISION_CONFLICT. */
  rename(group: DeviceGroup, change: Change): Promise<void>
  /** Deletes the group with its settings. Throws GROUP_IN_USE when a phone or person is in it. */
  remove(group: DeviceGroup, change: Change): Promise<void>
}

/** What an operator may do with groups; `name` is compared without case. */
export interface GroupAdmin {
  /** Throws GROUP_EXISTS, NAME_INVALID. */
  add(actor: string, name: string): Promise<DeviceGroup>
  list(): Promise<DeviceGroupView[]>
  /** Throws GROUP_NOT_FOUND. */
  find(name: string): Promise<DeviceGroupView>
  /** Throws GROUP_NOT_FOUND, GROUP_EXISTS, NAME_INVALID. */
  rename(actor: string, name: string, newName: string): Promise<DeviceGroupView>
  /** Throws GROUP_NOT_FOUND. */
  keys(name: string): Promise<DeviceGroupKeys>
  /** Replaces the keys that each phone of the group gets. Throws GROUP_NOT_FOUND, KEY_INVALID, KEY_REPEATED. */
  setKeys(actor: string, name: string, keys: readonly KeyInput[]): Promise<DeviceGroupKeys>
  /** Throws GROUP_NOT_FOUND, GROUP_IN_USE. */
  remove(actor: string, name: string): Promise<void>
}

export interface GroupAdminParts {
  store: GroupStore
  clock: Clock
  random: Random
  siteId: Id
  /** What the caller has seen: changes to anything else are refused with REVISION_CONFLICT. */
  seen?: Seen | undefined
}

export function createGroupAdmin({ store, clock, random, siteId, seen }: GroupAdminParts): GroupAdmin {
  const changeOf = (actor: string, action: string, group: DeviceGroup): Change => ({
    author: { actor, at: clock.now() },
    action: `group.${action}`,
    entity: 'group',
    entityId: group.id,
    siteId: group.siteId,
    ...(action === 'add' ? { after: { name: group.name } } : { before: { name: group.name } }),
    feed: [],
  })
  const lookUp = async (name: string): Promise<DeviceGroupView | undefined> => {
    const wanted = name.trim().toLowerCase()
    return (await store.list(siteId)).find((group) => group.name.toLowerCase() === wanted)
  }
  const find = async (name: string): Promise<DeviceGroupView> => {
    const found = await lookUp(name)
    if (found) return found
    throw new AppError('GROUP_NOT_FOUND', `there is no group "${name.slice(0, 40)}"`, {
      field: 'group',
      hint: 'group list shows all; group add makes one',
    })
  }
  return {
    add: async (actor, given) => {
      const name = requireName(given)
      if (await lookUp(name)) throw groupExists(name)
      const group = { id: newId(random, clock.now()), siteId, name, revision: 1 }
      await store.insert(group, changeOf(actor, 'add', group))
      return group
    },
    list: () => store.list(siteId),
    find,
    rename: async (actor, name, given) => {
      const group = await find(name)
      refuseStale(group, seen)
      const after = { ...group, name: requireName(given) }
      const other = await lookUp(after.name)
      if (other && other.id !== group.id) throw groupExists(after.name)
      await store.rename(after, {
        ...changeOf(actor, 'rename', after),
        before: { name: group.name },
        after: { name: after.name },
      })
      return { ...after, revision: group.revision + 1 }
    },
    keys: async (name) => {
      const { id, siteId: site, name: stored, revision } = await find(name)
      return { id, siteId: site, name: stored, revision, keys: await store.keys(id) }
    },
    setKeys: async (actor, name, inputs) => {
      const group = await find(name)
      refuseStale(group, seen)
      const before = await store.keys(group.id)
      const keys = requireKeys(inputs, { kind: 'group', id: group.id }, () => newId(random, clock.now()))
      const { id, siteId: site, name: stored, revision } = group
      await store.setKeys(
        { id, siteId: site, name: stored, revision, keys },
        {
          ...changeOf(actor, 'set-keys', group),
          before: { name: stored, keys: before.map(describeKey) },
          after: { name: stored, keys: keys.map(describeKey) },
          feed: [layerTopic('group', id)],
        },
      )
      return { id, siteId: site, name: stored, revision: revision + 1, keys }
    },
    remove: async (actor, name) => {
      const group = await find(name)
      refuseStale(group, seen)
      await store.remove(group, changeOf(actor, 'remove', group))
    },
  }
}

function describeKey({ position, kind, value, label, line }: LineKey): object {
  return { position, kind, value, label, line }
}

export function groupExists(name: string): AppError {
  return new AppError('GROUP_EXISTS', `there is a group "${name}" already`, { field: 'name' })
}
