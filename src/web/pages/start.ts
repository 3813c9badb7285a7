import { AppError } from '../../domain/errors.js'
import { LANGUAGES } from '../words/words.js'
import { ask, given, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'

const THEMES = ['auto', 'light', 'dark']

/** An address of our own to go on to; anything else is the start page. */
export function ownPath(text: string | undefined): string {
  return text !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(text) && !text.includes('\\') ? text : '/'
}

function signIn(call: PageCall, refused?: AppError): PageAnswer {
  const { domain } = { ...call.query, ...call.form }
  const to = ownPath(call.form.to ?? call.query.to)
  // Nobody looks whether there is such a domain before name and password are there: what is shown tells nothing.
  if (call.parts.domainFirst === true && domain === undefined && !refused) {
    return { view: 'sign-in-domain', title: call.words.t('signIn.title'), data: { to } }
  }
  const codeNeeded = refused?.code === 'SIGN_IN_CODE_NEEDED' || (call.form.code ?? '') !== ''
  return {
    view: 'sign-in',
    title: call.words.t('signIn.title'),
    ...(refused ? { status: refused.code === 'TOO_MANY_ATTEMPTS' ? 429 : 401 } : {}),
    data: {
      values: { login: call.form.login ?? '', domain: domain ?? '' },
      to,
      otherDomain:
        call.parts.domainFirst === true ? `/sign-in${to === '/' ? '' : `?to=${encodeURIComponent(to)}`}` : undefined,
      codeNeeded,
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

function setUp(call: PageCall, refused?: AppError): PageAnswer {
  const { token, name, email } = call.form
  return {
    view: 'set-up',
    title: call.words.t('setup.title'),
    ...(refused ? { status: 422 } : {}),
    data: { values: { token, name, email }, refusal: refused ? refusalOf(call, refused) : undefined },
  }
}

function password(call: PageCall, refused?: AppError): PageAnswer {
  return {
    view: 'password',
    title: call.words.t('password.title'),
    ...(refused ? { status: 422 } : {}),
    data: { values: { token: call.form.token }, refusal: refused ? refusalOf(call, refused) : undefined },
  }
}

/** The first page that the visitor may see. */
function home(call: PageCall): string {
  if (mayUse(call, 'listDevices')) return '/phones'
  if (mayUse(call, 'listExtensions')) return '/people'
  throw new AppError('FORBIDDEN', 'you have no rights in any site')
}

export const startPages = [
  page({ id: 'home', method: 'get', path: '/', access: 'self', run: (call) => ({ to: home(call) }) }),
  page({
    id: 'signInForm',
    method: 'get',
    path: '/sign-in',
    access: 'public',
    run: (call) => (call.who ? { to: ownPath(call.query.to) } : signIn(call)),
  }),
  page({
    id: 'signIn',
    method: 'post',
    path: '/sign-in',
    of: 'signIn',
    run: async (call) => {
      const { login = '', password: word = '', code, domain, to } = call.form
      const credentials = { login, password: word, ...given({ code, domain }) }
      return { to: ownPath(to), signedIn: await call.parts.signIn.withPassword(credentials, call.visitor) }
    },
    refused: signIn,
  }),
  page({ id: 'setUpForm', method: 'get', path: '/setup', access: 'public', run: (call) => setUp(call) }),
  page({
    id: 'setUp',
    method: 'post',
    path: '/setup',
    of: 'setUp',
    run: async (call) => {
      const { token = '', name = '', password: word = '' } = call.form
      const input = { name, password: word, ...given({ email: call.form.email }) }
      return { to: '/', signedIn: await call.parts.signIn.setUp(token, input, call.visitor) }
    },
    refused: setUp,
  }),
  page({ id: 'passwordForm', method: 'get', path: '/password', access: 'public', run: (call) => password(call) }),
  page({
    id: 'usePasswordLink',
    method: 'post',
    path: '/password',
    of: 'usePasswordLink',
    run: async (call) => {
      const { token = '', password: word = '' } = call.form
      return { to: '/', signedIn: await call.parts.signIn.usePasswordLink(token, word, call.visitor) }
    },
    refused: password,
  }),
  page({
    id: 'signOut',
    method: 'post',
    path: '/sign-out',
    of: 'signOut',
    run: async (call) => {
      await ask(call, 'signOut')
      return { to: '/sign-in?done=signedOut', signedOut: true }
    },
  }),
  page({
    id: 'chooseView',
    method: 'post',
    path: '/view',
    access: 'public',
    run: ({ form }) => ({
      to: ownPath(form.to),
      remember: {
        ...(THEMES.includes(form.theme ?? '') ? { theme: form.theme ?? '' } : {}),
        ...(LANGUAGES.some((one) => one === form.language) ? { language: form.language ?? '' } : {}),
        ...(form.site !== undefined && /^[a-z0-9-]{1,40}$/.test(form.site) ? { site: form.site } : {}),
      },
    }),
  }),
  page({
    id: 'live',
    method: 'get',
    path: '/live',
    access: 'self',
    stream: true,
    run: () => ({ to: '/' }),
  }),
]
