import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { loadMailTemplates } from '../../src/mail/edge/load-templates.js'
import { BanNotices } from '../../src/mail/ban-notices.js'
import { MAIL_LANGUAGES, NOTICE_KINDS } from '../../src/mail/mail.js'
import { composeMail } from '../../src/mail/message.js'
import { FakeClock } from '../support/fake-clock.js'
import { headersOf, startMailSink, type MailSink, type SunkMail } from '../support/mail-sink.js'
import { openOffice, type Office } from '../support/office.js'
import { eventually } from '../support/server.js'

interface Listed {
  id: string
  number?: string
  kind: string
  state: string
  address?: string
}

const subjectOf = (mail: SunkMail): string =>
  headersOf(mail)
    .find((line) => line.startsWith('Subject: '))
    ?.slice('Subject: '.length) ?? ''

describe('notices by mail', () => {
  let sink: MailSink
  let office: Office
  const MAC = '80:5e:c0:00:08:01'

  beforeAll(async () => {
    sink = await startMailSink()
    office = await openOffice({
      PHONEBOOT_SMTP_URL: sink.url,
      PHONEBOOT_SMTP_FROM: 'phones@example.com',
      PHONEBOOT_WELCOME_MAIL: 'off',
    })
    await office.cli('extension', 'add', '101', '--name', 'Ann', '--email', 'ann@example.com')
    await office.cli('extension', 'add', '102', '--name', 'Bob', '--email', 'bob@example.com')
    await office.cli('extension', 'add', '103', '--name', 'Cid')
  }, 60_000)
  afterAll(async () => {
    await office.stop()
    await sink.stop()
  })
  afterEach(() => void sink.mails.splice(0))

  const got = (): string[][] => sink.mails.map((mail) => [mail.to.join(), subjectOf(mail)]).sort()
  /** A last change, whose mail comes after all others. */
  const andNothingElse = async (expected: string[][]): Promise<void> => {
    await office.installation.extensions.resetPassword('test', '102')
    const last = ['bob@example.com', 'The telephone password of your extension 102 was replaced']
    await eventually(() => expect(got()).toEqual([...expected, last].sort()), 30_000)
  }

  test('a new phone is told to the person on its line, by whichever way it was added, and to nobody without an address', async () => {
    await office.cli('device', 'add', MAC, '--model', 'yealink/t21p-e2', '--line', '101')
    const { devices } = office.installation
    const lines = [{ extension: '103' }, { extension: '102' }, { extension: '102' }]
    await devices.add('web:anna', { mac: '805ec0000802', model: 'yealink/t28p', lines })
    await devices.addLine('web:anna', '805ec0000802', { extension: '101' })
    const added = (number: string) => `A phone was added to your extension ${number}`
    await andNothingElse([
      ['ann@example.com', added('101')],
      ['ann@example.com', added('101')],
      ['bob@example.com', added('102')],
    ])
    const [mail] = sink.mails.filter(({ raw }) => raw.includes(MAC))
    expect(mail?.raw).toContain('T21P E2')
    expect(mail?.raw).not.toContain('image/png')
  }, 60_000)

  test('a replaced password and a lost phone are told, with no password in the mail; the lost one also to admins who want it', async () => {
    const { extensions, devices, settings } = office.installation
    await settings.set('test', { layer: 'global', owner: '', key: 'adminNoticeAddress' }, 'it@example.com')
    const own = await extensions.resetPassword('web:anna', '101')
    const line = await devices.resetLinePassword('web:anna', MAC, 1, 'fetched')
    await devices.reportLost('web:anna', MAC)
    await andNothingElse([
      ['ann@example.com', 'The telephone password of your extension 101 was replaced'],
      ['ann@example.com', 'The telephone password of your extension 101 was replaced'],
      ['ann@example.com', 'Your phone was reported lost'],
      ['it@example.com', expect.stringMatching(/^Reported lost: .*T21P E2 \(80:5e:c0:00:08:01\)$/) as never],
    ])
    const all = sink.mails.map(({ raw }) => raw).join('\n')
    for (const secret of [own, line]) expect(all).not.toContain(secret.reveal())
    const toAdmin = sink.mails.find(({ to }) => to.includes('it@example.com'))
    expect(toAdmin?.raw).toContain('101 Ann')
    expect(await office.cli<Listed[]>('mail', 'list')).toContainEqual(
      expect.objectContaining({ kind: 'admin-phone-lost', state: 'sent', address: 'it@example.com' }),
    )
  }, 60_000)

  test('a code for a softphone is told, but not the one that came by mail', async () => {
    const { softphones, mails } = office.installation
    await softphones.create('web:anna', '101', { app: 'linphone' })
    await mails.send('test', '101', { kind: 'set-up' })
    await andNothingElse([
      ['ann@example.com', 'A softphone for your extension 101'],
      ['ann@example.com', 'New set-up for your extension 101'],
    ])
  }, 60_000)

  test('an import of people and phones sends nothing, nor does anybody get mail who wants none', async () => {
    const { bulk, settings, extensions } = office.installation
    const rows = Array.from(
      { length: 20 },
      (_, n) => `${300 + n},P ${n},p${n}@example.com,805ec00003${n + 10},yealink/t21p-e2`,
    )
    const { id = '' } = await bulk.importCsv(
      'web:anna',
      Buffer.from(['number,name,email,mac,model', ...rows].join('\n')),
    )
    expect((await bulk.addedPeople(id)).size).toBe(20)
    const ann = await extensions.show('101')
    await settings.set('test', { layer: 'extension', owner: ann.extension.id, key: 'notifyByEmail' }, false)
    await extensions.resetPassword('web:anna', '101')
    await andNothingElse([])
    await settings.unset('test', { layer: 'extension', owner: ann.extension.id, key: 'notifyByEmail' })
  }, 60_000)

  test('one that was refused for good is listed with the reason, and sent again by hand', async () => {
    sink.refuse({ code: 550, text: 'no such mailbox' })
    await office.installation.extensions.resetPassword('web:anna', '101')
    const failed = await eventually(async () => {
      const [mail] = await office.cli<Listed[]>('mail', 'list')
      expect(mail).toMatchObject({ number: '101', kind: 'password-reset', state: 'failed' })
      return mail
    })
    sink.refuse(undefined)
    await office.cli('mail', 'retry', failed?.id ?? '')
    await eventually(() => expect(got()).toHaveLength(1), 30_000)
  }, 60_000)

  test('a preview shows each in each language, and cannot be sent by hand', async () => {
    for (const kind of NOTICE_KINDS) {
      for (const language of MAIL_LANGUAGES) {
        const { subject } = await office.installation.mails.preview('101', { kind, language })
        expect(subject.length).toBeGreaterThan(10)
      }
    }
    await expect(office.cli('mail', 'send', '101', '--kind', 'phone-lost')).rejects.toThrow(/none of welcome, set-up/)
  })
})

test('what happens while no server runs is told at the next start, once; without an SMTP server it is seen as not sent', async () => {
  const office = await openOffice({ PHONEBOOT_WELCOME_MAIL: 'off' })
  try {
    await office.cli('extension', 'add', '101', '--name', 'Ann', '--email', 'ann@example.com')
    await office.restart(() => office.cli('extension', 'reset-password', '101'))
    const list = () => office.cli<Listed[]>('mail', 'list')
    await eventually(async () => expect(await list()).toHaveLength(1), 30_000)
    await office.restart()
    await office.cli('extension', 'reset-password', '101')
    const kept = { number: '101', kind: 'password-reset', state: 'not-sent' }
    await eventually(async () => expect(await list()).toMatchObject([kept, kept]), 30_000)
    expect(office.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  } finally {
    await office.stop()
  }
}, 60_000)

test('sources that were banned are told once an hour, and only where an address is set for all sites', async () => {
  const clock = new FakeClock()
  const values = new Map<string, unknown>()
  let last: number | undefined
  let bans = [{ who: '192.0.2.7', username: '', since: clock.now() - 60_000 }]
  const notices = new BanNotices({
    snapshot: {
      layer: (layer) => ({ revision: 1, values: layer === 'global' ? values : new Map() }),
      defaultSite: () => ({ id: 's1' }) as never,
    },
    bans: () => Promise.resolve(bans as never),
    lastMail: () => Promise.resolve(last),
    clock,
  })
  const later = async (minutes: number) => {
    clock.advance(minutes * 60_000)
    const due = await notices.due()
    if (due.length > 0) last = clock.now()
    return due.map(({ address, siteId, about }) => [address, siteId, about.what])
  }
  expect(await later(1)).toEqual([])
  values.set('adminNoticeAddress', 'it@example.com')
  expect(await later(1)).toEqual([['it@example.com', 's1', '192.0.2.7']])
  expect(await notices.due()).toEqual([])
  bans = Array.from({ length: 8 }, (_, n) => ({ who: `192.0.2.${n}`, username: '', since: clock.now() + 1 }))
  expect(await later(30)).toEqual([])
  expect((await later(31))[0]?.[2]).toMatch(/^192\.0\.2\.0, .*192\.0\.2\.4, \+3$/)
  expect(await later(61)).toEqual([])
  values.set('adminNotices', ['phone-lost'])
  bans = bans.map((ban) => ({ ...ban, since: clock.now() }))
  expect(await later(61)).toEqual([])
})

test('nothing that is said in a notice can be markup, or begin a header', () => {
  const hostile = 'T21\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>'
  const values = { name: hostile, number: '1', what: hostile, when: '', by: hostile, people: hostile, site: '' }
  for (const kind of NOTICE_KINDS) {
    const { subject, html } = composeMail(loadMailTemplates(), kind, 'en', values)
    expect(subject).not.toMatch(/[\r\n]/)
    expect(html).not.toContain('<script>')
  }
})
