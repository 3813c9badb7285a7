import type { Change } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId, type Random } from '../domain/random.js'
import { refuseStale, type Seen } from '../domain/revision.js'
import { requireLabel, type Acting } from './account.js'
import { ALL_SITES, isRoleName, may, mayAll, type CustomRole, type Permission } from './permissions.js'
import type { AccountReads, AccountStore } from './store.js'

/** Roles made of single permissions. Nobody can put a permission into a role that he does not have himself. */
export interface RoleAdmin {
  /** Those of all sites, and of the sites where `by` may see accounts. */
  list(by: Acting): Promise<CustomRole[]>
  /** Throws ROLE_NOT_FOUND. */
  show(by: Acting, id: string): Promise<CustomRole>
  /** Throws ROLE_EXISTS, NAME_INVALID, FORBIDDEN. */
  add(by: Acting, input: { name: string; siteId: Id; permissions: readonly Permission[] }): Promise<CustomRole>
  /** Throws ROLE_NOT_FOUND, FORBIDDEN, REVISION_CONFLICT. */
  update(
    by: Acting,
    id: string,
    change: { permissions: readonly Permission[]; seen?: Seen | undefined },
  ): Promise<CustomRole>
  /** Throws ROLE_IN_USE as well. */
  remove(by: Acting, id: string, seen?: Seen): Promise<void>
}

export function createRoleAdmin({
  store,
  clock,
  random,
}: {
  store: AccountStore
  clock: Clock
  random: Random
}): RoleAdmin {
  const changeOf = ({ actor }: Acting, action: string, role: CustomRole): Change => ({
    author: { actor, at: clock.now() },
    action: `role.${action}`,
    entity: 'role',
    entityId: role.id,
    ...(role.siteId === ALL_SITES ? {} : { siteId: role.siteId }),
    feed: [],
  })
  const words = ({ name, permissions }: CustomRole): object => ({ name, permissions })
  const find = async (by: Acting, reads: AccountReads, id: string): Promise<CustomRole> => {
    const role = (await reads.roles()).find((one) => one.id === id)
    if (role && isVisible(by, role)) return role
    throw new AppError('ROLE_NOT_FOUND', 'there is no such role', { field: 'role' })
  }
  return {
    list: async (by) => (await store.roles()).filter((role) => isVisible(by, role)),
    show: (by, id) => find(by, store, id),
    add: async (by, { name, siteId, permissions }) => {
      const role = {
        id: newId(random, clock.now()),
        siteId,
        name: requireLabel(name, 'name'),
        permissions,
        revision: 1,
      }
      if (isRoleName(role.name)) throw roleExists(role.name)
      requireHolds(by, role)
      await store.change((writes) => writes.insertRole(role, { ...changeOf(by, 'add', role), after: words(role) }))
      return role
    },
    update: (by, id, { permissions, seen }) =>
      store.change(async (writes) => {
        const before = await find(by, writes, id)
        refuseStale(before, seen)
        requireHolds(by, before)
        const after = { ...before, permissions }
        requireHolds(by, after)
        await writes.replaceRole(after, {
          ...changeOf(by, 'update', before),
          before: words(before),
          after: words(after),
        })
        return { ...after, revision: before.revision + 1 }
      }),
    remove: (by, id, seen) =>
      store.change(async (writes) => {
        const role = await find(by, writes, id)
        refuseStale(role, seen)
        requireHolds(by, role)
        const holder = (await writes.users()).find(({ grants }) => grants.some((grant) => grant.role === role.name))
        if (holder) throw new AppError('ROLE_IN_USE', `${holder.name} has this role`, { field: 'role' })
        await writes.removeRole(role, { ...changeOf(by, 'remove', role), before: words(role) })
      }),
  }
}

export function roleExists(name: string): AppError {
  return new AppError('ROLE_EXISTS', `there is a role "${name}" already`, { field: 'name' })
}

function isVisible({ rights }: Acting, { siteId }: CustomRole): boolean {
  if (siteId !== ALL_SITES) return may(rights, 'accounts.read', siteId)
  return [...rights.keys()].some((own) => may(rights, 'accounts.read', own))
}

function requireHolds({ rights }: Acting, { siteId, permissions }: CustomRole): void {
  if (may(rights, 'accounts.write', siteId) && mayAll(rights, permissions, siteId)) return
  throw new AppError('FORBIDDEN', 'this goes beyond your own rights', { field: 'permissions' })
}
