import { ROLE_NAMES } from '../../accounts/permissions.js'
import type { ProposedAccount } from '../../admin/proposed-accounts.js'
import { AppError } from '../../domain/errors.js'
import { ask, done, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { adminHome, adminPage } from './admin-menu.js'

interface Grant {
  role: string
  site?: string
}

interface Admin {
  id: string
  name: string
  email?: string
  enabled: boolean
  roles: Grant[]
  totp: boolean
  password: boolean
  lastSignIn?: string
  revision: number
}

interface Token {
  id: string
  label: string
  expires: string
  lastUsed?: string
}

const idOf = ({ params: { id = '' } }: PageCall): { id: string } => ({ id })
const pathOf = (id: string): string => `/accounts/${encodeURIComponent(id)}`
const timeOf = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso))

/** `role` in all sites, `role@site` in one. */
const grantText = ({ role, site }: Grant): string => (site === undefined ? role : `${role}@${site}`)

function readGrant(text: string): Grant {
  const at = text.lastIndexOf('@')
  return at < 0 ? { role: text } : { role: text.slice(0, at), site: text.slice(at + 1) }
}

function adminRow(call: PageCall, admin: Admin): object {
  return {
    ...admin,
    email: admin.email ?? '',
    path: pathOf(admin.id),
    roleText: admin.roles.map((grant) => grantName(call, grant)).join(', '),
    lastSignInAt: timeOf(admin.lastSignIn),
  }
}

function grantName({ words }: PageCall, { role, site }: Grant): string {
  const name = words.find(`role.${role}`) ?? role
  return site === undefined
    ? words.t('accounts.everywhere', { role: name })
    : words.t('accounts.in', { role: name, site })
}

/** Roles there are, each for all sites and for single ones: whatever the visitor may not give is refused when saved. */
async function roleChoices(call: PageCall): Promise<{ value: string; name: string }[]> {
  const { items: sites } = await ask<{ items: { slug: string }[] }>(call, 'listSites')
  const { items: own } = mayUse(call, 'listRoles')
    ? await ask<{ items: { name: string; site?: string }[] }>(call, 'listRoles')
    : { items: [] }
  const everywhere = mayUse(call, 'addSite')
  const grants: Grant[] = [
    ...(everywhere ? ROLE_NAMES.map((role): Grant => ({ role })) : []),
    ...sites.flatMap(({ slug }) =>
      ROLE_NAMES.filter((role) => role !== 'owner').map((role): Grant => ({ role, site: slug })),
    ),
    ...own.flatMap(({ name, site }): Grant[] =>
      site === undefined
        ? [...(everywhere ? [{ role: name }] : []), ...sites.map(({ slug }) => ({ role: name, site: slug }))]
        : [{ role: name, site }],
    ),
  ]
  return grants.map((grant) => ({ value: grantText(grant), name: grantName(call, grant) }))
}

async function list(call: PageCall): Promise<PageAnswer> {
  const { cursor } = call.query
  const found = await ask<{ items: Admin[]; nextCursor?: string; total: number }>(call, 'listAdmins', {
    query: { sort: 'name', limit: '100', ...given({ cursor }) },
  })
  return adminPage(call, 'accounts', {
    view: 'accounts',
    title: call.words.t('accounts.title'),
    data: {
      admins: found.items.map((one) => adminRow(call, one)),
      proposed: await proposedRows(call),
      next: found.nextCursor === undefined ? undefined : `/accounts?cursor=${encodeURIComponent(found.nextCursor)}`,
    },
  })
}

/** People for whom an import named a role, each with a form that is filled in. */
async function proposedRows(call: PageCall): Promise<object[]> {
  if (!mayUse(call, 'listProposedAdmins')) return []
  const { items } = await ask<{ items: ProposedAccount[] }>(call, 'listProposedAdmins')
  return items.map(({ number, name, login, email, role }) => ({
    ...{ number, name, roleText: grantName(call, { role, site: call.site.slug }) },
    path: `/accounts/new?${new URLSearchParams({
      ...given({ name: login, email }),
      role: grantText({ role, site: call.site.slug }),
    }).toString()}`,
  }))
}

async function addForm(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { name = '', email = '', role = 'viewer' } = refused ? call.form : call.query
  return adminPage(call, 'accounts', {
    view: 'account-new',
    title: call.words.t('accounts.add'),
    ...(refused ? { status: 422 } : {}),
    data: {
      values: { name, email },
      roles: (await roleChoices(call)).map((one) => ({ ...one, chosen: one.value === role })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  })
}

async function showAccount(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const admin = await ask<Admin>(call, 'showAdmin', { params: idOf(call) })
  const { items } = mayUse(call, 'listTokensOfAdmin')
    ? await ask<{ items: Token[] }>(call, 'listTokensOfAdmin', { params: idOf(call) })
    : { items: [] }
  const has = new Set(admin.roles.map(grantText))
  return adminPage(call, 'accounts', {
    view: 'account',
    title: admin.name,
    ...(refused ? { status: refused.code === 'REVISION_CONFLICT' ? 412 : 422 } : {}),
    data: {
      admin: adminRow(call, admin),
      values: refused && call.form.email !== undefined ? { email: call.form.email } : { email: admin.email ?? '' },
      grants: admin.roles.map((grant, index) => ({ value: grantText(grant), name: grantName(call, grant), index })),
      roles: (await roleChoices(call)).filter(({ value }) => !has.has(value)),
      tokens: items.map((one) => ({ ...one, expiresAt: timeOf(one.expires), lastUsedAt: timeOf(one.lastUsed) })),
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: refused?.code === 'REVISION_CONFLICT' ? (admin.email ?? '–') : undefined,
    },
  })
}

/** Roles that stay ticked, and the one to add. */
function grantsIn({ form }: PageCall): Grant[] {
  const kept = Object.entries(form).flatMap(([name, value]) => (/^grant\.\d+$/.test(name) && value ? [value] : []))
  return [...kept, ...(form.role ? [form.role] : [])].map(readGrant)
}

async function linkPage(call: PageCall, id: string): Promise<PageAnswer> {
  const { path, expires } = await ask<{ path: string; expires: string }>(call, 'createPasswordLink', { params: { id } })
  const admin = await ask<Admin>(call, 'showAdmin', { params: { id } })
  return adminPage(call, 'accounts', {
    view: 'account-link',
    title: call.words.t('accounts.link.title', { name: admin.name }),
    data: { link: path, expiresAt: Date.parse(expires), back: pathOf(admin.id) },
  })
}

const change =
  (id: string, body?: (call: PageCall) => object): ((call: PageCall) => Promise<PageAnswer>) =>
  async (call) => {
    await ask(call, id, { params: idOf(call), body: body?.(call) })
    return { to: done(pathOf(idOf(call).id), 'saved') }
  }

export const accountPages = [
  page({
    id: 'administration',
    method: 'get',
    path: '/administration',
    access: 'self',
    run: (call) => {
      const to = adminHome(call)
      if (to === undefined) throw new AppError('FORBIDDEN', 'there is nothing you may administer')
      return { to }
    },
  }),
  page({ id: 'accounts', method: 'get', path: '/accounts', of: 'listAdmins', run: list }),
  page({ id: 'addAccountForm', method: 'get', path: '/accounts/new', of: 'addAdmin', run: (call) => addForm(call) }),
  page({
    id: 'addAccount',
    method: 'post',
    path: '/accounts/new',
    of: 'addAdmin',
    run: async (call) => {
      const { name = '', email, role = 'user' } = call.form
      const added = await ask<Admin>(call, 'addAdmin', {
        body: { name, ...given({ email }), roles: [readGrant(role)] },
      })
      return linkPage(call, added.id)
    },
    refused: addForm,
  }),
  page({ id: 'account', method: 'get', path: '/accounts/{id}', of: 'showAdmin', run: (call) => showAccount(call) }),
  page({
    id: 'saveAccount',
    method: 'post',
    path: '/accounts/{id}',
    of: 'updateAdmin',
    run: change('updateAdmin', (call) => ({ email: call.form.email ?? '', roles: grantsIn(call) })),
    refused: showAccount,
  }),
  page({
    id: 'lockAccount',
    method: 'post',
    path: '/accounts/{id}/lock',
    of: 'updateAdmin',
    run: change('updateAdmin', ({ form }) => ({ enabled: form.enabled === 'true' })),
    refused: showAccount,
  }),
  page({
    id: 'linkForAccount',
    method: 'post',
    path: '/accounts/{id}/link',
    of: 'createPasswordLink',
    run: (call) => linkPage(call, idOf(call).id),
    refused: showAccount,
  }),
  page({
    id: 'resetAccountTotp',
    method: 'post',
    path: '/accounts/{id}/reset-totp',
    of: 'resetTotp',
    run: change('resetTotp'),
    refused: showAccount,
  }),
  page({
    id: 'revokeAccountToken',
    method: 'post',
    path: '/accounts/{id}/tokens/{token}/revoke',
    of: 'revokeTokenOfAdmin',
    run: async (call) => {
      await ask(call, 'revokeTokenOfAdmin', { params: { id: call.params.token ?? '' } })
      return { to: done(pathOf(idOf(call).id), 'removed') }
    },
    refused: showAccount,
  }),
  page({
    id: 'removeAccount',
    method: 'post',
    path: '/accounts/{id}/remove',
    of: 'removeAdmin',
    run: async (call) => {
      if (call.form.sure !== 'on') return { to: pathOf(idOf(call).id) }
      await ask(call, 'removeAdmin', { params: idOf(call) })
      return { to: done('/accounts', 'removed') }
    },
    refused: showAccount,
  }),
]
