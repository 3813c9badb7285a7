import { z } from 'zod'
import { sortedBy } from '../../domain/search-text.js'
import { route, type Answer, type Call } from '../route.js'
import { pageOf } from '../paging.js'
import { admin, apiToken, grantInput, tokenInput } from './account-schemas.js'
import { listQuery, pageSchema, text, time } from './schemas.js'
import { proposedAccounts } from '../proposed-accounts.js'
import { adminView, isoTime, siteNamesOf, tokenView } from './views.js'

const TAG = 'Admins'
const params = { id: text }

async function shown(call: Call, id: string): Promise<Answer> {
  const user = await call.parts.accounts.show(call.by, id)
  return { body: adminView(user, await siteNamesOf(call)), entity: user }
}

export const NEW_TOKEN = apiToken
  .extend({ token: z.string().meta({ description: 'Shown only now' }) })
  .meta({ id: 'NewToken' })

/** For oneself and for others alike. */
export async function makeToken(call: Call, userId: string, input: z.output<typeof tokenInput>): Promise<Answer> {
  const sites = await siteNamesOf(call)
  const { label, scopes, site, days } = input
  const { token, record } = await call.parts.accounts.createToken(call.by, userId, {
    label,
    scopes,
    days,
    ...(site === undefined ? {} : { siteId: sites.id(site) }),
  })
  return { body: { ...tokenView(record, sites), token: token.reveal() } }
}

export async function listTokens(call: Call, userId: string): Promise<Answer> {
  const sites = await siteNamesOf(call)
  const tokens = await call.parts.accounts.tokens(call.by, userId)
  return { body: { items: tokens.map((one) => tokenView(one, sites)) } }
}

export const TOKEN_LIST = z.object({ items: z.array(apiToken) })

export const accountRoutes = [
  route({
    id: 'listProposedAdmins',
    method: 'get',
    path: '/proposed-admins',
    tag: TAG,
    summary: 'People of the site for whom an import named a role, and who have no account; nothing is given by it',
    access: 'accounts.read',
    answer: z.object({
      items: z.array(
        z.object({
          number: z.string(),
          name: z.string(),
          login: z.string(),
          email: z.string().optional(),
          role: z.string(),
        }),
      ),
    }),
    handle: async (call) => {
      const users = await call.parts.accounts.list(call.by)
      return { body: { items: proposedAccounts(call.parts.snapshot, call.site.id, users) } }
    },
  }),
  route({
    id: 'listAdmins',
    method: 'get',
    path: '/admins',
    tag: TAG,
    summary: 'Whoever may sign in',
    access: 'accounts.read',
    query: listQuery(['name', 'lastSignIn'], 'name'),
    answer: pageSchema(admin),
    handle: async (call) => {
      const sites = await siteNamesOf(call)
      const page = await pageOf(await call.parts.accounts.list(call.by), call.query, {
        name: sortedBy(({ name }) => name),
        lastSignIn: ({ lastSignInAt }) => lastSignInAt ?? 0,
      })
      return { body: { ...page, items: page.items.map((user) => adminView(user, sites)) } }
    },
  }),
  route({
    id: 'addAdmin',
    method: 'post',
    path: '/admins',
    tag: TAG,
    summary: 'Add somebody; without a password, send a link by which he sets one',
    access: 'accounts.write',
    body: z.strictObject({
      name: text,
      email: text.optional(),
      password: text.optional(),
      roles: z
        .array(grantInput)
        .max(100)
        .default([{ role: 'user' }]),
    }),
    status: 201,
    answer: admin,
    handle: async (call) => {
      const { roles, ...input } = call.body
      const grants = (await siteNamesOf(call)).grants(roles)
      const user = await call.parts.accounts.create(call.by, { ...input, grants })
      return { ...(await shown(call, user.id)), location: `/admins/${user.id}` }
    },
  }),
  route({
    id: 'showAdmin',
    method: 'get',
    path: '/admins/{id}',
    tag: TAG,
    summary: 'An admin, by id or name',
    access: 'accounts.read',
    params,
    answer: admin,
    handle: (call) => shown(call, call.params.id),
  }),
  route({
    id: 'updateAdmin',
    method: 'patch',
    path: '/admins/{id}',
    tag: TAG,
    summary: 'Change address, roles or whether the account is enabled',
    access: 'accounts.write',
    params,
    body: z.strictObject({
      email: text.optional().meta({ description: 'An empty text takes it away' }),
      enabled: z.boolean().optional(),
      roles: z.array(grantInput).max(100).optional(),
    }),
    conditional: true,
    answer: admin,
    handle: async (call) => {
      const { roles, ...changes } = call.body
      const grants = roles && (await siteNamesOf(call)).grants(roles)
      const user = await call.parts.accounts.update(call.by, call.params.id, { ...changes, grants, seen: call.seen })
      return shown(call, user.id)
    },
  }),
  route({
    id: 'removeAdmin',
    method: 'delete',
    path: '/admins/{id}',
    tag: TAG,
    summary: 'Remove an admin with sessions and tokens; the last owner stays',
    access: 'accounts.write',
    params,
    conditional: true,
    handle: async ({ parts, by, params: { id }, seen }) => {
      await parts.accounts.remove(by, id, seen)
      return {}
    },
  }),
  route({
    id: 'createPasswordLink',
    method: 'post',
    path: '/admins/{id}/password-link',
    tag: TAG,
    summary: 'A link that sets the password once; give it to the admin alone',
    access: 'accounts.write',
    params,
    answer: z.object({ path: z.string().meta({ description: 'On the admin page' }), token: z.string(), expires: time }),
    handle: async ({ parts, by, params: { id } }) => {
      const { token, expiresAt } = await parts.accounts.passwordLink(by, id)
      return { body: { path: `/password#${token.reveal()}`, token: token.reveal(), expires: isoTime(expiresAt) } }
    },
  }),
  route({
    id: 'resetTotp',
    method: 'post',
    path: '/admins/{id}/reset-totp',
    tag: TAG,
    summary: 'Take a lost authenticator app away',
    access: 'accounts.write',
    params,
    answer: admin,
    handle: async (call) => {
      await call.parts.accounts.resetTotp(call.by, call.params.id)
      return shown(call, call.params.id)
    },
  }),
  route({
    id: 'listTokensOfAdmin',
    method: 'get',
    path: '/admins/{id}/tokens',
    tag: TAG,
    summary: 'API tokens of an admin',
    access: 'accounts.read',
    params,
    answer: TOKEN_LIST,
    handle: (call) => listTokens(call, call.params.id),
  }),
  route({
    id: 'createTokenForAdmin',
    method: 'post',
    path: '/admins/{id}/tokens',
    tag: TAG,
    summary: 'An API token that acts as this admin',
    access: 'accounts.write',
    params,
    body: tokenInput,
    status: 201,
    answer: NEW_TOKEN,
    handle: (call) => makeToken(call, call.params.id, call.body),
  }),
  route({
    id: 'revokeTokenOfAdmin',
    method: 'delete',
    path: '/tokens/{id}',
    tag: TAG,
    summary: 'A token ends at once',
    access: 'accounts.write',
    params,
    handle: async ({ parts, by, params: { id } }) => {
      await parts.accounts.revokeToken(by, id)
      return {}
    },
  }),
]
