import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Acting, AdminUser } from './account.js'
import {
  ALL_SITES,
  isRoleName,
  may,
  mayAll,
  permissionsOf,
  type CustomRole,
  type Grant,
  type Permission,
} from './permissions.js'
import type { AccountReads } from './store.js'

/** True when `by` has the permission in a site where the user has a role. */
export function visibleIn({ rights }: Acting, user: AdminUser, permission: Permission): boolean {
  if (may(rights, permission, ALL_SITES)) return true
  return user.grants.some(({ siteId }) => siteId !== ALL_SITES && may(rights, permission, siteId))
}

/** Refuses with FORBIDDEN to touch somebody who may more than oneself, or has roles where one has none. */
export function requireManages(by: Acting, user: AdminUser, custom: readonly CustomRole[]): void {
  const everywhere = may(by.rights, 'accounts.write', ALL_SITES)
  if (user.grants.length === 0 && !everywhere) throw beyond()
  for (const grant of user.grants) requireMayGive(by, grant, custom)
}

/** Refuses roles that do not exist (ROLE_NOT_FOUND) and those that go beyond one's own rights (FORBIDDEN). */
export function requireGrants(by: Acting, grants: readonly Grant[], custom: readonly CustomRole[]): void {
  if (grants.length === 0 && !may(by.rights, 'accounts.write', ALL_SITES)) throw beyond()
  for (const grant of grants) {
    const known = isRoleName(grant.role) || custom.some((one) => fits(one, grant))
    if (!known) throw new AppError('ROLE_NOT_FOUND', `there is no role "${grant.role.slice(0, 40)}"`, { field: 'role' })
    requireMayGive(by, grant, custom)
  }
}

function fits({ name, siteId }: CustomRole, grant: Grant): boolean {
  return name === grant.role && (siteId === grant.siteId || siteId === ALL_SITES)
}

function requireMayGive({ rights }: Acting, grant: Grant, custom: readonly CustomRole[]): void {
  const { siteId } = grant
  if (!may(rights, 'accounts.write', siteId) || !mayAll(rights, permissionsOf(grant, custom), siteId)) throw beyond()
}

function beyond(): AppError {
  return new AppError('FORBIDDEN', 'this goes beyond your own rights', { field: 'role' })
}

function isOwner({ enabled, grants }: AdminUser): boolean {
  return enabled && grants.some(({ siteId, role }) => siteId === ALL_SITES && role === 'owner')
}

/** Refuses with LAST_OWNER when nobody would be left who may do everything, or no admin of a site of its own. `after` absent: the user is removed. */
export async function requireKeepsAnOwner(
  reads: AccountReads,
  before: AdminUser,
  after: AdminUser | undefined,
): Promise<void> {
  const others = (await reads.users()).filter((user) => user.id !== before.id)
  if (isOwner(before) && !(after && isOwner(after)) && !others.some(isOwner)) {
    throw new AppError('LAST_OWNER', `${before.name} is the last owner`, {
      field: 'role',
      hint: 'Make somebody else an owner first',
    })
  }
  for (const { siteId } of before.grants) {
    const isLast = isAdminOf(before, siteId) && !(after && isAdminOf(after, siteId))
    if (siteId === ALL_SITES || !isLast || others.some((user) => isAdminOf(user, siteId))) continue
    throw new AppError('LAST_OWNER', `${before.name} is the last admin of a site`, {
      field: 'role',
      hint: 'Make somebody else an admin of this site first',
    })
  }
}

/** An admin of this very site; whoever may everything in all sites is none of its own. */
function isAdminOf({ enabled, grants }: AdminUser, siteId: Id): boolean {
  return enabled && grants.some((grant) => grant.siteId === siteId && ['owner', 'admin'].includes(grant.role))
}
