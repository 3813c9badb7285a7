import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { get } from 'node:http'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { describeAsRoot } from '../support/as-root.js'
import { registerAccount, accountsIn, VENDOR_PHONES, vendorPhonesCsv } from '../support/served-phones.js'
import { ProcessProbe, type Probed } from '../support/process-probe.js'
import { seededRandom } from '../support/seeded-random.js'
import { eventually, TestInstallation, type ServerProcess } from '../support/server.js'
import { registerText } from '../support/sip-requests.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { headerValues } from '../../src/sip/message.js'
import { sipMessages, tftpPackets } from './corpus.js'
import { Dice } from './dice.js'
import { HostileInputs, type HostileInput } from './hostile-input.js'
import { pour, UdpGun } from './targets.js'

/** `npm run fuzz -- --inputs 100000 --seed 1` sets both. */
const INPUTS = Number(process.env.PHONEBOOT_TEST_FUZZ_INPUTS ?? 3_000)
const SEED = Number(process.env.PHONEBOOT_TEST_FUZZ_SEED ?? 1)

jest.setTimeout(60_000 + INPUTS * 20)

/** Inputs sent before the server has to show that it has taken them all. */
const BATCH = 200
const INSIDE = '127.0.0.9'
const OUTSIDE = '127.0.0.1'
/** What memory may grow by between the middle and the end: its noise after a garbage collection. */
const FLAT = { heapBytes: 6e6, rssBytes: 40e6 }
/** The phone whose password the attacker has, and one that goes about its business. */
const [STOLEN, PHONE] = VENDOR_PHONES

let installation: TestInstallation
let probe: ProcessProbe
let server: ServerProcess
let attack: Attack | undefined

beforeAll(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_TRUSTED_NETWORKS: `${INSIDE}/32` })
  await installation.import(vendorPhonesCsv())
  await installation.firmware('yealink/fuzz/1/fuzz.rom', Buffer.alloc(20_000, 1))
  probe = new ProcessProbe(installation.folder)
  server = await installation.serve({ env: probe.env })
})
afterAll(async () => {
  attack?.close()
  await installation.remove()
})

function fetchInside(file: string): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = get(`${server.http}/${file}`, { localAddress: INSIDE, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }))
    })
    request.on('error', reject)
  })
}

/** What a stranger must never be told. */
async function secrets(): Promise<string[]> {
  const shown = installation.cli<{ adminPassword: string; token: string }>(
    ...['device', 'show', PHONE.mac, '--show-secrets'],
  )
  const found: string[] = []
  for (const { vendor, file } of VENDOR_PHONES) {
    const { body } = await fetchInside(file)
    found.push(...accountsIn(vendor, body).map(({ password }) => password.reveal()))
  }
  const { adminPassword, token } = await shown
  return [adminPassword, token, ...found]
}

/** Asks for a challenge: the server has then taken what was sent to its SIP port before. */
async function challenge(domain: string): Promise<readonly string[]> {
  const socket = createSocket('udp4')
  const ask = registerText({ domain, callId: 'challenge', contact: '<sip:a@127.0.0.1>' })
  const resend = setInterval(() => socket.send(ask, server.ports.sip, '127.0.0.1'), 250)
  try {
    socket.send(ask, server.ports.sip, '127.0.0.1')
    const [data] = (await once(socket, 'message', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
    const parsed = parseDatagram(data.toString('latin1'))
    return parsed.kind === 'response' ? headerValues(parsed.response, 'WWW-Authenticate') : []
  } finally {
    clearInterval(resend)
    socket.close()
  }
}

/** Answers like a TFTP client that goes on, one that gives up, and one that does not understand. */
function asTftpClient(data: Buffer): Buffer | undefined {
  const [, opcode = 0, high = 0, low = 0] = data
  if (opcode !== 3 && opcode !== 6) return undefined
  const acknowledge = Buffer.from(opcode === 3 ? [0, 4, high, low] : [0, 4, 0, 0])
  const replies = [acknowledge, acknowledge, Buffer.from([0, 5, 0, 0, 0]), Buffer.from([0, 9, 1]), undefined]
  return replies[(high + low + data.length) % replies.length]
}

/** Sends inputs and gathers what a stranger is told. */
class Attack {
  told = ''
  #guns: { trusted: UdpGun; stranger: UdpGun } | undefined

  constructor(
    private readonly inputs: HostileInputs,
    private readonly domain: string,
    private readonly secrets: readonly string[],
  ) {}

  async open(): Promise<void> {
    this.#guns = {
      trusted: await UdpGun.open(INSIDE, 16, asTftpClient),
      stranger: await UdpGun.open(OUTSIDE, 16, (data) => {
        this.#hear(data)
        return asTftpClient(data)
      }),
    }
  }

  close(): void {
    this.#guns?.trusted.close()
    this.#guns?.stranger.close()
  }

  async run(count: number): Promise<void> {
    for (let sent = 0; sent < count; sent += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - sent) }, () => this.inputs.next())
      await Promise.all(batch.map((input, index) => this.#send(input, sent + index)))
      this.inputs.challenged(await challenge(this.domain))
    }
  }

  async #send({ protocol, port, trusted, segments, rude }: HostileInput, index: number): Promise<void> {
    const [first = Buffer.alloc(0)] = segments
    if (protocol === 'udp') this.#guns?.[trusted ? 'trusted' : 'stranger'].send(index, first, port)
    else {
      const told = await pour({ port, from: trusted ? INSIDE : OUTSIDE, segments, rude })
      if (!trusted) this.#hear(told)
    }
  }

  #hear(data: Buffer): void {
    const text = data.toString('latin1')
    if (this.secrets.some((secret) => text.includes(secret))) this.told += text
  }
}

/** A phone that comes in between is served as ever. */
async function expectNormalPhone(): Promise<void> {
  const { status, body } = await fetchInside(PHONE.file)
  expect(status).toBe(200)
  const [account] = accountsIn(PHONE.vendor, body)
  if (!account) throw new Error('no account in the config')
  const registration = await registerAccount(account, server.ports.sip)
  await registration.unregister()
}

/** Node cannot send from port 0; a raw socket can. */
const FROM_PORT_0 = `
import socket, struct, sys
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
for line in sys.stdin:
    port, data = line.split()
    data = bytes.fromhex(data)
    raw.sendto(struct.pack('!HHHH', 0, int(port), 8 + len(data), 0) + data, ('127.0.0.1', 0))
`

describeAsRoot('source port 0', () => {
  test('a datagram from port 0 harms nobody, on any UDP listener', async () => {
    const messages = [
      ...sipMessages('127.0.0.1', '101').map((data) => [server.ports.sip, data] as const),
      ...tftpPackets([PHONE.file]).map((data) => [server.ports.tftp, data] as const),
    ]
    const input = messages.map(([port, data]) => `${port} ${data.toString('hex')}\n`).join('')
    const { status, stderr } = spawnSync('python3', ['-c', FROM_PORT_0], { input, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await challenge('127.0.0.1')
    await expectNormalPhone()
    expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
  })
})

const connections = ({ resources }: Probed): number => resources.TCPSocketWrap ?? 0

test(`${INPUTS} hostile inputs (seed ${SEED}) on every listener: alive, memory flat, nothing told, no mistake of ours`, async () => {
  const { body } = await fetchInside(STOLEN.file)
  const [account] = accountsIn(STOLEN.vendor, body)
  if (!account) throw new Error('no account in the config')
  const { user, authUser, server: domain } = account
  const known = { user, authUser, password: account.password.reveal(), domain, challenges: await challenge(domain) }
  const files = [...VENDOR_PHONES.map(({ file }) => file), 'y000000000052.cfg', 'firmware/yealink/fuzz/1/fuzz.rom']
  const inputs = new HostileInputs(new Dice(seededRandom(SEED)), server.ports, known, files)
  attack = new Attack(inputs, domain, await secrets())
  await attack.open()
  const before = await probe.look(server)
  await attack.run(INPUTS / 2)
  await expectNormalPhone()
  const middle = await probe.look(server)
  await attack.run(INPUTS / 2)
  await expectNormalPhone()
  const end = await eventually(async () => {
    const now = await probe.look(server)
    expect(connections(now)).toBeLessThanOrEqual(connections(before))
    return now
  }, 20_000)

  expect(attack.told).toBe('')
  const grown = { heap: end.heapUsed + end.external - middle.heapUsed - middle.external, rss: end.rss - middle.rss }
  process.stdout.write(`fuzz: ${JSON.stringify({ inputs: INPUTS, seed: SEED, grown, before, middle, end })}\n`)
  expect(grown.heap).toBeLessThan(FLAT.heapBytes)
  expect(grown.rss).toBeLessThan(FLAT.rssBytes)
  expect(await server.stop()).toBe(0)
  const log = server.logs()
  expect(log.filter(({ level }) => level === 'error')).toEqual([])
  expect(server.stderr).not.toMatch(/internal error|"stack"|Unhandled|deprecat/i)
  expect(log.length).toBeLessThan(200)
})
