import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { randomText } from '../../src/domain/random.js'
import { Secret } from '../../src/domain/secret.js'
import { computeHa1 } from '../../src/sip/digest.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { tftpGet } from '../../src/tftp/edge/client.js'
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

let installation: TestInstallation
let server: ServerProcess
/** What each secret is, by its text. */
const secrets = new Map<string, string>()
/** All that commands wrote to stderr. */
let commandLogs = ''

async function command<T>(...args: string[]): Promise<T> {
  const ran = await installation.run([...args, '--json'])
  commandLogs += ran.stderr
  expect([args.join(' '), ran.code]).toEqual([args.join(' '), 0])
  return JSON.parse(ran.stdout) as T
}

beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_LOG_LEVEL: 'debug' })
  server = await installation.serve()
  await installation.import(vendorPhonesCsv())
  await eventually(() => servedAccount('yealink', `${server.http}/${VENDOR_PHONES[0].file}`))
  for (const { vendor, mac, file } of VENDOR_PHONES) {
    const { body } = await fetchUrl(`${server.http}/${file}`)
    for (const { authUser, password } of accountsIn(vendor, body)) {
      secrets.set(password.reveal(), `SIP password of ${mac}`)
      for (const algorithm of ['MD5', 'SHA-256'] as const) {
        secrets.set(computeHa1(algorithm, authUser, 'phoneboot', password), `HA1 of ${mac}`)
      }
    }
    const shown = await command<{ adminPassword: string; token: string }>('device', 'show', mac, '--show-secrets')
    secrets.set(shown.adminPassword, `admin password of ${mac}`)
    secrets.set(shown.token, `token of ${mac}`)
  }
  const person = await command<{ password: string }>('extension', 'show', '101', '--show-password')
  secrets.set(person.password, 'password of 101')
  secrets.set(computeHa1('MD5', '101', 'phoneboot', new Secret(person.password)), 'HA1 of 101')
  const key = await readFile(join(installation.dataDir, 'phoneboot.key'), 'utf8')
  secrets.set(key.trim().split(/\s+/).at(-1) ?? '', 'sealing key')
})

afterAll(() => installation.remove())

test('neither the log at its loudest nor an event nor a plain column holds a password, token, HA1 or key', async () => {
  expect([...secrets.keys()].filter((secret) => secret.length < 6)).toEqual([])
  const { http: httpPort, https, tftp: tftpPort, sip } = server.ports
  const phones = VENDOR_PHONES.map(({ mac, model }, n) => ({
    mac: mac as Mac,
    model,
    transport: n === 2 ? ('tftp' as const) : ('http' as const),
  }))
  const running = simulate({ phones, server: { address: '127.0.0.1', httpPort, tftpPort } })
  expect(await running.settled).toMatchObject({ registered: 3 })
  await running.stop()
  const strangersToken = randomText(systemRandom, 32)
  for (const [secret, what] of secrets) {
    if (!what.startsWith('token')) continue
    await fetchUrl(`${server.http}/${secret}/${VENDOR_PHONES[0].file}`)
    await fetchUrl(`https://127.0.0.1:${https}/${secret}/${VENDOR_PHONES[1].file}?key=${secret}`)
    await fetchUrl(`${server.http}/${secret.toUpperCase()}/no-such-file`, { headers: { 'User-Agent': secret } })
    await fetchUrl(`${server.http}/${strangersToken}/${VENDOR_PHONES[0].file}`)
    await tftpGet({ host: '127.0.0.1', port: tftpPort, file: `${secret}/${VENDOR_PHONES[0].file}` })
    await tftpGet({ host: '127.0.0.1', port: tftpPort, file: `${secret}/nothing` }).catch(() => undefined)
  }
  const account = await servedAccount('yealink', `${server.http}/${VENDOR_PHONES[0].file}`)
  const wrong = 'Wrong-pass-4711'
  await expect(registerAccount(account, sip, { password: wrong })).rejects.toMatchObject({ kind: 'register-refused' })
  secrets.set(wrong, 'password that somebody tried')
  const { password } = await command<{ password: string }>('device', 'reset-password', VENDOR_PHONES[0].mac, '1')
  secrets.set(password, 'new SIP password')
  await eventually(async () => {
    const fresh = await servedAccount('yealink', `${server.http}/${VENDOR_PHONES[0].file}`)
    expect(fresh.password.reveal() === password).toBe(true)
  })
  const events = await eventually(async () => {
    const found = await command<unknown[]>('device', 'events', VENDOR_PHONES[0].mac, '--limit', '100')
    expect(found.length).toBeGreaterThan(5)
    return JSON.stringify(found)
  }, 10_000)
  expect(await server.stop()).toBe(0)

  const told = server.logs()
  expect(told.filter(({ level }) => level === 'debug').length).toBeGreaterThan(0)
  const files = (await readdir(installation.dataDir)).filter((name) => name.includes('.sqlite'))
  const stored = await Promise.all(files.map((name) => readFile(join(installation.dataDir, name), 'latin1')))
  expect(files.length).toBeGreaterThanOrEqual(2)
  const places: [string, string][] = [
    ['log of the server', server.stderr + server.stdout],
    ['log of commands', commandLogs],
    ['events', events],
    ...stored.map((text, index): [string, string] => [files[index] ?? '', text]),
  ]
  const leaks = places.flatMap(([place, text]) =>
    [...secrets]
      .filter(([secret]) => text.toLowerCase().includes(secret.toLowerCase()))
      .map(([, what]) => `${what} in ${place}`),
  )
  expect(leaks).toEqual([])
})
