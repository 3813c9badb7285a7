import { PERMISSION_NAMES } from '../../accounts/permissions.js'
import type { Authenticated } from '../../accounts/sign-in.js'
import { AppError } from '../../domain/errors.js'
import { ask, done, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'

interface Token {
  id: string
  label: string
  scopes?: string[]
  site?: string
  expires: string
  lastUsed?: string
}

/** What is shown once, right after it was made. */
interface Fresh {
  token?: string
  totp?: { secret: string; qr: string }
}

function own({ who }: PageCall): Authenticated {
  if (!who?.session) throw new AppError('SIGNED_OUT', 'sign in first')
  return who
}

async function mePage(call: PageCall, refused?: AppError, fresh: Fresh = {}): Promise<PageAnswer> {
  const { user } = own(call)
  const { items } = await ask<{ items: Token[] }>(call, 'listTokens')
  const session = await ask<{ totp: boolean; sites: { permissions: string[] }[]; permissions: string[] }>(
    call,
    'showSession',
  )
  const mine = new Set([...session.permissions, ...session.sites.flatMap(({ permissions }) => permissions)])
  return {
    view: 'own-account',
    title: call.words.t('me.title'),
    menu: 'me',
    ...(refused ? { status: 422 } : {}),
    data: {
      name: user.name,
      email: user.email ?? '',
      totp: session.totp,
      tokens: items.map((one) => ({
        ...one,
        scopeText: one.scopes?.join(', ') ?? call.words.t('me.token.all'),
        expiresAt: Date.parse(one.expires),
        lastUsedAt: one.lastUsed === undefined ? undefined : Date.parse(one.lastUsed),
      })),
      scopes: PERMISSION_NAMES.filter((name) => mine.has(name)).map((name) => ({
        name,
        checked: call.form[`may.${name}`] === 'on',
      })),
      values: { label: call.form.label ?? '', days: call.form.days ?? '90' },
      meter: { least: 10, classes: 'lower upper digit' },
      freshToken: fresh.token,
      freshTotp: fresh.totp,
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

export const ownAccountPages = [
  page({ id: 'me', method: 'get', path: '/me', access: 'self', run: (call) => mePage(call) }),
  page({
    id: 'changeOwnPassword',
    method: 'post',
    path: '/me/password',
    of: 'changePassword',
    run: async (call) => {
      const { old = '', password = '' } = call.form
      const signedIn = await call.parts.signIn.changePassword(own(call).user, old, password, call.visitor)
      return { to: done('/me', 'saved'), signedIn }
    },
    refused: mePage,
  }),
  page({
    id: 'startOwnTotp',
    method: 'post',
    path: '/me/totp',
    of: 'startTotp',
    run: async (call) => {
      const { secret, uri } = await ask<{ secret: string; uri: string }>(call, 'startTotp')
      return mePage(call, undefined, { totp: { secret, qr: await call.parts.qr.svg(uri) } })
    },
    refused: mePage,
  }),
  page({
    id: 'confirmOwnTotp',
    method: 'post',
    path: '/me/totp/confirm',
    of: 'confirmTotp',
    run: async (call) => {
      await ask(call, 'confirmTotp', { body: { code: (call.form.code ?? '').replaceAll(/\s/g, '') } })
      return { to: done('/me', 'saved') }
    },
    refused: mePage,
  }),
  page({
    id: 'dropOwnTotp',
    method: 'post',
    path: '/me/totp/drop',
    of: 'dropTotp',
    run: async (call) => {
      await ask(call, 'dropTotp', { body: { password: call.form.dropPassword ?? '' } })
      return { to: done('/me', 'saved') }
    },
    refused: mePage,
  }),
  page({
    id: 'createOwnToken',
    method: 'post',
    path: '/me/tokens',
    of: 'createToken',
    run: async (call) => {
      const { label = '', days = '90' } = call.form
      const scopes = PERMISSION_NAMES.filter((name) => call.form[`may.${name}`] === 'on')
      const body = { label, days: Number(days), ...(scopes.length === 0 ? {} : { scopes }) }
      const { token } = await ask<{ token: string }>(call, 'createToken', { body })
      return mePage(call, undefined, { token })
    },
    refused: mePage,
  }),
  page({
    id: 'revokeOwnToken',
    method: 'post',
    path: '/me/tokens/{id}/revoke',
    of: 'revokeToken',
    run: async (call) => {
      await ask(call, 'revokeToken', { params: { id: call.params.id ?? '' } })
      return { to: done('/me', 'removed') }
    },
    refused: mePage,
  }),
]
