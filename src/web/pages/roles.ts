import { PERMISSION_NAMES } from '../../accounts/permissions.js'
import type { AppError } from '../../domain/errors.js'
import { ask, done, given, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { rightText } from '../program-texts.js'
import { adminPage } from './admin-menu.js'

interface Role {
  id: string
  name: string
  site?: string
  permissions: string[]
  revision: number
}

const pathOf = (id: string): string => `/roles/${encodeURIComponent(id)}`
const idOf = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })

async function list(call: PageCall): Promise<PageAnswer> {
  const { items } = await ask<{ items: Role[] }>(call, 'listRoles')
  const { roles } = await ask<{ roles: { name: string; permissions: string[] }[] }>(call, 'listPermissions')
  return adminPage(call, 'roles', {
    view: 'roles',
    title: call.words.t('roles.title'),
    data: {
      own: items.map((one) => ({ ...one, site: one.site ?? '', path: pathOf(one.id), count: one.permissions.length })),
      fixed: roles.map(({ name, permissions }) => ({
        name: call.words.find(`role.${name}`) ?? name,
        about: call.words.find(`role.${name}.about`) ?? '',
        count: permissions.length,
      })),
    },
  })
}

/** Every permission with what it means, ticked or not, by the thing it is about. */
async function checklist(call: PageCall, ticked: ReadonlySet<string>): Promise<object[]> {
  const { permissions } = await ask<{ permissions: { name: string; meaning: string }[] }>(call, 'listPermissions')
  const about = new Map<string, object[]>()
  for (const { name, meaning } of permissions) {
    const [thing = ''] = name.split('.')
    const rows = about.get(thing) ?? []
    rows.push({ name, meaning: rightText(call.words, name, meaning), checked: ticked.has(name) })
    about.set(thing, rows)
  }
  return [...about.values()].map((rows, index) => ({ rows, index }))
}

const tickedIn = ({ form }: PageCall): string[] => PERMISSION_NAMES.filter((name) => form[`may.${name}`] === 'on')

async function addForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items: sites } = await ask<{ items: { slug: string; name: string }[] }>(call, 'listSites')
  return adminPage(call, 'roles', {
    view: 'role',
    title: call.words.t('roles.add'),
    ...(refused ? { status: 422 } : {}),
    data: {
      isNew: true,
      postTo: '/roles/new',
      role: { id: '', revision: 0 },
      values: { name: call.form.name ?? '' },
      sites: sites.map((one) => ({ ...one, chosen: one.slug === call.form.site })),
      groups: await checklist(call, new Set(tickedIn(call))),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

async function editForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const role = await ask<Role>(call, 'showRole', { params: idOf(call) })
  const isConflict = refused?.code === 'REVISION_CONFLICT'
  return adminPage(call, 'roles', {
    view: 'role',
    title: role.name,
    ...(refused ? { status: isConflict ? 412 : 422 } : {}),
    data: {
      isNew: false,
      postTo: pathOf(role.id),
      role,
      values: { name: role.name },
      sites: [],
      groups: await checklist(call, new Set(refused ? tickedIn(call) : role.permissions)),
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: isConflict ? role.permissions.join(', ') : undefined,
    },
  })
}

export const rolePages = [
  page({ id: 'roles', method: 'get', path: '/roles', of: 'listRoles', run: list }),
  page({ id: 'addRoleForm', method: 'get', path: '/roles/new', of: 'addRole', run: (call) => addForm(call) }),
  page({
    id: 'addRole',
    method: 'post',
    path: '/roles/new',
    of: 'addRole',
    run: async (call) => {
      const { name = '', site } = call.form
      await ask(call, 'addRole', { body: { name, ...given({ site }), permissions: tickedIn(call) } })
      return { to: done('/roles', 'added') }
    },
    refused: addForm,
  }),
  page({ id: 'role', method: 'get', path: '/roles/{id}', of: 'showRole', run: (call) => editForm(call) }),
  page({
    id: 'saveRole',
    method: 'post',
    path: '/roles/{id}',
    of: 'updateRole',
    run: async (call) => {
      await ask(call, 'updateRole', { params: idOf(call), body: { permissions: tickedIn(call) } })
      return { to: done('/roles', 'saved') }
    },
    refused: editForm,
  }),
  page({
    id: 'removeRole',
    method: 'post',
    path: '/roles/{id}/remove',
    of: 'removeRole',
    run: async (call) => {
      await ask(call, 'removeRole', { params: idOf(call) })
      return { to: done('/roles', 'removed') }
    },
    refused: editForm,
  }),
]
