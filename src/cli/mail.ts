import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { CODE_KINDS, MAIL_KINDS, MAIL_LANGUAGES, MAIL_STATES, type Mail, type MailKind } from '../mail/mail.js'
import type { MailInput } from '../mail/use-cases.js'
import { actor, withInstallation } from './context.js'
import { table, type Io, type Run } from './output.js'

interface SendOptions {
  kind?: string
  language?: string
  app?: string
  all?: boolean
  import?: string
}

/** `mail send|preview|list|retry`: mails to people; the running server sends what waits. */
export function mailCommands(program: Command, io: Io, run: Run): void {
  const mail = program.command('mail').description('mails to people, sent by the running server')

  withChoices(mail.command('send [extension]'), CODE_KINDS)
    .description('send a mail to a person, or to everybody who never got one')
    .option('--all', 'everybody with an e-mail address who never got one')
    .option('--import <id>', 'only those of them that this import added')
    .action((extension: string | undefined, options: SendOptions) =>
      run(() =>
        withInstallation(io, async ({ mails, bulk }) => {
          const isMany = options.all === true || options.import !== undefined
          if ((extension === undefined) !== isMany) {
            throw new AppError('USAGE', 'name an extension, or give --all or --import')
          }
          const added = options.import === undefined ? undefined : await bulk.addedPeople(options.import)
          const input = inputOf(options, CODE_KINDS)
          const queued =
            extension === undefined
              ? await mails.sendAll(actor(), input, added)
              : [await mails.send(actor(), extension, input)]
          if (queued.length === 0) {
            return { json: [], lines: ['No mail: nobody of them has an e-mail address and got none before.'] }
          }
          const told = mails.configured ? 'waiting to be sent' : 'not sent: no SMTP server is configured'
          return {
            json: queued.map(mailJson),
            lines: [`${queued.length} ${queued.length === 1 ? 'mail is' : 'mails are'} ${told}.`],
          }
        }),
      ),
    )

  withChoices(mail.command('preview <extension>'), MAIL_KINDS)
    .description('show a mail without sending it; its code opens nothing')
    .action((extension: string, options: SendOptions) =>
      run(() =>
        withInstallation(io, async ({ mails }) => {
          const { to, subject, text, html } = await mails.preview(extension, inputOf(options, MAIL_KINDS))
          return {
            json: { to, subject, text, html },
            lines: [`To: ${to === '' ? '(no address)' : to}`, `Subject: ${subject}`, '', text],
          }
        }),
      ),
    )

  mail
    .command('list')
    .description('what became of mails, newest first')
    .option('--state <state>', MAIL_STATES.join(', '))
    .action(({ state }: { state?: string }) =>
      run(() =>
        withInstallation(io, async ({ mails }) => {
          const found = await mails.list({ state: oneOf('--state', MAIL_STATES, state) })
          return {
            json: found.map((one) => ({ ...mailJson(one), number: one.number })),
            lines: table(
              ['ID', 'EXTENSION', 'KIND', 'STATE', 'TRIED', 'ADDRESS', 'WHY'],
              found.map(({ id, number, kind, state: now, attempts, address, email, error }) => [
                ...[id, number ?? '', kind, now, attempts, address ?? email ?? '', error ?? ''],
              ]),
            ),
          }
        }),
      ),
    )

  mail
    .command('retry <id>')
    .description('send a mail again that failed or was not sent')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async ({ mails }) => {
          await mails.retry(actor(), id)
          return { json: { retried: id }, lines: [`Mail ${id} waits to be sent.`] }
        }),
      ),
    )
}

function withChoices(command: Command, kinds: readonly MailKind[]): Command {
  return command
    .option('--kind <kind>', kinds.join(', '))
    .option('--language <language>', MAIL_LANGUAGES.join(', '))
    .option('--app <app>', 'app the code is for; see softphone apps')
}

function inputOf<Kind extends MailKind>(
  { kind, language, app }: SendOptions,
  kinds: readonly Kind[],
): Omit<MailInput, 'kind'> & { kind: Kind | undefined } {
  return {
    kind: oneOf('--kind', kinds, kind),
    language: oneOf('--language', MAIL_LANGUAGES, language),
    app,
  }
}

function oneOf<T extends string>(option: string, known: readonly T[], text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  const found = known.find((one) => one === text)
  if (found === undefined) throw new AppError('USAGE', `${option}: "${text}" is none of ${known.join(', ')}`)
  return found
}

function mailJson({ id, kind, language, app, state, attempts, address, error, createdAt }: Mail): object {
  return { id, kind, language, app, state, attempts, address, error, createdAt: new Date(createdAt).toISOString() }
}
