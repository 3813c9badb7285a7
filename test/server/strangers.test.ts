import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { headerValues } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { registerAccount, servedAccount, VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'
import { Stranger } from '../support/stranger.js'

jest.setTimeout(2 * SERVER_TEST_MS)

const [YEALINK] = VENDOR_PHONES
const TRAVERSALS = [
  '/../../etc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/%252e%252e%252fetc%252fpasswd',
  '/..\\..\\etc\\passwd',
  '/..%5c..%5cetc%5cpasswd',
  '/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
  '/..%c0%afetc%c0%afpasswd',
  '/%uff0e%uff0e/etc/passwd',
]

interface ListedBan {
  address: string
  protocols: string
  user?: string
  kind: string
  reason: string
  evidence: string
  times: number
}

let installation: TestInstallation
let server: ServerProcess
const strangers: Stranger[] = []

function stranger(address: string): Stranger {
  const one = new Stranger(address)
  strangers.push(one)
  return one
}

const bans = (): Promise<ListedBan[]> => installation.cli<ListedBan[]>('bans', 'list')

/** The ban of this address, once the server has written it. */
function banOf(address: string): Promise<ListedBan> {
  return eventually(async () => {
    const found = (await bans()).find((ban) => ban.address === address)
    if (!found) throw new Error(`${address} is not banned: ${JSON.stringify(await bans())}`)
    return found
  })
}

async function sweep(one: Stranger, count: number): Promise<string[]> {
  const answers: string[] = []
  for (let n = 0; n < count; n += 1) {
    const mac = `805ec1${n.toString(16).padStart(6, '0')}`
    answers.push(await one.get(server.ports.http, `/${mac}.cfg`))
  }
  return answers
}

const withoutDate = (answer: string): string => answer.replace(/^Date: .*$/m, '')

beforeAll(async () => {
  installation = await TestInstallation.create({
    PHONEBOOT_UNLIMITED_NETWORKS: '127.0.40.0/24',
    PHONEBOOT_TRUSTED_NETWORKS: '127.0.0.1/32 127.0.40.0/24',
    PHONEBOOT_SIP_SCANNERS: 'friendly-scanner',
  })
  await installation.import(vendorPhonesCsv())
  server = await installation.serve()
})

afterEach(() => {
  for (const one of strangers.splice(0)) one.close()
})

afterAll(() => installation.remove())

test('a sweep over MAC addresses is banned after 100, and phones elsewhere go on', async () => {
  const sweeper = stranger('127.0.20.2')
  const answers = await sweep(sweeper, 105)
  expect(answers.slice(0, 100).every((answer) => answer.startsWith('HTTP/1.1 404 '))).toBe(true)
  expect(answers.at(-1)).toBe('')
  expect(await banOf('127.0.20.2')).toMatchObject({
    protocols: 'all',
    kind: 'unknown-phone',
    evidence: '/805ec1000063.cfg',
    times: 1,
  })
  expect(await sweeper.rrq(server.ports.tftp, 'anything.cfg')).toBeUndefined()
  expect(await sweeper.udp(server.ports.sip, registerText())).toBeUndefined()
  expect(await stranger('127.0.0.1').get(server.ports.http, `/${YEALINK.file}`)).toMatch(/^HTTP\/1.1 200 /)
})

test('a known and an unknown phone get the same bytes from outside', async () => {
  const asker = stranger('127.0.21.2')
  const known = await asker.get(server.ports.http, `/${YEALINK.file}`)
  const unknown = await asker.get(server.ports.http, '/805ec0ffffff.cfg')
  expect(known).toMatch(/^HTTP\/1.1 404 /)
  expect(withoutDate(known)).toBe(withoutDate(unknown))
  const [knownByTftp, unknownByTftp] = [
    await asker.rrq(server.ports.tftp, YEALINK.file),
    await asker.rrq(server.ports.tftp, '805ec0ffffff.cfg'),
  ]
  expect(knownByTftp?.toString('hex')).toBe(unknownByTftp?.toString('hex'))
  expect(knownByTftp?.[3]).toBe(1)
})

test('path traversal in every spelling is a 404 like any other, and banned at the tenth', async () => {
  const climber = stranger('127.0.22.2')
  const plain = await climber.get(server.ports.http, '/nothing.here')
  for (const path of TRAVERSALS) {
    expect(withoutDate(await climber.get(server.ports.http, path))).toBe(withoutDate(plain))
  }
  await climber.get(server.ports.http, TRAVERSALS[0] ?? '')
  expect(await banOf('127.0.22.2')).toMatchObject({ kind: 'hostile-path' })
  expect(await climber.get(server.ports.http, '/')).toBe('')
})

test('path traversal by TFTP is error 1 like any other, and silenced for TFTP alone', async () => {
  const climber = stranger('127.0.23.2')
  const plain = await climber.rrq(server.ports.tftp, 'nothing.here')
  for (const path of TRAVERSALS) {
    expect((await climber.rrq(server.ports.tftp, path))?.toString('hex')).toBe(plain?.toString('hex'))
  }
  await climber.rrq(server.ports.tftp, '..\\..\\boot.ini')
  expect(await banOf('127.0.23.2')).toMatchObject({ protocols: 'tftp', kind: 'hostile-path' })
  expect(await climber.rrq(server.ports.tftp, 'nothing.here')).toBeUndefined()
  expect(await climber.get(server.ports.http, '/nothing.here')).toMatch(/^HTTP\/1.1 404 /)
})

test('a flood of headers is refused with 431, and banned', async () => {
  const flooder = stranger('127.0.24.2')
  const headers = Array.from({ length: 300 }, (_, n) => `X-${n}: ${'a'.repeat(50)}\r\n`).join('')
  expect(await flooder.get(server.ports.http, '/a.cfg', headers)).toMatch(/^HTTP\/1.1 431 /)
  for (let n = 0; n < 20; n += 1) await flooder.get(server.ports.http, '/a.cfg', headers)
  expect(await banOf('127.0.24.2')).toMatchObject({ kind: 'malformed' })
  expect(await flooder.get(server.ports.http, '/a.cfg')).toBe('')
})

test('an exempt network is never banned, and what is served never counts', async () => {
  const answers = await sweep(stranger('127.0.40.2'), 150)
  expect(answers.every((answer) => answer.startsWith('HTTP/1.1 404 '))).toBe(true)
  const phone = stranger('127.0.0.1')
  for (let n = 0; n < 300; n += 1) {
    expect(await phone.get(server.ports.http, `/${YEALINK.file}`)).toMatch(/^HTTP\/1.1 200 /)
  }
  expect((await bans()).map(({ address }) => address)).not.toContain('127.0.0.1')
})

describe('digest brute force', () => {
  /** One guess: the challenge, and the answer to it with this password. */
  async function guess(from: Stranger, user: string, password: string): Promise<number | undefined> {
    const request = { domain: '127.0.0.1', user, contact: `<sip:${user}@127.0.0.9>` }
    const challenge = parseDatagram(String(await from.udp(server.ports.sip, registerText(request))))
    if (challenge.kind !== 'response') return undefined
    const challenges = headerValues(challenge.response, 'WWW-Authenticate')
    const authorization = authorizationFor(challenges, user, password, { uri: 'sip:127.0.0.1' })
    const answer = await from.udp(server.ports.sip, registerText({ ...request, cseq: 2, authorization }))
    const parsed = answer && parseDatagram(String(answer))
    return parsed?.kind === 'response' ? parsed.response.status : undefined
  }

  test.each([
    ['a known user', '127.0.25.2', 'auth-name'],
    ['an unknown user', '127.0.25.3', 'nobody'],
  ])('of %s: ten guesses from there, then silence for that user', async (_, address, kind) => {
    const account = await servedAccount('yealink', `${server.http}/${YEALINK.file}`)
    const user = kind === 'auth-name' ? account.authUser : 'nobody'
    const attacker = stranger(address)
    const told: (number | undefined)[] = []
    for (let n = 0; n < 10; n += 1) told.push(await guess(attacker, user, `guess ${n}`))
    expect(told).toEqual(Array.from({ length: 10 }, () => 401))
    expect(await banOf(address)).toMatchObject({ user, kind: 'wrong-password', times: 1 })
    expect(await guess(attacker, user, 'guess 11')).toBeUndefined()
    // Nobody locks the phone out.
    ;(await registerAccount(account, server.ports.sip)).close()
  })
})

test('a lifted ban ends within two seconds; others survive a restart', async () => {
  await sweep(stranger('127.0.26.2'), 101)
  await banOf('127.0.26.2')
  const lifted = await installation.cli<ListedBan[]>('bans', 'lift', '127.0.26.2')
  expect(lifted).toMatchObject([{ address: '127.0.26.2', liftedBy: expect.stringMatching(/^cli:/) }])
  await eventually(
    async () => expect(await stranger('127.0.26.2').get(server.ports.http, '/a')).toMatch(/^HTTP\/1.1 404 /),
    3_000,
  )
  const again = await installation.run(['bans', 'lift', '127.0.26.2'])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.26.2 is not banned') })

  await sweep(stranger('127.0.27.2'), 101)
  await banOf('127.0.27.2')
  await server.stop()
  server = await installation.serve()
  expect(await stranger('127.0.27.2').get(server.ports.http, '/a')).toBe('')
  expect(await stranger('127.0.26.2').get(server.ports.http, '/a')).toMatch(/^HTTP\/1.1 404 /)

  await installation.cli('bans', 'lift', '--all')
  expect(await bans()).toEqual([])
  await eventually(
    async () => expect(await stranger('127.0.27.2').get(server.ports.http, '/a')).toMatch(/^HTTP\/1.1 404 /),
    3_000,
  )
  const past = await installation.cli<ListedBan[]>('bans', 'list', '--all')
  expect(past.map(({ address }) => address)).toContain('127.0.27.2')
})
