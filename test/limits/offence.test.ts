import { describe, expect, test } from '@jest/globals'
import { OUTCOMES, type Outcome, type ProvisioningEvent } from '../../src/domain/entities.js'
import { isHostilePath, offenceOf } from '../../src/limits/offence.js'

const EVENT: ProvisioningEvent = {
  ...{
    at: 0,
    transport: 'http',
    path: '/a.cfg',
    peer: '192.0.2.7',
    outcome: 'served',
    status: 200,
    bytes: 0,
    micros: 0,
  },
}
const MAC = '001565aabbcc' as NonNullable<ProvisioningEvent['mac']>

describe('what counts against a source', () => {
  test.each<[Outcome, string | undefined]>([
    ['unknown-device', 'unknown-phone'],
    ['blocked', 'unknown-phone'],
    ['untrusted', 'unknown-phone'],
    ['unknown-file', 'unknown-phone'],
    ['refused-upload', 'upload'],
  ])('%s of a MAC counts as %s, once per phone', (outcome, kind) => {
    const found = offenceOf({ ...EVENT, outcome, mac: MAC })
    expect(found).toMatchObject({
      kind,
      address: '192.0.2.7',
      proven: true,
      sameAs: kind === 'upload' ? '/a.cfg' : MAC,
    })
  })

  test('what was served, what phones always miss, and our own failures never count', () => {
    const never = OUTCOMES.filter((outcome) => offenceOf({ ...EVENT, outcome }) === undefined)
    const wanted = ['served', 'not-modified', 'partial', 'expected-miss', 'cleared', 'last-good', 'failed']
    expect(new Set(never)).toEqual(new Set(wanted))
  })

  test('a known and an unknown phone asked from outside count alike', () => {
    const known = offenceOf({ ...EVENT, outcome: 'untrusted', mac: MAC, deviceId: '1' })
    const unknown = offenceOf({ ...EVENT, outcome: 'unknown-device', mac: MAC })
    expect(known).toEqual(unknown)
  })

  test('a phone of ours that asks for a file its model has not does not count', () => {
    expect(offenceOf({ ...EVENT, outcome: 'unknown-file', deviceId: '1', mac: MAC })).toBeUndefined()
  })

  test('a TFTP source is not proven', () => {
    expect(offenceOf({ ...EVENT, outcome: 'unknown-file', transport: 'tftp' })).toMatchObject({ proven: false })
  })

  test('each attempt to climb counts', () => {
    const climb = offenceOf({ ...EVENT, outcome: 'unknown-file', path: '/../etc/passwd' })
    expect(climb).toMatchObject({ kind: 'hostile-path' })
    expect(climb).not.toHaveProperty('sameAs')
  })
})

/** Ways to write `../../etc/passwd` that some decoder took for it. */
export const CLIMBING = [
  '/../../etc/passwd',
  '/a/../../etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/%2E%2E%2Fetc%2Fpasswd',
  '/%252e%252e/%252e%252e/etc/passwd',
  '/%252e%252e%252f%252e%252e%252fetc/passwd',
  '/%25252e%25252e%25252fetc/passwd',
  '/..\\..\\etc\\passwd',
  '/..%5c..%5cetc%5cpasswd',
  '/..%255c..%255cetc',
  '/%c0%ae%c0%ae/etc/passwd',
  '/%c0%ae%c0%ae%c0%afetc%c0%afpasswd',
  '/%e0%80%ae%e0%80%ae/etc/passwd',
  '/..%c0%af..%c0%afetc/passwd',
  '/..%c1%9c..%c1%9cetc/passwd',
  '/%uff0e%uff0e/etc/passwd',
  '/..%u2215..%u2215etc/passwd',
  '/%ef%bc%8e%ef%bc%8e/etc/passwd',
  '/....//....//etc/passwd',
  '/..;/..;/etc/passwd',
  '/../',
  '/..',
  '/001565aabbcc.cfg%00.txt',
  '/c:\\windows\\win.ini',
]

describe('paths that climb', () => {
  test.each(CLIMBING)('%s', (path) => {
    expect(isHostilePath(path)).toBe(true)
  })

  test.each([
    '/001565aabbcc.cfg',
    '/y000000000000.cfg',
    '/firmware/snom/snom320-8.7.5.35-SIP-f.bin',
    '/T46(S)-66.86.0.15.rom',
    '/a..b/c...cfg',
    '/snom320.htm?mac={mac}',
    '/ab%20cd.cfg',
    '/.well-known/x',
    '/...cfg',
    '/0123456789abcdefghjkmnpqrstvwxyz/cfg001565aabbcc.xml',
  ])('%s is no attempt', (path) => {
    expect(isHostilePath(path)).toBe(false)
  })
})
