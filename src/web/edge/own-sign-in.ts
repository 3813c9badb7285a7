import type { IncomingMessage } from 'node:http'
import { isForeign } from '../../admin/edge/visitor.js'
import { AppError } from '../../domain/errors.js'
import { OWN_PATH } from '../../self-service/access.js'
import type { OwnSignIn } from '../../self-service/sign-in.js'
import type { OwnAnswer } from '../../softphones/edge/http.js'
import type { OwnPages } from './own-pages.js'

export const SIGN_IN_PATH = `${OWN_PATH}sign-in`

interface Attempt {
  request: IncomingMessage
  peer: string
  /** Of a form; undefined: the page is asked for. */
  form: URLSearchParams | undefined
  pages: OwnPages
  /** The answer with a session that begins. */
  begun(session: string): OwnAnswer
}

/** The page on which people sign in to their own page, and what comes of its form. */
export async function signInPage(
  signIn: OwnSignIn,
  { request, peer, form, pages, begun }: Attempt,
): Promise<OwnAnswer> {
  const words = pages.words(request)
  const page = (login: string, refusal: string | undefined, status: number): OwnAnswer => {
    const data = { title: words.t('own.signIn.title'), language: words.language, path: SIGN_IN_PATH, login, refusal }
    return pages.render('own-sign-in', words, data, status)
  }
  if (!form) return page('', undefined, 200)
  const login = form.get('login') ?? ''
  // Nobody else's page signs somebody in here.
  if (isForeign(request, true)) {
    return page(login, words.t('error.SIGN_IN_FAILED'), 403)
  }
  try {
    const session = await signIn.signIn(login, form.get('password') ?? '', peer)
    return begun(session.reveal())
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'SIGN_IN_FAILED' && error.code !== 'TOO_MANY_ATTEMPTS'))
      throw error
    const seconds = String(error.details.retryAfterSeconds ?? 0)
    const told = words.t(`error.${error.code}`).replace('{seconds}', seconds)
    return page(login, told, error.code === 'SIGN_IN_FAILED' ? 401 : 429)
  }
}
