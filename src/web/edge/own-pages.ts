import type { IncomingMessage } from 'node:http'
import { qrSvg } from '../../softphones/edge/qr.js'
import type { CodePage, OwnAnswer } from '../../softphones/edge/http.js'
import { SOFTPHONE_PATH } from '../../softphones/code.js'
import { codeView } from '../own/code-view.js'
import { ASSETS_PATH, createTemplates, type Templates } from '../templates.js'
import type { ViewName } from '../view-names.js'
import { languageFor, wordsOf, type Words } from '../words/words.js'
import { packedFor } from './assets.js'
import { readWebFiles, type Asset } from './web-files.js'

/** Pages for everybody on the phones' listeners: nothing from elsewhere, no scripts but ours. */
const SECURITY = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
} as const

/** Pages that people see on the phones' listeners, and the files that belong to them. */
export class OwnPages {
  readonly #templates: Templates
  readonly #assets: ReadonlyMap<string, Asset>

  constructor() {
    const files = readWebFiles()
    this.#templates = createTemplates(files.pages)
    this.#assets = files.assets
  }

  /** A style or script of the pages; undefined for anything else. */
  asset(path: string, accepted: string): OwnAnswer | undefined {
    const asset = path.startsWith(`${ASSETS_PATH}/`) ? this.#assets.get(path.slice(ASSETS_PATH.length + 1)) : undefined
    if (!asset) return undefined
    const { body, packing } = packedFor(asset, accepted)
    const headers = { 'Content-Type': asset.type, Vary: 'Accept-Encoding' }
    return { status: 200, headers: { ...headers, ...(packing ? { 'Content-Encoding': packing } : {}) }, body }
  }

  words({ headers }: Pick<IncomingMessage, 'headers'>): Words {
    return wordsOf(languageFor(undefined, headers['accept-language']))
  }

  render(view: ViewName, words: Words, data: object, status = 200): OwnAnswer {
    const around = { words, permissions: [], now: 0 }
    const body = this.#templates.render(view, data, around)
    return { status, headers: { ...SECURITY, 'Content-Type': 'text/html; charset=utf-8' }, body }
  }

  /** The page behind a softphone's code. */
  async code({ app, extension, url, link, account, request }: CodePage): Promise<OwnAnswer> {
    const words = this.words(request)
    const path = url.slice(url.indexOf(SOFTPHONE_PATH))
    const document = account && app.code === 'document' ? app.document?.render(account).trim() : undefined
    const qr = document === undefined ? undefined : await qrSvg(document)
    const view = {
      ...{ app, extension, path },
      ...(link === undefined ? {} : { link }),
      ...(account ? { account } : {}),
      ...(qr === undefined ? {} : { qr }),
    }
    return this.render('own-code', words, codeView(words, view))
  }
}
