import { describe, expect, test } from '@jest/globals'
import { diagnose, DIAGNOSES, type DiagnosisCode, type Evidence } from '../../src/admin/diagnosis.js'
import { CATALOGUES } from '../../src/web/words/words.js'

const NOW = 1_800_000_000_000
const MINUTE = 60_000

const phone = (part: Partial<Evidence> = {}): Evidence => ({
  ...{ state: 'approved', lines: 1, model: 'yealink/t21p-e2', asked: [], registrations: [], history: [], now: NOW },
  ...part,
})
type Asked = Evidence['asked'][number]
const asked = (outcome: Asked['outcome'], minutesAgo: number, part: Partial<Asked> = {}): Asked => ({
  ...{
    at: NOW - minutesAgo * MINUTE,
    outcome,
    path: '/805ec0000001.cfg',
    peer: '10.0.0.9',
    transport: 'http',
    ...part,
  },
})
const step = (kind: Evidence['history'][number]['kind'], minutesAgo: number): Evidence['history'][number] => ({
  ...{ at: NOW - minutesAgo * MINUTE, kind, received: '10.0.0.9:5060' },
})
const codes = (evidence: Evidence): DiagnosisCode[] => diagnose(evidence).map(({ code }) => code)

describe('what keeps a phone from registering', () => {
  const cases: [string, Evidence, DiagnosisCode[]][] = [
    ['it never asked', phone(), ['silent']],
    [
      'it never asked, but its TLS handshakes fail',
      phone({ tlsFailure: { at: NOW - MINUTE, reason: 'no cipher' } }),
      ['tls', 'silent'],
    ],
    ['it comes from a network that is not trusted', phone({ asked: [asked('untrusted', 1)] }), ['untrusted']],
    ['it was given its file and never registered', phone({ asked: [asked('served', 10)] }), ['notRegistering']],
    ['it was given its file just now', phone({ asked: [asked('served', 1)] }), []],
    [
      'it tries a wrong password',
      phone({ asked: [asked('served', 10)], history: [step('refused', 9)] }),
      ['wrongPassword'],
    ],
    [
      'it once had a wrong password and registered since',
      phone({ asked: [asked('served', 10)], history: [step('expired', 5), step('registered', 8), step('refused', 9)] }),
      ['expired'],
    ],
    [
      'it asks files that no phone gets',
      phone({ asked: [asked('unknown-file', 3, { path: '/x/y000.boot' })] }),
      ['wrongFile'],
    ],
    [
      'it is another model than the one chosen',
      phone({ asked: [asked('served', 3, { reason: 'asked as yealink/t28p, but yealink/t21p-e2 is assigned' })] }),
      ['wrongModel'],
    ],
    ['its file cannot be made', phone({ asked: [asked('failed', 1)] }), ['failed']],
    ['nobody is on it', phone({ lines: 0, asked: [asked('served', 10)] }), ['noLine']],
    [
      'it was registered and is not heard any more',
      phone({ asked: [asked('served', 99)], history: [step('expired', 5)] }),
      ['expired'],
    ],
    ['its events are too old to be kept', phone({ lastSeenAt: NOW - 90 * 86_400_000 }), ['gone']],
    [
      'its TLS handshakes fail although it was given its file',
      phone({ asked: [asked('served', 30)], tlsFailure: { at: NOW - MINUTE, reason: 'expired' } }),
      ['tls', 'notRegistering'],
    ],
    ['it is blocked', phone({ state: 'blocked' }), ['blocked']],
    ['it is blocked and calls in', phone({ state: 'blocked', asked: [asked('blocked', 2)] }), ['blockedCalls']],
    ['it is held back', phone({ state: 'pending' }), ['held']],
  ]
  test.each(cases)('%s', (_what, evidence, wanted) => {
    expect(codes(evidence)).toEqual(wanted)
  })

  test('what a phone asks for in vain by design says nothing', () => {
    expect(codes(phone({ asked: [asked('expected-miss', 1), asked('served', 10)] }))).toEqual(['notRegistering'])
  })

  test('a registered phone is well; one of two lines that is not is looked for', () => {
    const one = { registeredAt: NOW, lineId: 'l1' }
    expect(codes(phone({ registrations: [one] }))).toEqual([])
    expect(codes(phone({ lines: 2, registrations: [one], asked: [asked('served', 10)] }))).toEqual(['notRegistering'])
  })

  test('old firmware is told of a registered phone too', () => {
    const old = phone({
      registrations: [{ registeredAt: NOW }],
      generation: 80,
      newestGeneration: 84,
      firmware: '52.80.0.1',
    })
    expect(diagnose(old)).toEqual([{ code: 'oldFirmware', values: { firmware: '52.80.0.1', newest: 84 } }])
  })

  test('a password that was wrong a day ago says nothing any more', () => {
    const evidence = phone({ asked: [asked('served', 3_000)], history: [step('refused', 2_000)] })
    expect(codes(evidence)).toEqual(['notRegistering'])
  })
})

test.each(DIAGNOSES)('%s has words in every language', (code) => {
  for (const words of Object.values(CATALOGUES)) expect(Object.hasOwn(words, `diagnosis.${code}`)).toBe(true)
})
