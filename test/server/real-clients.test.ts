import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { describeWithClients } from '../support/real-clients.js'
import { accountsIn, fetchUrl, VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'
import {
  runBaresip,
  runLinphonec,
  runSipp,
  runSipsak,
  type ClientRun,
  type SipCredentials,
} from '../support/sip-clients.js'

jest.setTimeout(SERVER_TEST_MS)

/** Below, at and above a TFTP block, and a whole image of a phone. */
const SIZES = [0, 511, 512, 513, 20_000_000]
/** 66,407 blocks of 512 bytes: past the 65,535 that a block number can hold. */
const PAST_ROLL_OVER = 34_000_000
const imagePath = (size: number): string => `firmware/yealink/t21p-e2/52.84.0.125/${size}.rom`
const pattern = Buffer.alloc(PAST_ROLL_OVER)
for (let at = 0; at < pattern.length; at += 1) pattern[at] = (at * 13 + (at >> 7)) & 0xff

let installation: TestInstallation
let server: ServerProcess

beforeAll(async () => {
  installation = await TestInstallation.create()
  for (const size of [...SIZES, PAST_ROLL_OVER]) {
    await installation.firmware(imagePath(size).replace('firmware/', ''), pattern.subarray(0, size))
  }
  server = await installation.serve()
  await installation.import(vendorPhonesCsv())
  await eventually(async () => expect((await fetchUrl(`${server.http}/${VENDOR_PHONES[2].file}`)).status).toBe(200))
})

afterAll(() => installation.remove())

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: installation.folder, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error ? `${command}: ${error.code ?? error.signal} ${stdout}${stderr}` : ''),
    )
  })
}

const at = (): { host: string; tftp: string } => ({ host: '127.0.0.1', tftp: String(server.ports.tftp) })
/** How each client fetches `remote` into the file `local`; gives '' or what it complained of. */
const FETCHERS: Record<string, (remote: string, local: string) => Promise<string>> = {
  'curl, HTTP': (remote, local) => run('curl', ['-sSf', '-o', local, `${server.http}/${remote}`]),
  'curl, HTTP/1.0': (remote, local) => run('curl', ['-sSf', '-0', '-o', local, `${server.http}/${remote}`]),
  'curl, HTTPS': (remote, local) =>
    run('curl', ['-sSfk', '-o', local, `https://127.0.0.1:${server.ports.https}/${remote}`]),
  'curl, TFTP': (remote, local) => run('curl', ['-sSf', '-o', local, `tftp://127.0.0.1:${at().tftp}/${remote}`]),
  'busybox wget': (remote, local) => run('busybox', ['wget', '-q', '-O', local, `${server.http}/${remote}`]),
  'busybox tftp': (remote, local) =>
    run('busybox', ['tftp', '-g', '-b', '1428', '-r', remote, '-l', local, at().host, at().tftp]),
  'tftp-hpa': (remote, local) => run('tftp', ['-m', 'octet', at().host, at().tftp, '-c', 'get', remote, local]),
  atftp: (remote, local) => run('atftp', ['--get', '-r', remote, '-l', local, at().host, at().tftp]),
}

const packages = { curl: 'curl', tftp: 'tftp-hpa', atftp: 'atftp', busybox: 'busybox' }
describeWithClients('configs and firmware with real clients', packages, () => {
  test.each(Object.entries(FETCHERS))('%s', async (name, fetch) => {
    const local = `got-${name.replace(/\W+/g, '-')}`
    const got = async (): Promise<Buffer> => {
      const bytes = await readFile(join(installation.folder, local)).catch(() => Buffer.alloc(0))
      await rm(join(installation.folder, local), { force: true })
      return bytes
    }
    for (const { vendor, file } of VENDOR_PHONES) {
      expect(await fetch(file, local)).toBe('')
      const bytes = await got()
      expect(accountsIn(vendor, bytes)).toHaveLength(1)
      expect(sha256Hex(bytes)).toBe(sha256Hex((await fetchUrl(`${server.http}/${file}`)).body))
    }
    for (const size of SIZES) {
      expect([size, await fetch(imagePath(size), local)]).toEqual([size, ''])
      expect([size, sha256Hex(await got())]).toEqual([size, sha256Hex(pattern.subarray(0, size))])
    }
  })

  test('34,000,000 bytes in blocks of 512, past the roll-over of the block number', async () => {
    const { host, tftp } = at()
    const local = join(installation.folder, 'big')
    expect(await run('tftp', ['-m', 'octet', host, tftp, '-c', 'get', imagePath(PAST_ROLL_OVER), 'big'])).toBe('')
    expect(sha256Hex(await readFile(local))).toBe(sha256Hex(pattern))
  })

  test('the CA certificate that the server hands out proves its https to curl', async () => {
    expect(await run('curl', ['-sSf', '-o', 'ca.crt', `${server.http}/phoneboot-ca.crt`])).toBe('')
    const url = `https://127.0.0.1:${server.ports.https}/${VENDOR_PHONES[0].file}`
    expect(await run('curl', ['-sSf', '--cacert', 'ca.crt', '-o', 'by-https', url])).toBe('')
    expect(await run('curl', ['-sSf', '-o', 'by-https', url])).toMatch(/certificate/)
  })
})

/** Of the served config, as the phone would register. */
async function credentials(index: 0 | 1 | 2, transport: 'udp' | 'tcp'): Promise<SipCredentials> {
  const { vendor, file } = VENDOR_PHONES[index]
  const [account] = accountsIn(vendor, (await fetchUrl(`${server.http}/${file}`)).body)
  if (!account) throw new Error(`${file} holds no account`)
  const { user, authUser, password, server: domain, port } = account
  expect(port).toBe(server.ports.sip)
  return { user, authUser, password: password.reveal(), domain, server: '127.0.0.1', port, transport }
}

const SIP_CLIENTS: Record<string, [command: string, (given: SipCredentials) => Promise<ClientRun>]> = {
  'sip-tester': ['sipp', (given) => runSipp('register.xml', [given])],
  sipsak: ['sipsak', runSipsak],
  baresip: ['baresip', runBaresip],
  'linphone-cli': ['linphonec', runLinphonec],
}

for (const [name, [command, register]] of Object.entries(SIP_CLIENTS)) {
  describeWithClients(`${command} registers with what the configs say`, { [command]: name }, () => {
    describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
      test.each([0, 1, 2] as const)('phone %i', async (index) => {
        const { registered, output } = await register(await credentials(index, transport))
        expect(registered ? '' : output).toBe('')
      })
    })
  })
}

describeWithClients('what real clients left', { sipsak: 'sipsak' }, () => {
  test('`registrations` shows who is registered, from where and for how long', async () => {
    const given = await credentials(0, 'udp')
    expect(await runSipsak(given)).toMatchObject({ registered: true })
    const found = await installation.cli<{ aor: string; userAgent?: string }[]>('registrations')
    expect(found).toContainEqual(
      expect.objectContaining({
        aor: '101@phoneboot',
        contact: expect.stringContaining('sip:101@127.0.0.1:9'),
        received: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        transport: 'udp',
        userAgent: expect.stringMatching(/sipsak/i),
      }),
    )
    expect(await installation.cli('device', 'list')).toContainEqual(
      expect.objectContaining({ mac: VENDOR_PHONES[0].mac, registered: true }),
    )
  })
})
