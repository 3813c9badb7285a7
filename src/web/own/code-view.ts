import type { SoftphoneApp } from '../../softphones/app.js'
import type { AccountValues } from '../../softphones/document.js'
import type { ExtensionRecord } from '../../snapshot/snapshot.js'
import type { Words } from '../words/words.js'

/** What the page behind a code is made from. */
export interface CodeView {
  app: SoftphoneApp
  extension: Pick<ExtensionRecord, 'number' | 'displayName'>
  /** Path of the code on this server. */
  path: string
  link?: string
  /** Only after it was asked for. */
  account?: AccountValues
  /** The account as a code, for apps that scan it. */
  qr?: string
}

/** The app that is offered first: free, on every platform, and set up by its code alone. */
export const FIRST_APP = 'linphone'

/** What is said beside a code, and whether it is so dense that it needs more room for a camera to read it. */
export function codeText(words: Words, { name, code }: Pick<SoftphoneApp, 'name' | 'code'>): object {
  return { scan: words.t(`softphone.scan.${code}`, { app: name }), dense: code === 'document' }
}

/** Data of the template `own-code`; holds no secret unless there is an account. */
export function codeView(words: Words, { app, extension, path, link, account, qr }: CodeView): object {
  return {
    title: words.t('own.title', { app: app.name }),
    language: words.language,
    person: { name: extension.displayName, number: extension.number },
    app: app.name,
    website: app.website,
    steps: app.steps[words.language],
    path,
    link,
    file: app.code === 'page' ? app.document?.file : undefined,
    qr,
    fields: account && app.fields.map(({ label, value }) => ({ label, value: value(account) })),
  }
}
