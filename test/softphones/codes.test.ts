import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { readExtensions } from '../../src/snapshot/edge/read-records.js'
import { openOffice, type Office } from '../support/office.js'
import { eventually } from '../support/server.js'

interface Got {
  status: number
  headers: Record<string, unknown>
  body: string
}

interface Code {
  id: string
  url: string
  text: string
}

const BROWSER = { 'User-Agent': 'Mozilla/5.0 (iPhone)', Accept: 'text/html,application/xhtml+xml' }
/** Linphone before 5.3 sends nothing else. */
const LINPHONE = { 'User-Agent': 'Unknown' }

/** One request with these headers and no others, as apps send them. */
function ask(url: string, headers: Record<string, string> = LINPHONE, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:')
    const options = { method, headers, ...(secure ? { agent: new Agent({ rejectUnauthorized: false }) } : {}) }
    const sent = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => {
        const rest = { ...response.headers }
        delete rest.date
        resolve({ status: response.statusCode ?? 0, headers: rest, body })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('codes of softphones', () => {
  let office: Office

  beforeAll(async () => {
    office = await openOffice({ PHONEBOOT_MAX_REFUSALS: '1000000', PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
    await office.cli('extension', 'add', '101', '--name', 'Ann')
  })

  afterAll(() => office.stop())

  async function code(...more: string[]): Promise<Code> {
    const made = await office.cli<Code>('softphone', 'qr', '101', '--app', 'linphone', '--http', ...more)
    await eventually(async () => expect((await ask(made.url, {}, 'HEAD')).status).toBe(200))
    return made
  }

  const usesLeft = async (id: string): Promise<number | undefined> =>
    (await office.cli<{ id: string; codes: { usesLeft: number }[] }[]>('softphone', 'list', '101')).find(
      (one) => one.id === id,
    )?.codes[0]?.usesLeft

  test('a used, revoked, expired, guessed or cut one gets what any unknown file gets, byte for byte', async () => {
    const base = `http://127.0.0.1:${office.ports.http}`
    const stranger = await ask(`${base}/001565ffffff.cfg`)
    expect(stranger).toMatchObject({ status: 404, body: 'Not Found\n' })
    const used = await code('--uses', '1')
    expect((await ask(used.url)).status).toBe(200)
    await eventually(async () => expect(await ask(used.url, BROWSER)).toEqual(stranger))
    const revoked = await code()
    await office.cli('softphone', 'revoke', revoked.id)
    await eventually(async () => expect((await ask(revoked.url)).status).toBe(404))
    const expired = await code('--minutes', '1')
    await office.installation.databases.main('softphone_tokens').update({ expires_at: 1 }).where({ uses_left: 2 })
    await office.installation.databases.main('change_feed').insert({ at: 1, topic: 'all', key: '' })
    await eventually(async () => expect((await ask(expired.url, {}, 'HEAD')).status).toBe(404))
    const guesses = [
      ...[used.url, revoked.url, expired.url, used.url.slice(0, -1), `${used.url}x`, `${used.url}/values`],
      ...[`${base}/s/`, `${base}/s/${'0'.repeat(32)}`, `${base}/s/%2e%2e/x`, used.url.toUpperCase()],
    ]
    for (const guess of guesses) {
      expect([guess, await ask(guess.replace(/^HTTP:/, 'http:'))]).toEqual([guess, stranger])
      expect((await ask(guess.replace(/^HTTP:/, 'http:'), {}, 'HEAD')).status).toBe(404)
    }
  })

  test('opens as often as it says, and of many at once not once more', async () => {
    const { url, id } = await code('--uses', '3')
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(url)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(3).fill(200), ...Array(9).fill(404)])
    expect(await usesLeft(id)).toBe(0)
  })

  test('is not used up by HEAD, browsers, cameras and programs that look at links', async () => {
    const { url, id } = await code('--uses', '1')
    const lookers: Record<string, string>[] = [
      BROWSER,
      { ...BROWSER, 'User-Agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' },
      { 'User-Agent': 'Slackbot-LinkExpanding 1.0', Accept: '*/*' },
      { 'User-Agent': 'WhatsApp/2.23.20.0', Accept: '*/*' },
      { 'User-Agent': 'facebookexternalhit/1.1', Accept: '*/*' },
      { 'User-Agent': 'Mozilla/5.0 (compatible; Mail scanner)', Accept: '*/*' },
      { 'User-Agent': 'TelegramBot (like TwitterBot)' },
      { 'User-Agent': 'Microsoft Office/16.0 SkypeUriPreview Preview/0.5', Accept: '*/*' },
      { 'User-Agent': 'SomeApp/1', Purpose: 'prefetch' },
      { 'User-Agent': 'python-requests/2.31', Accept: '*/*' },
      { 'User-Agent': 'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0; Pro)', Accept: '*/*' },
      { 'User-Agent': 'Rocket.Chat/7.0.0', Accept: '*/*' },
      { 'User-Agent': 'http.rb/5.1.1 (Mastodon/4.2.1; +https://social.example/)' },
    ]
    for (const headers of lookers) {
      const { status, body, headers: got } = await ask(url, headers)
      expect([headers['User-Agent'], status, got['content-type']]).toEqual([
        ...[headers['User-Agent'], 200, 'text/html; charset=utf-8'],
      ])
      expect(body).toContain('linphone-config:http://127.0.0.1')
    }
    expect((await ask(url, LINPHONE, 'HEAD')).status).toBe(200)
    expect(await usesLeft(id)).toBe(1)
    const { status, headers, body } = await ask(url, {
      'User-Agent': 'LinphoneAndroid/6',
      Accept: 'text/html',
      'X-Linphone-Provisioning': '1',
    })
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/xml; charset=utf-8',
      'no-store',
    ])
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)))
    expect(headers['transfer-encoding']).toBeUndefined()
    expect(await usesLeft(id)).toBe(0)
  })

  test('the page holds no secret before somebody asks for it, and that counts', async () => {
    const made = await office.cli<Code>('softphone', 'qr', '101', '--app', 'telephone', '--http', '--uses', '1')
    await eventually(async () => expect((await ask(made.url, BROWSER)).status).toBe(200))
    const page = await ask(made.url, { ...BROWSER, 'Accept-Language': 'de' })
    expect(page.body).toContain('Telephone einrichten')
    expect(page.body).not.toMatch(/data-copy/)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    const values = await ask(`${made.url}/values`, BROWSER, 'POST')
    expect(values.status).toBe(200)
    const password = /Password<\/dt><dd><span[^>]*>([^<]+)</.exec(values.body)?.[1] ?? ''
    expect(password).toMatch(/^[A-Za-z0-9]{20}$/)
    const stranger = await ask(`${made.url.slice(0, -1)}0/values`, BROWSER, 'POST')
    expect(await ask(`${made.url}/values`, BROWSER, 'POST')).toEqual(stranger)
    expect(stranger.status).toBe(405)
  })

  test('a file is downloaded by a form of the page, as the app wants it', async () => {
    const made = await office.cli<Code>('softphone', 'qr', '101', '--app', 'microsip', '--http')
    await eventually(async () => expect((await ask(made.url, BROWSER)).status).toBe(200))
    const { headers } = await ask(`${made.url}/file`, BROWSER, 'POST')
    expect(headers['content-disposition']).toBe('attachment; filename="MicroSIP.ini"')
  })

  test('older Bria and Jitsi ask by POST', async () => {
    for (const [app, told] of [
      ['bria', /^\[DATA\]\r\nSuccess=1\r\n[\s\S]*\r\n$/],
      ['jitsi', /^provisioning\.ALLOW_PREFIX=/],
    ] as const) {
      const made = await office.cli<Code>('softphone', 'qr', '101', '--app', app, '--http')
      await eventually(async () => expect((await ask(made.url, {}, 'HEAD')).status).toBe(200))
      const { status, body } = await ask(made.url, { 'User-Agent': 'App/1' }, 'POST')
      expect([app, status]).toEqual([app, 200])
      expect(body).toMatch(told)
    }
  })

  test('is known by its SHA-256 only, and is in no log and no event', async () => {
    const { url } = await code()
    const token = url.slice(-32)
    await ask(url)
    await ask(`${url}/x/y`)
    const { main, live } = office.installation.databases
    expect(await main('softphone_tokens').where({ token_hash: sha256Hex(token) })).toHaveLength(1)
    for (const table of ['softphones', 'softphone_tokens', 'audit_log', 'change_feed']) {
      expect(JSON.stringify(await main(table))).not.toContain(token)
    }
    await eventually(async () => expect(JSON.stringify(await live('stranger_requests'))).toContain('/s/[token]/x/y'))
    expect(JSON.stringify(await live('provisioning_events'))).not.toContain(token)
    expect(JSON.stringify(await live('stranger_requests'))).not.toContain(token)
    expect(JSON.stringify(office.log.lines.map(({ message }) => message))).not.toContain(token)
  })

  test('by HTTPS too, and an account that nobody fetched is forgotten after 30 days', async () => {
    const made = await office.cli<Code>('softphone', 'qr', '101', '--app', 'linphone')
    expect(made.url).toMatch(/^https:/)
    await eventually(async () => expect((await ask(made.url, {}, 'HEAD')).status).toBe(200))
    const { store } = office.installation.allSoftphones
    const later = Date.now() + 40 * 86_400_000
    const before = await readExtensions(office.installation.databases.main, (q) => q.where({ number: '101' }))
    const fetched = before[0]?.softphones?.length ?? 0
    expect(await store.prune(later - 30 * 86_400_000, later)).toBeGreaterThan(0)
    const after = await readExtensions(office.installation.databases.main, (q) => q.where({ number: '101' }))
    expect(after[0]?.softphones?.length ?? 0).toBeLessThan(fetched)
    expect(after[0]?.softphones?.some(({ id }) => id === made.id)).toBe(false)
  })
})

test('who guesses codes is not heard any more after a while', async () => {
  const office = await openOffice()
  try {
    const base = `http://127.0.0.1:${office.ports.http}/s/`
    const answers: number[] = []
    for (let n = 0; n < 150 && answers.at(-1) !== 429; n += 1) {
      answers.push(
        await ask(`${base}${String(n).padStart(32, '0')}`).then(
          ({ status }) => status,
          () => 429,
        ),
      )
    }
    expect(answers.at(-1)).toBe(429)
    expect(answers.length).toBeGreaterThan(40)
    await eventually(async () =>
      expect(JSON.stringify(await office.cli('bans', 'list'))).toMatch(/codes of softphones|files that are not here/),
    )
  } finally {
    await office.stop()
  }
})
