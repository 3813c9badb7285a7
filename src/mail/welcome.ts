import type { ExtensionAdmin } from '../extensions/use-cases.js'
import type { Log } from '../observe/log.js'
import type { MailAdmin } from './use-cases.js'

/**
 * As `extensions`, and whoever is added with an address gets a welcome mail; without an SMTP server it is kept as not
 * sent. A mail that cannot be queued holds nobody up.
 */
export function withWelcome(extensions: ExtensionAdmin, mails: Pick<MailAdmin, 'send'>, log: Log): ExtensionAdmin {
  return {
    ...extensions,
    add: async (actor, input) => {
      const added = await extensions.add(actor, input)
      const { number, email } = added.extension
      if (email !== undefined) {
        await mails.send(actor, number, { kind: 'welcome' }).catch((error: unknown) => {
          log.warn({ err: error, extension: number }, 'a welcome mail could not be queued')
        })
      }
      return added
    },
  }
}
