import { z } from 'zod'
import { PERMISSIONS, ROLES } from '../../accounts/permissions.js'
import { route } from '../route.js'
import { permission, role } from './account-schemas.js'
import { text } from './schemas.js'
import { roleView, siteNamesOf } from './views.js'

const TAG = 'Admins'
const params = { id: text }

export const roleRoutes = [
  route({
    id: 'listPermissions',
    method: 'get',
    path: '/permissions',
    tag: TAG,
    summary: 'Every permission, and the roles that are always there',
    access: 'self',
    answer: z.object({
      permissions: z.array(z.object({ name: permission, meaning: z.string() })),
      roles: z.array(z.object({ name: z.string(), permissions: z.array(permission) })),
    }),
    handle: () => ({
      body: {
        permissions: Object.entries(PERMISSIONS).map(([name, meaning]) => ({ name, meaning })),
        roles: Object.entries(ROLES).map(([name, permissions]) => ({ name, permissions })),
      },
    }),
  }),
  route({
    id: 'listRoles',
    method: 'get',
    path: '/roles',
    tag: TAG,
    summary: 'Roles of your own making',
    access: 'accounts.read',
    answer: z.object({ items: z.array(role) }),
    handle: async (call) => {
      const sites = await siteNamesOf(call)
      return { body: { items: (await call.parts.roles.list(call.by)).map((one) => roleView(one, sites)) } }
    },
  }),
  route({
    id: 'addRole',
    method: 'post',
    path: '/roles',
    tag: TAG,
    summary: 'A role made of single permissions, for one site or for all',
    access: 'accounts.write',
    body: z.strictObject({ name: text, site: text.optional(), permissions: z.array(permission) }),
    status: 201,
    answer: role,
    handle: async (call) => {
      const sites = await siteNamesOf(call)
      const { name, site, permissions } = call.body
      const made = await call.parts.roles.add(call.by, { name, siteId: sites.id(site), permissions })
      return { body: roleView(made, sites), entity: made, location: `/roles/${made.id}` }
    },
  }),
  route({
    id: 'showRole',
    method: 'get',
    path: '/roles/{id}',
    tag: TAG,
    summary: 'A role of your own making',
    access: 'accounts.read',
    params,
    answer: role,
    handle: async (call) => {
      const found = await call.parts.roles.show(call.by, call.params.id)
      return { body: roleView(found, await siteNamesOf(call)), entity: found }
    },
  }),
  route({
    id: 'updateRole',
    method: 'put',
    path: '/roles/{id}',
    tag: TAG,
    summary: 'Replace the permissions of a role',
    access: 'accounts.write',
    params,
    body: z.strictObject({ permissions: z.array(permission) }),
    conditional: true,
    answer: role,
    handle: async (call) => {
      const { permissions } = call.body
      const changed = await call.parts.roles.update(call.by, call.params.id, { permissions, seen: call.seen })
      return { body: roleView(changed, await siteNamesOf(call)), entity: changed }
    },
  }),
  route({
    id: 'removeRole',
    method: 'delete',
    path: '/roles/{id}',
    tag: TAG,
    summary: 'Remove a role that nobody has',
    access: 'accounts.write',
    params,
    conditional: true,
    handle: async ({ parts, by, params: { id }, seen }) => {
      await parts.roles.remove(by, id, seen)
      return {}
    },
  }),
]
