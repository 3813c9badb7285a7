import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  caEndsSoon,
  caValidity,
  certificateNames,
  leafValidity,
  parseSubjectAltName,
  reissueReason,
} from '../../src/certificates/names.js'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)

describe('names of the server certificate', () => {
  test('are PHONEBOOT_HOST, host name and every address, each once', () => {
    const machine = {
      advertisedHost: 'Phones.Example.COM.',
      hostName: 'boot1',
      addresses: ['10.0.0.5', '::1', 'FD00::5'],
    }
    expect(certificateNames(machine)).toEqual({
      dns: ['boot1', 'localhost', 'phones.example.com'],
      addresses: ['10.0.0.5', '127.0.0.1', '::1', 'fd00::5'],
    })
  })

  test('PHONEBOOT_HOST may be an address', () => {
    const names = certificateNames({ advertisedHost: '203.0.113.9', hostName: 'boot1', addresses: [] })
    expect(names.addresses).toContain('203.0.113.9')
    expect(names.dns).toEqual(['boot1', 'localhost'])
  })

  test('what cannot stand in a URL is left out: addresses with a zone, names with odd characters', () => {
    const names = certificateNames({ hostName: 'a b,CN=evil', addresses: ['fe80::1%eth0', '::ffff:10.0.0.6'] })
    expect(names).toEqual({ dns: ['localhost'], addresses: ['10.0.0.6', '127.0.0.1'] })
  })

  test('are read back from how Node tells them', () => {
    const text = 'DNS:localhost, DNS:Boot1, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:5, URI:http://x'
    expect(parseSubjectAltName(text)).toEqual({ dns: ['boot1', 'localhost'], addresses: ['127.0.0.1', 'fd00::5'] })
    expect(parseSubjectAltName(undefined)).toEqual({ dns: [], addresses: [] })
  })
})

describe('validity', () => {
  test('a CA lasts, but not past 2037 while that leaves five years', () => {
    expect(caValidity(NOW).notAfter).toBe(Date.UTC(2037, 11, 31))
    expect(caValidity(Date.UTC(2035, 0, 1)).notAfter).toBeGreaterThan(Date.UTC(2050, 0, 1))
  })

  test('a server certificate lies within its CA and has 398 days at most, whatever the clock says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (now) => {
        const ca = caValidity(NOW)
        if (now > ca.notAfter) return
        const leaf = leafValidity(now, ca)
        expect(leaf.notBefore).toBeGreaterThanOrEqual(ca.notBefore)
        expect(leaf.notAfter).toBeLessThanOrEqual(ca.notAfter)
        expect(leaf.notAfter).toBeGreaterThan(leaf.notBefore)
        expect(leaf.notAfter - leaf.notBefore).toBeLessThanOrEqual(398 * DAY)
      }),
    )
  })

  test('a clock set back does not end a CA, its last month does', () => {
    const ca = caValidity(NOW)
    expect(caEndsSoon(ca, 0)).toBe(false)
    expect(caEndsSoon(ca, ca.notAfter - 31 * DAY)).toBe(false)
    expect(caEndsSoon(ca, ca.notAfter - 29 * DAY)).toBe(true)
  })
})

describe('a server certificate is made anew', () => {
  const names = { dns: ['boot1'], addresses: ['10.0.0.5'] }
  const ca = caValidity(NOW)
  const issued = { names, ...leafValidity(NOW, ca) }

  test('when there is none', () => expect(reissueReason(undefined, names, ca, NOW)).toBeDefined())

  test('not while it will do, also with a name too many', () => {
    expect(reissueReason(issued, names, ca, NOW + 300 * DAY)).toBeUndefined()
    expect(reissueReason(issued, { dns: [], addresses: ['10.0.0.5'] }, ca, NOW)).toBeUndefined()
  })

  test('when a name or address is missing, which the reason names', () => {
    expect(reissueReason(issued, { ...names, dns: ['boot1', 'new'] }, ca, NOW)).toContain('new')
    expect(reissueReason(issued, { ...names, addresses: ['10.0.0.6'] }, ca, NOW)).toContain('10.0.0.6')
  })

  test('30 days before its end, but not over and over when the CA ends too', () => {
    expect(reissueReason(issued, names, ca, issued.notAfter - 29 * DAY)).toBe('it ends soon')
    const last = { names, ...leafValidity(ca.notAfter - 100 * DAY, ca) }
    expect(last.notAfter).toBe(ca.notAfter)
    expect(reissueReason(last, names, ca, ca.notAfter - 10 * DAY)).toBeUndefined()
  })

  test('when it was made under a clock that ran ahead, but not under one that lags behind the CA', () => {
    const early = { names, ...leafValidity(NOW + 60 * DAY, ca) }
    expect(reissueReason(early, names, ca, NOW)).toBe('it is not valid yet')
    const lagging = { names, ...leafValidity(0, ca) }
    expect(reissueReason(lagging, names, ca, 0)).toBeUndefined()
  })
})
