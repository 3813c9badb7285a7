import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A mail as an SMTP server got it. */
export interface SunkMail {
  to: string[]
  /** Header and body, as sent. */
  raw: string
}

/** A real SMTP server that keeps what it gets. */
export interface MailSink {
  url: string
  readonly mails: SunkMail[]
  /** Answers to recipients from now on: undefined takes them, else the code and text to refuse with. */
  refuse(answer: { code: number; text: string } | undefined): void
  stop(): Promise<void>
}

export async function startMailSink(): Promise<MailSink> {
  const mails: SunkMail[] = []
  let refusal: { code: number; text: string } | undefined
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: (auth, _session, done) =>
      auth.username === 'phones' && auth.password === 'se/cret'
        ? done(null, { user: 'phones' })
        : done(new Error('no')),
    onRcptTo: (_address, _session, done) =>
      refusal ? done(Object.assign(new Error(refusal.text), { responseCode: refusal.code })) : done(),
    onData: (stream, session, done) => {
      let raw = ''
      stream.setEncoding('utf8').on('data', (text: string) => (raw += text))
      stream.on('end', () => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://phones:se%2Fcret@127.0.0.1:${port}`,
    mails,
    refuse: (answer) => {
      refusal = answer
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The header fields of a mail, unfolded. */
export function headersOf({ raw }: SunkMail): string[] {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n'))
  return head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
}

/** Parts of a mail by their type: text decoded, pictures as bytes. */
export function partsOf({ raw }: SunkMail): { type: string; head: string; body: Buffer }[] {
  const boundary = /boundary="?([^";\r\n]+)"?/.exec(raw)?.[1]
  const walk = (text: string, border: string | undefined): { type: string; head: string; body: Buffer }[] => {
    if (border === undefined) return []
    return text
      .split(`--${border}`)
      .slice(1, -1)
      .flatMap((part) => {
        const end = part.indexOf('\r\n\r\n')
        const head = part.slice(0, end)
        const content = part.slice(end + 4)
        const inner = /boundary="?([^";\r\n]+)"?/.exec(head)?.[1]
        if (inner !== undefined) return walk(content, inner)
        const type = /content-type: ([^;\r\n]+)/i.exec(head)?.[1] ?? ''
        return [{ type, head, body: decoded(content, head) }]
      })
  }
  return walk(raw, boundary)
}

function decoded(content: string, head: string): Buffer {
  if (/encoding: base64/i.test(head)) return Buffer.from(content, 'base64')
  if (!/encoding: quoted-printable/i.test(head)) return Buffer.from(content, 'utf8')
  const bytes = content
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
