import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { loadMailTemplates } from '../../src/mail/edge/load-templates.js'
import { Smtp } from '../../src/mail/edge/smtp.js'
import { isPermanent, retryAt, type Mail } from '../../src/mail/mail.js'
import { composeMail, parseMailTemplates, type MailValues } from '../../src/mail/message.js'
import { Outbox, SendingFailed } from '../../src/mail/outbox.js'
import type { Outcome } from '../../src/mail/store.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { FakeClock } from '../support/fake-clock.js'
import { headersOf, partsOf, startMailSink, type MailSink, type SunkMail } from '../support/mail-sink.js'
import { openOffice, type Office } from '../support/office.js'
import { askOwnPage } from '../support/own-page.js'
import { describeWithClients } from '../support/real-clients.js'
import { eventually } from '../support/server.js'

const exec = promisify(execFile)
const VALUES: MailValues = {
  name: 'Ann "Ä" <Berg>',
  number: '101',
  domain: 'pbx.example.com',
  addresses: 'pbx.example.com:5060',
  app: 'Linphone',
  uses: '2',
  until: 'Sunday',
  site: 'Default',
}
const TEXTS = { subject: 's', before: ['b {{app}}'], button: 'b', code: 'c', own: 'o', after: ['a'] }

interface Listed {
  id: string
  number: string
  state: string
  error?: string
  attempts: number
}

const textOf = (mail: SunkMail): string => String(partsOf(mail).find(({ type }) => type === 'text/plain')?.body)

describe('mails to people', () => {
  let sink: MailSink
  let office: Office

  beforeAll(async () => {
    sink = await startMailSink()
    office = await openOffice({
      PHONEBOOT_SMTP_URL: sink.url,
      PHONEBOOT_SMTP_FROM: 'Telephones <phones@example.com>',
      PHONEBOOT_SELF_SERVICE: 'look',
      // Links that were used are asked for again, all from one address.
      PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8',
      PHONEBOOT_PUBLISHED_ADDRESSES: 'office=127.0.0.1, internet=pbx.example.com sip:15060',
    })
  })

  afterAll(async () => {
    await office.stop()
    await sink.stop()
  })

  beforeEach(() => void sink.mails.splice(0))
  afterEach(() => sink.refuse(undefined))

  const list = (): Promise<Listed[]> => office.cli<Listed[]>('mail', 'list')

  test('whoever is added with an address gets a welcome mail with everything but the password', async () => {
    const added = await office.cli<{ password: string }>(
      ...['extension', 'add', '101', '--name', 'Ann Äther', '--email', 'ann@example.com'],
    )
    await eventually(() => expect(sink.mails).toHaveLength(1), 60_000)
    const [mail] = sink.mails
    if (!mail) throw new Error('no mail')
    expect(mail.to).toEqual(['ann@example.com'])
    const text = textOf(mail)
    expect(text).toContain('your extension is 101')
    expect(text).toContain('office: 127.0.0.1')
    expect(text).toContain('internet: pbx.example.com:15060')
    expect(text).toMatch(/https:\/\/127\.0\.0\.1:\d+\/s\/[0-9a-z]{32}/)
    expect(text).toMatch(/https:\/\/127\.0\.0\.1:\d+\/me\/start\/[0-9a-z]{32}/)
    const everything = partsOf(mail)
      .map(({ body }) => body.toString('latin1'))
      .join('\n')
    expect(everything).not.toContain(added.password)
    expect(everything).not.toMatch(/ha1|auth_pass/i)
    await eventually(async () => expect((await list())[0]).toMatchObject({ number: '101', state: 'sent' }))
  })

  test('fifty people get fifty different links, each leads to that person, once, and no further', async () => {
    for (let n = 0; n < 50; n += 1) {
      const number = String(200 + n)
      const person = { number, name: `Person ${n}`, email: `p${n}@example.com` }
      await office.installation.extensions.add('test', person)
    }
    await eventually(() => expect(sink.mails).toHaveLength(50), 60_000)
    const links = (path: string): Set<string> =>
      new Set(sink.mails.map((mail) => new RegExp(`/${path}([0-9a-z]{32})`).exec(textOf(mail))?.[1] ?? ''))
    expect(links('s/').size).toBe(50)
    expect(links('me/start/').size).toBe(50)
    expect(new Set(sink.mails.flatMap(({ to }) => to)).size).toBe(50)
    expect(await office.cli('mail', 'send', '--all')).toEqual([])
    const app = { headers: { 'User-Agent': 'LinphoneAndroid/6', 'X-Linphone-Provisioning': '1' } }
    for (const mail of sink.mails) {
      const number = String(200 + Number(/^p(\d+)@/.exec(mail.to[0] ?? '')?.[1]))
      const [start = '', code = ''] = ['me/start/', 's/'].map(
        (path) => new RegExp(`/${path}[0-9a-z]{32}`).exec(textOf(mail))?.[0] ?? '',
      )
      const opened = await eventually(async () => {
        const answer = await askOwnPage(office, start, { method: 'POST' })
        expect([number, answer.status]).toEqual([number, 303])
        return answer
      })
      expect((await askOwnPage(office, '/me/', { cookie: opened.cookie ?? '' })).body).toContain(number)
      const stranger = await askOwnPage(office, `/me/start/${'0'.repeat(32)}`, { method: 'POST' })
      expect(await askOwnPage(office, start, { method: 'POST' })).toEqual(stranger)
      // An app may fetch twice.
      const fetched = [await askOwnPage(office, code, app), await askOwnPage(office, code, app)]
      expect(fetched.map(({ status, body }) => [status, body.includes(`sip:${number}@`)])).toEqual([
        [200, true],
        [200, true],
      ])
      expect(await askOwnPage(office, code, app)).toEqual(await askOwnPage(office, '/unknown.cfg'))
    }
  })

  test('in a site that hides own pages no mail and no preview leads to one', async () => {
    const { extensions, settings, site, mails } = office.installation
    await extensions.add('test', { number: '390', name: 'No page' })
    expect((await mails.preview('390')).text).toContain('/me/start/')
    const place = { layer: 'site', owner: site.id } as const
    await settings.setAll('test', place, { hiddenFeatures: ['own-pages'] })
    expect((await mails.preview('390')).text).not.toContain('/me/start/')
    await extensions.update('test', '390', { email: 'nopage@example.com' })
    await office.cli('mail', 'send', '390')
    await eventually(() => expect(sink.mails.map(({ to }) => to)).toEqual([['nopage@example.com']]))
    expect(sink.mails.map(textOf).join()).not.toContain('/me/start/')
    expect(sink.mails.map(textOf).join()).toContain('/s/')
    await settings.setAll('test', place, { hiddenFeatures: null })
  })

  test('in a site that hides softphones no mail and no preview has a code: sent to one, to all, or once more', async () => {
    const { extensions, settings, site, mails, softphones } = office.installation
    const place = { layer: 'site', owner: site.id } as const
    await settings.setAll('test', place, { hiddenFeatures: ['softphones'] })
    const previews = await Promise.all([mails.preview('101'), mails.preview('101', { kind: 'set-up', language: 'de' })])
    sink.refuse({ code: 550, text: 'no such mailbox' })
    await office.cli('extension', 'add', '391', '--name', 'No app', '--email', 'noapp@example.com')
    const failed = await eventually(async () => {
      const [mail] = await list()
      expect(mail).toMatchObject({ number: '391', state: 'failed' })
      return mail
    })
    sink.refuse(undefined)
    await office.cli('mail', 'retry', failed?.id ?? '')
    await office.cli('mail', 'send', '391', '--kind', 'set-up')
    await extensions.add('test', { number: '392', name: 'One of all', email: 'all@example.com' })
    await mails.sendAll('test', {}, ['392'])
    await eventually(() => expect(sink.mails.flatMap(({ to }) => to)).toHaveLength(3), 60_000)
    for (const text of [...sink.mails.map(textOf), ...previews.map((one) => one.text)]) {
      expect(text).toMatch(/10?1|39[12]/)
      expect(text).toContain('/me/start/')
      expect(text).not.toMatch(/\/s\/|Linphone|code|scan/i)
    }
    expect(sink.mails.flatMap(partsOf).filter(({ type }) => type === 'image/png')).toEqual([])
    for (const number of ['391', '392']) expect(await softphones.list(number)).toEqual([])
    await settings.setAll('test', place, { hiddenFeatures: null })
    expect((await mails.preview('101')).text).toContain('/s/')
  })

  test('those that an import added get one when that is wanted, and nobody else', async () => {
    const { extensions, bulk, mails } = office.installation
    await extensions.add('test', { number: '400', name: 'Here before' })
    const csv = 'number,name,email\n400,Here before,old@example.com\n401,New,new@example.com\n402,Without,\n'
    const { id = '' } = await bulk.importCsv('test', Buffer.from(csv))
    const added = await bulk.addedPeople(id)
    expect([[...added], await mails.reachable(added)]).toEqual([['401', '402'], 1])
    expect(sink.mails).toEqual([])
    expect(await office.cli('mail', 'send', '--import', id)).toMatchObject([{ state: 'waiting', kind: 'welcome' }])
    await eventually(() => expect(sink.mails.map(({ to }) => to)).toEqual([['new@example.com']]))
    expect(await mails.sendAll('test', {}, added)).toEqual([])
  })

  test('a refusal for good is not tried again, can be retried by hand, and leaves no account behind', async () => {
    sink.refuse({ code: 550, text: 'no such mailbox' })
    await office.cli('extension', 'add', '301', '--name', 'Bea', '--email', 'bea@example.com')
    const failed = await eventually(async () => {
      const [mail] = await list()
      expect(mail).toMatchObject({ number: '301', state: 'failed', attempts: 1 })
      return mail
    })
    expect(failed?.error).toContain('no such mailbox')
    expect(await office.cli('softphone', 'list', '301')).toEqual([])
    sink.refuse(undefined)
    await office.cli('mail', 'retry', failed?.id ?? '')
    await eventually(() => expect(sink.mails).toHaveLength(1), 60_000)
  })

  test('a passing refusal is tried again later, and says why it waits', async () => {
    sink.refuse({ code: 451, text: 'try again later' })
    await office.cli('extension', 'add', '302', '--name', 'Cid', '--email', 'cid@example.com')
    await eventually(async () =>
      expect((await list())[0]).toMatchObject({ number: '302', state: 'waiting', attempts: 1 }),
    )
    expect((await list())[0]?.error).toContain('try again later')
  })

  test('in German when that is asked for; a preview opens nothing and sends nothing', async () => {
    const before = await office.cli<unknown[]>('softphone', 'list', '101')
    const preview = await office.cli<{ subject: string; text: string; to: string }>(
      ...['mail', 'preview', '101', '--language', 'de', '--kind', 'set-up'],
    )
    expect(preview).toMatchObject({ to: 'ann@example.com', subject: 'Neue Einrichtung für Ihre Nebenstelle 101' })
    expect(preview.text).not.toMatch(/\/s\/[0-9a-z]{32}/)
    expect(await office.cli<unknown[]>('softphone', 'list', '101')).toHaveLength(before.length)
    expect(sink.mails).toHaveLength(0)
    await office.cli('mail', 'send', '101', '--language', 'de')
    await eventually(() => expect(sink.mails).toHaveLength(1), 60_000)
    expect(headersOf(sink.mails[0] ?? { to: [], raw: '' }).join('\n')).toMatch(/Subject: .*Ihre Nebenstelle 101/)
  })

  describeWithClients('the code in a mail', { zbarimg: 'zbar-tools' }, () => {
    test('is a picture within it that leads to the same page as the button', async () => {
      await office.cli('mail', 'send', '101')
      await eventually(() => expect(sink.mails).toHaveLength(1), 60_000)
      const [mail] = sink.mails
      if (!mail) throw new Error('no mail')
      const picture = partsOf(mail).find(({ type }) => type === 'image/png')
      expect(picture?.head).toMatch(/Content-Id: <code@phoneboot>/i)
      expect(picture?.head).toMatch(/Content-Disposition: inline/i)
      const html = String(partsOf(mail).find(({ type }) => type === 'text/html')?.body)
      expect(html).toContain('src="cid:code@phoneboot"')
      expect(html).not.toMatch(/<img[^>]+src="http/)
      const file = join(office.folder, 'code.png')
      await writeFile(file, picture?.body ?? '')
      const url = (await exec('zbarimg', ['-q', '--raw', file])).stdout.trim()
      expect(textOf(mail)).toContain(url)
    })
  })
})

test('without an SMTP server a mail is kept as not sent, which is no error', async () => {
  const office = await openOffice()
  try {
    await office.cli('extension', 'add', '101', '--name', 'Ann', '--email', 'ann@example.com')
    expect(await office.cli<Listed[]>('mail', 'list')).toMatchObject([
      { number: '101', state: 'not-sent', error: 'no SMTP server is configured (PHONEBOOT_SMTP_URL)' },
    ])
    await office.cli('extension', 'add', '102', '--name', 'Bob')
    await expect(office.cli('mail', 'send', '102')).rejects.toThrow(/no e-mail address/)
    expect(office.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  } finally {
    await office.stop()
  }
})

describe('what a mail is made of', () => {
  const templates = loadMailTemplates()

  test('a name can neither begin a header nor be markup', async () => {
    const sink = await startMailSink()
    try {
      const hostile = 'Eve\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>'
      const message = composeMail(
        templates,
        'welcome',
        'en',
        { ...VALUES, name: hostile, number: `1\r\nBcc: x@y.z` },
        { url: 'https://h/s/x' },
      )
      const smtp = new Smtp({ url: sink.url, from: 'phones@example.com' })
      await smtp.send({ to: { name: hostile, address: 'eve@example.com' }, message, qr: Buffer.from('x') })
      await smtp.close()
      const [mail] = sink.mails
      if (!mail) throw new Error('no mail')
      expect(mail.to).toEqual(['eve@example.com'])
      expect(headersOf(mail).filter((line) => /^bcc:/i.test(line))).toEqual([])
      const html = String(partsOf(mail).find(({ type }) => type === 'text/html')?.body)
      expect(html).not.toContain('<script>')
      expect(message.subject).not.toMatch(/[\r\n]/)
    } finally {
      await sink.stop()
    }
  })

  test('each kind is there in each language, with number, domain and addresses', () => {
    for (const language of ['en', 'de'] as const) {
      const { subject, text, html } = composeMail(templates, 'welcome', language, VALUES, { url: 'https://h/s/x' })
      expect(subject).toContain('101')
      for (const value of ['101', 'pbx.example.com', 'Linphone', 'https://h/s/x']) expect(text).toContain(value)
      expect(html).toContain('Ann &quot;Ä&quot; &lt;Berg&gt;')
      expect(composeMail(templates, 'set-up', language, VALUES, { url: 'u' }).text).toContain('101')
    }
  })

  test("an operator's texts from before sites could hide softphones go on working, without a code as shipped", () => {
    const own = JSON.stringify({ en: TEXTS, de: TEXTS })
    const shipped = readFileSync('device-templates/mail/welcome.yaml', 'utf8')
    const both = parseMailTemplates([
      ['welcome', shipped],
      ['welcome', own],
    ])
    expect(composeMail(both, 'welcome', 'en', VALUES, { url: 'u' }).text).toContain('b Linphone')
    expect(composeMail(both, 'welcome', 'en', VALUES).text).toContain('your extension is 101')
    expect(() => parseMailTemplates([['welcome', own]])).toThrow('mail/welcome.yaml: withoutCode is missing')
  })

  test('the password of the SMTP server is in no message', async () => {
    const smtp = new Smtp({ url: 'smtp://phones:hunter2@127.0.0.1:9', from: 'phones@example.com' })
    const message = { subject: 's', text: 't', html: 'h' }
    const sent = smtp.send({ to: { name: 'a', address: 'a@example.com' }, message, qr: Buffer.alloc(1) })
    await expect(sent).rejects.toThrow(SendingFailed)
    await expect(sent).rejects.not.toThrow(/hunter2/)
    await smtp.close()
  })
})

describe('the queue', () => {
  const mail: Mail = {
    ...{ id: 'm1', siteId: 's', extensionId: 'e1', kind: 'welcome', language: 'en', state: 'waiting' },
    ...{ attempts: 0, nextAt: 0, createdBy: 'test', createdAt: 0 },
  }

  test('a mail is tried five times more, later each time, then it has failed', async () => {
    const clock = new FakeClock()
    const outcomes: Outcome[] = []
    let attempts = 0
    const outbox = new Outbox({
      store: {
        due: () => Promise.resolve([{ ...mail, attempts }]),
        note: (_id, outcome) => {
          outcomes.push(outcome)
          attempts += 1
          return Promise.resolve()
        },
        prune: () => Promise.resolve(0),
      },
      clock,
      log: SILENT_LOG,
      send: () => Promise.reject(new SendingFailed('busy', 451)),
    })
    for (let n = 0; n < 6; n += 1) await outbox.turn()
    const waits = outcomes.map((one) => (one.state === 'waiting' ? (one.nextAt - clock.now()) / 60_000 : one.state))
    expect(waits).toEqual([1, 5, 15, 60, 240, 'failed'])
  })

  test('one that was sent while nothing can be written down is not sent again', async () => {
    const clock = new FakeClock()
    let isFull = true
    const [sent, noted]: [string[], Outcome[]] = [[], []]
    const outbox = new Outbox({
      store: {
        due: () => Promise.resolve(noted.length > 0 ? [] : [mail]),
        note: (_id, outcome) => {
          if (isFull) return Promise.reject(new Error('ENOSPC'))
          noted.push(outcome)
          return Promise.resolve()
        },
        prune: () => Promise.resolve(0),
      },
      ...{ clock, log: SILENT_LOG },
      send: ({ id }) => Promise.resolve(sent.push(id)).then(() => 'ann@example.com'),
    })
    for (let n = 0; n < 5; n += 1) await outbox.turn()
    isFull = false
    await outbox.turn()
    expect([sent, noted]).toEqual([['m1'], [{ state: 'sent', at: clock.now(), address: 'ann@example.com' }]])
  })

  test('only refusals of 5xx are for good', () => {
    expect([undefined, 421, 451, 500, 550, 600].map(isPermanent)).toEqual([false, false, false, true, true, false])
    expect(retryAt(6, 0)).toBeUndefined()
  })
})
