import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { randomText } from '../../src/domain/random.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { tftpGet } from '../../src/tftp/edge/client.js'
import { exchange } from '../support/phone-http.js'
import {
  accountsIn,
  fetchUrl,
  registerAccount,
  servedAccount,
  VENDOR_PHONES,
  vendorPhonesCsv,
} from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

/** The server notices what a command did within this time. */
const NOTICED_WITHIN_MS = 1_000

const [YEALINK, SNOM, GRANDSTREAM] = VENDOR_PHONES

interface DeviceJson {
  mac: string
  model: string
  state: string
  lines: { extension: string; authUser: string; registered: boolean }[]
  lastSeen?: string
  lastSeenIp?: string
  firmware?: string
  registered: boolean
}

let installation: TestInstallation
let server: ServerProcess

beforeAll(async () => {
  installation = await TestInstallation.create()
  server = await installation.serve()
  // While the server runs: it must notice.
  await installation.import(vendorPhonesCsv())
  await eventually(async () => expect((await fetchUrl(`${server.http}/${YEALINK.file}`)).status).toBe(200))
})

afterAll(() => installation.remove())

const noticed = <T>(check: () => Promise<T>): Promise<T> => eventually(check, NOTICED_WITHIN_MS)

async function listed(mac: string): Promise<DeviceJson> {
  const found = (await installation.cli<DeviceJson[]>('device', 'list')).find((device) => device.mac === mac)
  if (!found) throw new Error(`${mac} is not listed`)
  return found
}

const boundAors = async (): Promise<string[]> =>
  (await installation.cli<{ aor: string }[]>('registrations')).map(({ aor }) => aor)

describe('one config, whichever way it is asked for', () => {
  test.each(VENDOR_PHONES)(
    '$vendor: HTTP, HTTPS, TFTP, under its token, and `render` give the same bytes',
    async (phone) => {
      const { body, headers } = await fetchUrl(`${server.http}/${phone.file}`)
      const rendered = await installation.cli<{ file: string; text: string }[]>(
        ...['render', phone.mac, phone.file, '--show-secrets', '--host', '127.0.0.1'],
      )
      const { token } = await installation.cli<{ token: string }>('device', 'show', phone.mac, '--show-secrets')
      const secure = await fetchUrl(`https://127.0.0.1:${server.ports.https}/${phone.file}`)
      const byToken = await fetchUrl(`${server.http}/${token}/${phone.file}`)
      const byTftp = await tftpGet({ host: '127.0.0.1', port: server.ports.tftp, file: phone.file })
      const byTftpToken = await tftpGet({ host: '127.0.0.1', port: server.ports.tftp, file: `${token}/${phone.file}` })
      const text = body.toString('utf8')
      expect(accountsIn(phone.vendor, body)).toHaveLength(1)
      expect(rendered).toEqual([{ file: phone.file, text }])
      expect([secure.status, secure.body.toString('utf8')]).toEqual([200, text])
      expect([byToken.status, byToken.body.toString('utf8')]).toEqual([200, text])
      expect(byTftp.toString('utf8')).toBe(text)
      expect(byTftpToken.toString('utf8')).toBe(text)
      expect(secure.headers.etag).toBe(headers.etag)
      expect(text).toContain(token)
    },
  )

  test('`render` without --show-secrets shows no password and no token', async () => {
    const account = await servedAccount('yealink', `${server.http}/${YEALINK.file}`)
    const { token } = await installation.cli<{ token: string }>('device', 'show', YEALINK.mac, '--show-secrets')
    const { stdout } = await installation.runHere(['render', YEALINK.mac])
    expect(stdout).toContain(account.authUser)
    expect(stdout).not.toContain(account.password.reveal())
    expect(stdout).not.toContain(token)
  })

  test('common files are rendered and served alike', async () => {
    const all = await installation.cli<{ file: string; text: string }[]>('render', YEALINK.mac, '--host', '127.0.0.1')
    const common = all.find(({ file }) => file === 'y000000000052.cfg')
    const { status, body } = await fetchUrl(`${server.http}/y000000000052.cfg`)
    expect([status, body.toString('utf8')]).toEqual([200, common?.text])
  })
})

describe('a boot, as the operator sees it', () => {
  test('phones come up Registered by HTTP and TFTP; list, registrations and events tell so', async () => {
    const phones = VENDOR_PHONES.map(({ mac, model }, index) => ({
      mac: mac as Mac,
      model,
      transport: index === 1 ? ('tftp' as const) : ('http' as const),
      localAddress: `127.0.9.${index + 1}`,
    }))
    const { http: httpPort, tftp: tftpPort } = server.ports
    const running = simulate({ phones, server: { address: '127.0.0.1', httpPort, tftpPort }, keepRegistered: true })
    try {
      expect(await running.settled).toMatchObject({ registered: 3, failed: 0 })
      await eventually(async () => {
        const list = await installation.cli<DeviceJson[]>('device', 'list')
        expect(list).toEqual(
          [...VENDOR_PHONES]
            .sort((a, b) => (a.mac < b.mac ? -1 : 1))
            .map((phone) =>
              expect.objectContaining({
                mac: phone.mac,
                model: phone.model,
                registered: true,
                lastSeen: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
                lastSeenIp: `127.0.9.${VENDOR_PHONES.indexOf(phone) + 1}`,
                firmware: expect.stringMatching(/^\d+\.\d+/),
                lines: [
                  expect.objectContaining({
                    extension: String(101 + VENDOR_PHONES.indexOf(phone)),
                    authUser: expect.any(String),
                    registered: true,
                  }),
                ],
              }),
            ),
        )
      }, 10_000)
      const served = await servedAccount('yealink', `${server.http}/${YEALINK.file}`)
      expect((await listed(YEALINK.mac)).lines[0]?.authUser).toBe(served.authUser)
      expect(await installation.cli('registrations')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            aor: '101@phoneboot',
            received: expect.stringMatching(/^127\.0\.9\.1:\d+$/),
            userAgent: expect.stringContaining('Yealink'),
            expiresInSeconds: expect.any(Number),
          }),
        ]),
      )
      const events = await installation.cli<{ path: string; outcome: string }[]>('device', 'events', SNOM.mac)
      expect(events).toContainEqual(
        expect.objectContaining({
          transport: 'tftp',
          peer: '127.0.9.2',
          path: SNOM.file,
          outcome: 'served',
          bytes: expect.any(Number),
          micros: expect.any(Number),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        }),
      )
    } finally {
      await running.stop({ unregister: true })
    }
    await eventually(async () => expect(await boundAors()).toEqual([]))
  })
})

describe('changes by commands, noticed within a second', () => {
  const device = async (mac: string, extension: string): Promise<string> => {
    await installation.cli('extension', 'add', extension, '--name', `Person ${extension}`)
    await installation.cli('device', 'add', mac, '--model', 'yealink/t21p-e2', '--line', extension)
    return `${server.http}/${mac}.cfg`
  }

  test('a phone that is added gets its config; one that is removed gets a cleared file', async () => {
    const url = await device('805ec0000011', '111')
    const { body } = await noticed(async () => {
      const answer = await fetchUrl(url)
      expect(answer.status).toBe(200)
      return answer
    })
    expect(accountsIn('yealink', body)).toMatchObject([{ user: '111' }])
    await installation.cli('device', 'remove', '805ec0000011')
    const cleared = await noticed(async () => {
      const answer = await fetchUrl(url)
      expect(accountsIn('yealink', answer.body)).toEqual([])
      return answer
    })
    expect(cleared.status).toBe(200)
    expect(cleared.body.toString('utf8')).not.toContain(accountsIn('yealink', body)[0]?.password.reveal())
  })

  test('a blocked phone gets nothing, its binding goes, its REGISTER is refused; approved, it works again', async () => {
    const url = await device('805ec0000012', '112')
    const account = await noticed(() => servedAccount('yealink', url))
    const registration = await registerAccount(account, server.ports.sip)
    expect(await boundAors()).toContain('112@phoneboot')
    await installation.cli('device', 'block', '805ec0000012')
    await noticed(async () => expect((await fetchUrl(url)).status).toBe(404))
    await expect(registerAccount(account, server.ports.sip)).rejects.toMatchObject({ kind: 'register-refused' })
    await expect(registration.refresh()).rejects.toMatchObject({ kind: 'register-refused' })
    expect(await boundAors()).not.toContain('112@phoneboot')
    registration.close()
    await installation.cli('device', 'approve', '805ec0000012')
    const again = await noticed(() => servedAccount('yealink', url))
    ;(await registerAccount(again, server.ports.sip)).close()
  })

  test('a setting changes bytes and ETag, and only when the file differs', async () => {
    const url = `${server.http}/${GRANDSTREAM.file}`
    const before = await fetchUrl(url)
    const etag = String(before.headers.etag)
    expect(etag).toMatch(/^"[^"]+"$/)
    const unchanged = await fetchUrl(url, { headers: { 'If-None-Match': etag } })
    expect([unchanged.status, unchanged.body.length, unchanged.headers.etag]).toEqual([304, 0, etag])
    await installation.cli('settings', 'set', 'timezone', 'Asia/Tokyo', '--device', GRANDSTREAM.mac)
    const after = await noticed(async () => {
      const answer = await fetchUrl(url, { headers: { 'If-None-Match': etag } })
      expect(answer.status).toBe(200)
      return answer
    })
    expect(after.headers.etag).not.toBe(etag)
    expect(after.body.equals(before.body)).toBe(false)
    expect(await installation.cli('settings', 'explain', GRANDSTREAM.mac, 'timezone')).toMatchObject([
      { key: 'timezone', value: 'Asia/Tokyo', origin: { layer: 'device' } },
    ])
    await installation.cli('settings', 'unset', 'timezone', '--device', GRANDSTREAM.mac)
    const back = await noticed(async () => {
      const answer = await fetchUrl(url)
      expect(answer.headers.etag).toBe(etag)
      return answer
    })
    expect(back.body.equals(before.body)).toBe(true)
  })

  test('a new password of a line: the file has it, the old one is refused', async () => {
    const url = await device('805ec0000013', '113')
    const old = await noticed(() => servedAccount('yealink', url))
    ;(await registerAccount(old, server.ports.sip)).close()
    const { password } = await installation.cli<{ password: string }>('device', 'reset-password', '805ec0000013', '1')
    expect(password).not.toBe(old.password.reveal())
    const fresh = await noticed(async () => {
      const account = await servedAccount('yealink', url)
      expect(account.password.reveal()).toBe(password)
      return account
    })
    await expect(registerAccount(old, server.ports.sip)).rejects.toMatchObject({ kind: 'register-refused' })
    ;(await registerAccount(fresh, server.ports.sip, { transport: 'tcp' })).close()
  })
})

describe('strangers', () => {
  const asked = async (path: string, method = 'GET'): Promise<string> => {
    const answer = await exchange(server.ports.http, `${method} /${path} HTTP/1.0\r\n\r\n`)
    return answer.replace(/^Date: .*\r\n/m, '')
  }

  test('an unknown phone, an unknown file and a blocked phone get the same answer, byte for byte', async () => {
    await installation.cli('device', 'add', '805ec0000021', '--model', 'yealink/t21p-e2')
    await noticed(async () => expect((await fetchUrl(`${server.http}/805ec0000021.cfg`)).status).toBe(200))
    await installation.cli('device', 'block', '805ec0000021')
    await noticed(async () => expect((await fetchUrl(`${server.http}/805ec0000021.cfg`)).status).toBe(404))
    const token = randomText(systemRandom, 32)
    const paths = ['805ec0000099.cfg', 'wp-login.php', '805ec0000021.cfg', `${token}/805ec0000099.cfg`, `${token}/x`]
    const answers = await Promise.all(paths.map((path) => asked(path)))
    expect(answers[0]).toMatch(/^HTTP\/1\.[01] 404 /)
    expect(new Set(answers).size).toBe(1)
    const heads = await Promise.all(paths.map((path) => asked(path, 'HEAD')))
    expect(new Set(heads).size).toBe(1)
    const refusals = await Promise.all(
      paths.map(async (file) => {
        const failure: unknown = await tftpGet({ host: '127.0.0.1', port: server.ports.tftp, file }).catch(
          (e: unknown) => e,
        )
        return String((failure as Error).message).replace(file, '<file>')
      }),
    )
    expect(refusals[0]).toMatch(/not found/i)
    expect(new Set(refusals).size).toBe(1)
  })

  test('the operator sees why, in the events of the phone', async () => {
    await fetchUrl(`${server.http}/805ec0000021.cfg`)
    const events = await eventually(async () => {
      const found = await installation.cli<{ outcome: string }[]>('device', 'events', '805ec0000021', '--limit', '3')
      expect(found.map(({ outcome }) => outcome)).toContain('blocked')
      return found
    }, 10_000)
    expect(events.length).toBeLessThanOrEqual(3)
  })

  test('a phone may not store files here', async () => {
    const put = await fetchUrl(`${server.http}/805ec0000001-local.cfg`, { method: 'PUT' })
    expect(put.status).toBe(405)
  })
})
