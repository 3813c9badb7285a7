import type { SendMailOptions, Transporter } from 'nodemailer'
import { QR_CID, type Message } from '../message.js'
import { SendingFailed } from '../outbox.js'

type Attachment = NonNullable<SendMailOptions['attachments']>[number]

export interface SmtpOptions {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  url: string
  /** Address, or `Name <address>`. */
  from: string
}

/** A mail with whom it is for and, where it has one, the picture of its code. */
export interface Delivery {
  to: { name: string; address: string }
  message: Message
  qr?: Buffer
}

const TIMEOUT_MS = 20_000

/** Hands mails to an SMTP server. */
export class Smtp {
  #transport: Promise<Transporter> | undefined

  constructor(private readonly options: SmtpOptions) {}

  /** Throws SendingFailed with what the server said. */
  async send({ to, message, qr }: Delivery): Promise<void> {
    const transport = await (this.#transport ??= this.#open())
    try {
      await transport.sendMail({
        from: this.options.from,
        // Name and address apart: neither can begin a header of its own.
        to: { name: to.name.replace(/[\u0000-\u001f\u007f]/g, ' '), address: to.address },
        subject: message.subject,
        text: message.text,
        html: message.html,
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...(qr ? { attachments: [pictureOf(qr)] } : {}),
        // Nothing of a mail is a file or an address to fetch.
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    } catch (error) {
      throw new SendingFailed(withoutSecrets(error, this.options.url), responseCodeOf(error))
    }
  }

  async close(): Promise<void> {
    const transport = await this.#transport
    transport?.close()
  }

  async #open(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer')
    const times = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS }
    return createTransport({ url: this.options.url, pool: true, maxConnections: 1, ...times } as object)
  }
}

function pictureOf(content: Buffer): Attachment {
  return { filename: 'code.png', content, contentType: 'image/png', cid: QR_CID, contentDisposition: 'inline' }
}

function responseCodeOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'responseCode' in error ? error.responseCode : undefined
  return typeof code === 'number' ? code : undefined
}

function withoutSecrets(error: unknown, url: string): string {
  const said = error instanceof Error ? error.message : String(error)
  const password = decodeURIComponent(/:\/\/[^:/@]*:([^@]*)@/.exec(url)?.[1] ?? '')
  return (password === '' ? said : said.replaceAll(password, '[secret]')).replace(/\s+/g, ' ').trim()
}
