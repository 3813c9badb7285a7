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
import { captureClientHello, PortZeroGun, pour, UdpGun } from './targets.js'

/** `npm run fuzz -- --inputs 100000 --seed 1` sets both. */
const INPUTS = Number(process.env.PHONEBOOT_TEST_FUZZ_INPUTS ?? 3_000)
const SEED = Number(process.env.PHONEBOOT_TEST_FUZZ_SEED ?? 1)

jest.setTimeout(400_000 + INPUTS * 20)

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
  await attack?.close()
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

/** Somebody who may look at all and change nothing. */
async function viewer(): Promise<{ token: string; mac: string; number: string }> {
  await installation.cli('admin', 'create', 'viewer', '--role', 'viewer')
  const { token } = await installation.cli<{ token: string }>('admin', 'token', 'viewer')
  return { token, mac: PHONE.mac, number: '102' }
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

/** Of a stack trace: a place in the source. */
const PLACE_IN_SOURCE = /\.[jt]s:\d+:\d+|node:internal|node_modules/

/** Sends inputs and gathers what a stranger is told. */
class Attack {
  told = ''
  #guns: { trusted: UdpGun; stranger: UdpGun } | undefined
  /** Only root can. */
  readonly #portZero = process.getuid?.() === 0 ? new PortZeroGun() : undefined

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

  async close(): Promise<void> {
    this.#guns?.trusted.close()
    this.#guns?.stranger.close()
    await this.#portZero?.close()
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
    if (protocol === 'port0' && this.#portZero) this.#portZero.send(first, port)
    else if (protocol === 'udp' || protocol === 'port0') {
      this.#guns?.[trusted ? 'trusted' : 'stranger'].send(index, first, port)
    } else {
      const from = trusted ? INSIDE : OUTSIDE
      const told = await pour({ port, from, segments, rude, tls: protocol === 'tls' })
      if (!trusted) this.#hear(told)
      else if (PLACE_IN_SOURCE.test(told.toString('latin1'))) this.told += told.toString('latin1')
    }
  }

  #hear(data: Buffer): void {
    const text = data.toString('latin1')
    if (this.secrets.some((secret) => text.includes(secret)) || PLACE_IN_SOURCE.test(text)) this.told += text
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

describeAsRoot('source port 0', () => {
  test('a datagram from port 0 harms nobody, on any UDP listener', async () => {
    const gun = new PortZeroGun()
    const random = new Dice(seededRandom(SEED))
    for (const port of [server.ports.sip, server.ports.tftp]) {
      for (const data of [...sipMessages('127.0.0.1', '101'), ...tftpPackets([PHONE.file])]) gun.send(data, port)
      for (let length = 0; length <= 64; length += 1) gun.send(random.bytes(length), port)
    }
    await gun.close()
    await challenge('127.0.0.1')
    await expectNormalPhone()
    expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
  })
})

/**
 * What there may be more of at the end than before: timers of a server that has just been busy, each one for any number
 * of packets, connections or events, and the sockets that TFTP transfers share and keep. A TFTP client may ask for waits
 * of 30 seconds, so that the last transfers to nobody end minutes later: only the long form waits for their own sockets
 * and timers.
 */
const SHORT = INPUTS < 50_000
const MORE = { TCPSocketWrap: 0, TLSWrap: 0, Timeout: SHORT ? 64 : 4, UDPWrap: SHORT ? 1_000 : 32 }
const ENDED_WITHIN_MS = SHORT ? 20_000 : 300_000
const left = (before: Probed, { resources }: Probed): string[] =>
  Object.entries(MORE)
    .filter(([name, more]) => (resources[name] ?? 0) > (before.resources[name] ?? 0) + more)
    .map(([name]) => `${name}: ${before.resources[name] ?? 0} before, ${resources[name]} now`)

test(`${INPUTS} hostile inputs (seed ${SEED}) on every listener: alive, memory flat, nothing told, no mistake of ours`, async () => {
  const { body } = await fetchInside(STOLEN.file)
  const [account] = accountsIn(STOLEN.vendor, body)
  if (!account) throw new Error('no account in the config')
  const { user, authUser, server: domain } = account
  const known = { user, authUser, password: account.password.reveal(), domain, challenges: await challenge(domain) }
  const files = [...VENDOR_PHONES.map(({ file }) => file), 'y000000000052.cfg', 'firmware/yealink/fuzz/1/fuzz.rom']
  const dice = new Dice(seededRandom(SEED))
  const seeds = { account: known, files, clientHello: await captureClientHello(), admin: await viewer() }
  const inputs = new HostileInputs(dice, server.ports, seeds)
  const hidden = await secrets()
  attack = new Attack(inputs, domain, hidden)
  await attack.open()
  const before = await probe.look(server)
  await attack.run(INPUTS / 2)
  await expectNormalPhone()
  const middle = await probe.look(server)
  await attack.run(INPUTS / 2)
  await expectNormalPhone()
  const end = await eventually(async () => {
    const now = await probe.look(server)
    expect(left(before, now)).toEqual([])
    return now
  }, ENDED_WITHIN_MS)

  expect(attack.told).toBe('')
  const grown = { heap: end.heapUsed + end.external - middle.heapUsed - middle.external, rss: end.rss - middle.rss }
  process.stdout.write(`fuzz: ${JSON.stringify({ inputs: INPUTS, seed: SEED, grown, before, middle, end })}\n`)
  expect(grown.heap).toBeLessThan(FLAT.heapBytes)
  expect(grown.rss).toBeLessThan(FLAT.rssBytes)
  expect(await server.stop()).toBe(0)
  const log = server.logs()
  expect(log.filter(({ level }) => level === 'error')).toEqual([])
  expect(hidden.filter((secret) => server.stderr.includes(secret))).toEqual([])
  expect(server.stderr).not.toMatch(/internal error|"stack"|Unhandled|deprecat/i)
  expect(log.length).toBeLessThan(200)
})
