import { beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '../../src/domain/errors.js'
import { CLEARED_FOR_MS } from '../../src/provisioning/authorise.js'
import type { Delivery } from '../../src/provisioning/delivery.js'
import { accountsOf } from '../../src/readers/phone-account.js'
import { readYealinkCfg } from '../../src/readers/yealink-cfg.js'
import { phone, ProvisioningBench, SERVER, tokenOf } from '../support/provisioning-bench.js'
import { extensionRecord } from '../support/records.js'

const MAC = '001565aabb01'
const OTHER = '001565aabb02'
const STRANGER = { peerAddress: '203.0.113.9' }

let bench: ProvisioningBench

beforeEach(() => {
  bench = new ProvisioningBench()
  bench.snapshot.content.putExtension(extensionRecord('101'))
  bench.snapshot.content.putExtension(extensionRecord('102'))
  bench.snapshot.content.putDevice(phone(MAC, ['101']))
  bench.snapshot.content.putDevice(phone(OTHER, ['102']))
})

function etag(delivery: Delivery): string {
  if (delivery.kind !== 'bytes') throw new Error(delivery.kind)
  return delivery.etag
}

describe('a phone of ours', () => {
  test('gets its accounts, and an event says what was served', () => {
    const text = bench.text(`/${MAC}.cfg`, { userAgent: 'Yealink SIP-T21P_E2 52.84.0.125 00:15:65:aa:bb:01' })
    const read = readYealinkCfg(Buffer.from(text))
    const [account] = read.ok ? accountsOf('yealink', read.entries) : []
    expect(account).toMatchObject({ active: true, user: '101', authUser: '101-bb01', server: '10.0.0.1', port: 5060 })
    expect(account?.password.reveal()).toBe(`password-of-l${MAC}-1`)
    expect(bench.lastEvent()).toMatchObject({
      mac: MAC,
      deviceId: `d${MAC}`,
      outcome: 'served',
      status: 200,
      peer: '10.0.0.7',
      bytes: Buffer.byteLength(text),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      userAgent: 'Yealink SIP-T21P_E2 52.84.0.125 00:15:65:aa:bb:01',
    })
  })

  test('is told the URL that opens its config from anywhere', () => {
    const url = /static\.auto_provision\.server\.url = (\S+)/.exec(bench.text(`/${MAC}.cfg`))?.[1]
    expect(url).toBe(`http://10.0.0.1:8080/${tokenOf(MAC)}/`)
    const fromAway = bench.text(`/${tokenOf(MAC)}/${MAC}.cfg`, STRANGER)
    expect(fromAway).toBe(bench.text(`/${MAC}.cfg`))
  })

  test('gets the same bytes and the same ETag by HTTP, HTTPS and TFTP, in any case and below any folder', () => {
    const etags = [
      bench.ask(`/${MAC}.cfg`),
      bench.ask(`/${MAC}.cfg`, { transport: 'https', localPort: 8443 }),
      bench.ask(`${MAC.toUpperCase()}.CFG`, { transport: 'tftp', localPort: 69 }),
      bench.ask(`/prov/yealink/${MAC}.cfg`),
      bench.ask(`/${tokenOf(MAC)}/${MAC}.cfg`, STRANGER),
    ].map(etag)
    expect(new Set(etags).size).toBe(1)
    expect(bench.rendered).toBe(1)
  })

  test('outside the networks allowed to its person it gets nothing, not even by its token', () => {
    bench.set('extension', 'e101', { allowedNetworks: ['10.0.0.0/24'] })
    expect(bench.text(`/${MAC}.cfg`)).toContain('account.1.user_name')
    expect(bench.ask(`/${tokenOf(MAC)}/${MAC}.cfg`, STRANGER)).toMatchObject({ kind: 'absent' })
    expect(bench.lastEvent()).toMatchObject({
      outcome: 'untrusted',
      status: 404,
      reason: expect.stringContaining('person'),
    })
    expect(bench.ask(`/${tokenOf(OTHER)}/${OTHER}.cfg`, STRANGER)).toMatchObject({ kind: 'bytes' })
  })

  test('a forged User-Agent changes nothing', () => {
    const plain = bench.text(`/${MAC}.cfg`)
    for (const userAgent of [
      'Yealink SIP-T28P 2.70.0.140 00:15:65:aa:bb:02',
      'Yealink SIP-T21P_E2 52.80.0.3',
      '\r\nX: y',
    ]) {
      expect(bench.text(`/${MAC}.cfg`, { userAgent })).toBe(plain)
    }
  })

  test('keeps its ETag when a setting of somebody else changes, and gets a new one with its own', () => {
    const before = etag(bench.ask(`/${MAC}.cfg`))
    bench.set('device', `d${OTHER}`, { language: 'de' })
    bench.set('extension', 'e102', { language: 'de' })
    bench.set('vendor', 'snom', { language: 'de' })
    expect(etag(bench.ask(`/${MAC}.cfg`))).toBe(before)
    expect(bench.rendered).toBe(1)
    bench.set('extension', 'e101', { language: 'de' })
    expect(etag(bench.ask(`/${MAC}.cfg`))).not.toBe(before)
  })

  test('keeps ETag and date when a change leaves the bytes as they were', () => {
    const before = bench.ask(`/${MAC}.cfg`)
    bench.clock.advance(60_000)
    bench.set('global', '', { syslogServer: null })
    expect(bench.ask(`/${MAC}.cfg`)).toEqual(before)
    expect(bench.rendered).toBe(2)
  })

  test('gets the common file of its model, without any secret', () => {
    const text = bench.text('/y000000000052.cfg')
    expect(text).toContain('#!version:1.0.0.1\n')
    expect(text).not.toMatch(/password|aabb01|account/)
    expect(etag(bench.ask('/y000000000052.cfg', { transport: 'tftp' }))).toBe(etag(bench.ask('/y000000000052.cfg')))
  })

  test.each([`/${MAC}.boot`, `/y000000000000.boot`, `/${MAC}-local.cfg`, `/${MAC}-contact.xml`, `/${MAC}.enc`])(
    '%s is an expected miss, not a scan',
    (path) => {
      expect(bench.ask(path)).toEqual({ kind: 'absent' })
      expect(bench.lastEvent().outcome).toBe('expected-miss')
    },
  )

  test('that asks for another model’s file is answered as the model it was given', () => {
    bench.snapshot.content.putDevice(phone(MAC, ['101'], { model: 'yealink/t28p' }))
    expect(bench.text(`/${MAC}.cfg`)).toContain('memorykey.10.type')
  })

  test('may fetch firmware and the CA certificate', () => {
    expect(bench.ask('/firmware/yealink/t28p/2.73.0.50/2.73.0.50.rom')).toMatchObject({ kind: 'file', sizeBytes: 9 })
    expect(bench.ask(`/${tokenOf(MAC)}/phoneboot-ca.crt`, STRANGER)).toMatchObject({ kind: 'bytes' })
  })

  test('may not store anything', () => {
    expect(bench.ask(`/${MAC}-local.cfg`, { operation: 'write' })).toEqual({ kind: 'upload-refused' })
    expect(bench.lastEvent().outcome).toBe('refused-upload')
  })
})

describe('every refusal is the same answer, and its reason goes to the admin only', () => {
  beforeEach(() => {
    bench.snapshot.content.putDevice(phone('001565aabb03', ['101'], { state: 'blocked' }))
    bench.snapshot.content.putDevice(phone('001565aabb04', ['101'], { state: 'pending' }))
    bench.snapshot.content.putDevice(phone('001565aabb05', ['101'], { state: 'retired', retiredAt: 0 }))
  })

  test.each<[string, string, object, string]>([
    ['an unknown MAC', '/001565ffffff.cfg', {}, 'unknown-device'],
    ['a blocked phone', '/001565aabb03.cfg', {}, 'blocked'],
    ['a blocked phone with its token', `/${tokenOf('001565aabb03')}/001565aabb03.cfg`, STRANGER, 'blocked'],
    ['a phone that waits for approval', '/001565aabb04.cfg', {}, 'blocked'],
    ['a phone that was retired long ago', '/001565aabb05.cfg', {}, 'unknown-device'],
    ['an untrusted address', `/${MAC}.cfg`, STRANGER, 'untrusted'],
    ['an address that is not proven', `/${MAC}.cfg`, { peerAddressProven: false }, 'untrusted'],
    ['a wrong token', `/${'0'.repeat(32)}/${MAC}.cfg`, STRANGER, 'untrusted'],
    ['the token of another phone', `/${tokenOf(OTHER)}/${MAC}.cfg`, STRANGER, 'untrusted'],
    ['a common file from outside', '/y000000000052.cfg', STRANGER, 'untrusted'],
    ['firmware from outside', '/firmware/yealink/t28p/2.73.0.50/2.73.0.50.rom', STRANGER, 'untrusted'],
    ['firmware that is not there', '/firmware/yealink/t28p/9/9.rom', {}, 'unknown-file'],
    ['the certificate from outside', '/phoneboot-ca.crt', STRANGER, 'untrusted'],
    ['a file of no phone', '/index.php', {}, 'unknown-file'],
    ['a way up', '/../../etc/passwd', {}, 'unknown-file'],
  ])('%s', (_what, path, request, outcome) => {
    expect(bench.ask(path, request)).toEqual({ kind: 'absent' })
    expect(bench.lastEvent()).toMatchObject({ outcome, status: 404, reason: expect.any(String) })
  })

  test('a stranger is told the same of a phone that exists and of one that does not', () => {
    const paths = [
      `/${MAC}.cfg`,
      '/001565ffffff.cfg',
      '/001565aabb03.cfg',
      '/y000000000052.cfg',
      '/nothing',
      `/${MAC}.boot`,
    ]
    const answers = paths.map((path) => JSON.stringify(bench.ask(path, STRANGER)))
    expect(new Set(answers).size).toBe(1)
  })

  test('a token never stands in an event', () => {
    bench.ask(`/${tokenOf(OTHER)}/${MAC}.cfg`, STRANGER)
    bench.ask(`/${tokenOf(OTHER)}`, STRANGER)
    expect(JSON.stringify(bench.events)).not.toContain(tokenOf(OTHER))
  })
})

describe('a deleted phone', () => {
  beforeEach(() => {
    bench.snapshot.content.putDevice(phone(MAC, ['101'], { state: 'retired', retiredAt: bench.now() }))
  })

  test('is told for 30 days to forget its accounts', () => {
    const text = bench.text(`/${MAC}.cfg`)
    expect(text).toContain('account.1.enable = 0\n')
    expect(text).not.toContain('password-of')
    expect(bench.lastEvent().outcome).toBe('cleared')
    bench.clock.advance(CLEARED_FOR_MS - 1)
    expect(bench.ask(`/${MAC}.cfg`).kind).toBe('bytes')
    bench.clock.advance(1)
    expect(bench.ask(`/${MAC}.cfg`)).toEqual({ kind: 'absent' })
  })
})

describe('when a file cannot be rendered', () => {
  const failure = new AppError('TEMPLATE_VALUE_REFUSED', 'account.1.label: holds a control character or line break')

  test('a phone is given the last good bytes, and the admin the reason', () => {
    const good = bench.ask(`/${MAC}.cfg`)
    bench.breakage = failure
    bench.set('global', '', { language: 'de' })
    expect(bench.ask(`/${MAC}.cfg`)).toEqual(good)
    expect(bench.lastEvent()).toMatchObject({
      outcome: 'last-good',
      reason: 'TEMPLATE_VALUE_REFUSED: account.1.label: holds a control character or line break',
    })
  })

  test('a phone that never had any is told to come back later', () => {
    bench.breakage = failure
    expect(bench.ask(`/${MAC}.cfg`)).toEqual({ kind: 'unavailable' })
    expect(bench.lastEvent()).toMatchObject({ outcome: 'failed' })
  })

  test('it is not tried again before something changes, and heals with the change', () => {
    bench.breakage = failure
    bench.ask(`/${MAC}.cfg`)
    bench.ask(`/${MAC}.cfg`)
    expect(bench.rendered).toBe(1)
    bench.breakage = undefined
    bench.set('device', `d${MAC}`, { language: 'de' })
    expect(bench.text(`/${MAC}.cfg`)).toContain('lang.gui = German')
    expect(bench.lastEvent().outcome).toBe('served')
  })

  test('a name with a line break breaks only the phones it stands on', () => {
    bench.snapshot.content.putExtension(extensionRecord('102', { displayName: 'x\nevil = 1', revision: 2 }))
    expect(bench.ask(`/${OTHER}.cfg`)).toEqual({ kind: 'unavailable' })
    expect(bench.ask(`/${MAC}.cfg`).kind).toBe('bytes')
  })

  test('a bug is logged and told to the admin without its text', () => {
    bench.breakage = new TypeError('hunter2 is not a function')
    expect(bench.ask(`/${MAC}.cfg`)).toEqual({ kind: 'unavailable' })
    expect(bench.lastEvent().reason).toBe('internal error')
    expect(JSON.stringify(bench.events)).not.toContain('hunter2')
  })
})

describe('bytes depend on stored facts', () => {
  test('the advertised address is one of them', () => {
    const before = etag(bench.ask(`/${MAC}.cfg`))
    bench.server = { ...SERVER, host: 'phones.example.com' }
    expect(bench.text(`/${MAC}.cfg`)).toContain('account.1.sip_server.1.address = phones.example.com\n')
    bench.server = SERVER
    expect(etag(bench.ask(`/${MAC}.cfg`))).toBe(before)
  })

  test('the stored firmware is one: its generation decides the names, and an image is offered only when it differs', () => {
    bench.set('global', '', { firmwareVersion: '52.84.0.125' })
    expect(bench.text(`/${MAC}.cfg`)).not.toContain('firmware.url')
    bench.snapshot.content.putDevice(phone(MAC, ['101'], { firmwareVersion: '52.84.0.15', revision: 2 }))
    const old = bench.text(`/${MAC}.cfg`)
    expect(old).toMatch(/^static\.firmware\.url = \S+\/52\.84\.0\.125\/T21P_E2-52\.84\.0\.125\.rom$/m)
    expect(old).not.toMatch(/^firmware\.url/m)
    bench.snapshot.content.putDevice(phone(MAC, ['101'], { firmwareVersion: '52.84.0.125', revision: 3 }))
    expect(bench.text(`/${MAC}.cfg`)).not.toContain('firmware.url')
  })

  test('an image for other hardware is never offered', () => {
    bench.set('global', '', { firmwareVersion: '34.72.0.75' })
    bench.snapshot.content.putDevice(phone(MAC, ['101'], { firmwareVersion: '52.84.0.15', revision: 2 }))
    expect(bench.text(`/${MAC}.cfg`)).not.toContain('firmware.url')
  })

  test('a registrar may be given with its port', () => {
    bench.set('global', '', { sipServer: 'pbx.example.com:5080', outboundProxy: '[2001:db8::1]' })
    const text = bench.text(`/${MAC}.cfg`)
    expect(text).toContain('account.1.sip_server.1.address = pbx.example.com\naccount.1.sip_server.1.port = 5080\n')
    expect(text).toContain(
      'account.1.outbound_proxy.1.address = [2001:db8::1]\naccount.1.outbound_proxy.1.port = 5060\n',
    )
  })
})
