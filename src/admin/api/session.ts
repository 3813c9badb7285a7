import { z } from 'zod'
import { ALL_SITES } from '../../accounts/permissions.js'
import { csrfTokenOf, type Authenticated, type SignedIn } from '../../accounts/sign-in.js'
import { AppError } from '../../domain/errors.js'
import type { AdminParts } from '../parts.js'
import { route, type Answer, type Call } from '../route.js'
import { NEW_TOKEN, TOKEN_LIST, listTokens, makeToken } from './accounts.js'
import { session, tokenInput } from './account-schemas.js'
import { text } from './schemas.js'
import { isoTime } from './views.js'

const TAG = 'Session'

/** Who somebody is, and what he may do where. */
async function sessionView(
  parts: AdminParts,
  who: Authenticated,
  sessionId: string | undefined,
): Promise<z.input<typeof session>> {
  const { user, rights } = who
  const everywhere = rights.get(ALL_SITES)
  const sites = (await parts.sites.list()).filter(({ id }) => everywhere !== undefined || rights.has(id))
  return {
    name: user.name,
    email: user.email,
    totp: user.totpConfirmed,
    csrfToken: who.session && sessionId !== undefined ? csrfTokenOf(sessionId) : undefined,
    expiresAt: isoTime(who.session?.expiresAt ?? who.token?.expiresAt),
    permissions: [...(everywhere ?? [])],
    sites: sites.map(({ id, slug, name }) => ({
      slug,
      name,
      permissions: [...new Set([...(everywhere ?? []), ...(rights.get(id) ?? [])])],
    })),
  }
}

async function begun({ parts }: Call, signedIn: SignedIn): Promise<Answer> {
  return { body: await sessionView(parts, signedIn, signedIn.sessionId.reveal()), signedIn }
}

/** The signed-in account. A token is for programs: it cannot change how its admin signs in. */
function own({ who }: Call, what: 'any' | 'session' = 'any'): Authenticated {
  if (!who) throw new AppError('SIGNED_OUT', 'sign in first')
  if (what === 'session' && !who.session) throw new AppError('FORBIDDEN', 'sign in with name and password for this')
  return who
}

export const sessionRoutes = [
  route({
    id: 'signIn',
    method: 'post',
    path: '/session',
    tag: TAG,
    summary: 'Sign in with name or e-mail address; the session comes as a cookie',
    access: 'public',
    body: z.strictObject({
      login: text,
      password: text,
      code: z.string().max(20).optional(),
      domain: text.optional().meta({ description: 'Of the site, for names that end in @ and this domain' }),
    }),
    status: 201,
    answer: session,
    handle: async (call) => begun(call, await call.parts.signIn.withPassword(call.body, call.visitor)),
  }),
  route({
    id: 'setUp',
    method: 'post',
    path: '/session/setup',
    tag: TAG,
    summary: 'The first owner, by the link that the server told at its first start',
    access: 'public',
    body: z.strictObject({ token: text, name: text, email: text.optional(), password: text }),
    status: 201,
    answer: session,
    handle: async (call) => {
      const { token, name, email, password } = call.body
      const input = { name, password, ...(email === undefined ? {} : { email }) }
      return begun(call, await call.parts.signIn.setUp(token, input, call.visitor))
    },
  }),
  route({
    id: 'usePasswordLink',
    method: 'post',
    path: '/session/password-link',
    tag: TAG,
    summary: 'Set the password by a one-time link',
    access: 'public',
    body: z.strictObject({ token: text, password: text }),
    status: 201,
    answer: session,
    handle: async (call) => {
      const { token, password } = call.body
      return begun(call, await call.parts.signIn.usePasswordLink(token, password, call.visitor))
    },
  }),
  route({
    id: 'showSession',
    method: 'get',
    path: '/session',
    tag: TAG,
    summary: 'Who you are, what you may do, and the token that changes need',
    access: 'self',
    answer: session,
    handle: async (call) => ({ body: await sessionView(call.parts, own(call), call.sessionId) }),
  }),
  route({
    id: 'signOut',
    method: 'delete',
    path: '/session',
    tag: TAG,
    summary: 'Sign out',
    access: 'self',
    handle: async (call) => {
      own(call, 'session')
      if (call.sessionId !== undefined) await call.parts.signIn.signOut(call.sessionId)
      return { signedOut: true }
    },
  }),
  route({
    id: 'changePassword',
    method: 'put',
    path: '/session/password',
    tag: TAG,
    summary: 'Change your password; all your sessions end and a new one begins',
    access: 'self',
    body: z.strictObject({ old: text, password: text }),
    answer: session,
    handle: async (call) => {
      const { old, password } = call.body
      return begun(call, await call.parts.signIn.changePassword(own(call, 'session').user, old, password, call.visitor))
    },
  }),
  route({
    id: 'startTotp',
    method: 'post',
    path: '/session/totp',
    tag: TAG,
    summary: 'A secret for an authenticator app; it counts once a code has confirmed it',
    access: 'self',
    answer: z.object({ secret: z.string(), uri: z.string() }),
    handle: async (call) => {
      const { secret, uri } = await call.parts.signIn.startTotp(own(call, 'session').user)
      return { body: { secret: secret.reveal(), uri: uri.reveal() } }
    },
  }),
  route({
    id: 'confirmTotp',
    method: 'put',
    path: '/session/totp',
    tag: TAG,
    summary: 'Confirm the authenticator app with a code',
    access: 'self',
    body: z.strictObject({ code: z.string().max(20) }),
    handle: async (call) => {
      await call.parts.signIn.confirmTotp(own(call, 'session').user, call.body.code)
      return {}
    },
  }),
  route({
    id: 'dropTotp',
    method: 'post',
    path: '/session/totp/drop',
    tag: TAG,
    summary: 'Sign in without a code again; needs the password',
    access: 'self',
    body: z.strictObject({ password: text }),
    handle: async (call) => {
      await call.parts.signIn.dropTotp(own(call, 'session').user, call.body.password, call.visitor)
      return {}
    },
  }),
  route({
    id: 'listTokens',
    method: 'get',
    path: '/session/tokens',
    tag: TAG,
    summary: 'Your API tokens',
    access: 'self',
    answer: TOKEN_LIST,
    handle: (call) => listTokens(call, own(call).user.id),
  }),
  route({
    id: 'createToken',
    method: 'post',
    path: '/session/tokens',
    tag: TAG,
    summary: 'An API token of your own; never with more rights than you have here',
    access: 'self',
    body: tokenInput,
    status: 201,
    answer: NEW_TOKEN,
    handle: (call) => makeToken(call, own(call).user.id, call.body),
  }),
  route({
    id: 'revokeToken',
    method: 'delete',
    path: '/session/tokens/{id}',
    tag: TAG,
    summary: 'One of your tokens ends at once',
    access: 'self',
    params: { id: text },
    handle: async (call) => {
      const { user } = own(call)
      const mine = await call.parts.accounts.tokens(call.by, user.id)
      const token = mine.find(({ id }) => id === call.params.id)
      if (!token) throw new AppError('TOKEN_NOT_FOUND', 'there is no such token', { field: 'token' })
      await call.parts.accounts.revokeToken(call.by, token.id)
      return {}
    },
  }),
]
