import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatMac, parseMac, requireMac } from '../../src/domain/mac-address.js'

const octets = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')))
const phoneMac = octets.filter(
  (parts) => Number.parseInt(parts[0] ?? '1', 16) % 2 === 0 && parts.some((p) => p !== '00'),
)

function pieces(text: string, length: number): string[] {
  return text.match(new RegExp(`.{${length}}`, 'g')) ?? []
}

const SPELLINGS: Record<string, (hex: string) => string> = {
  'no separator': (hex) => hex,
  colons: (hex) => pieces(hex, 2).join(':'),
  dashes: (hex) => pieces(hex, 2).join('-'),
  blanks: (hex) => pieces(hex, 2).join(' '),
  'Cisco dots': (hex) => pieces(hex, 4).join('.'),
  'groups of four with dashes': (hex) => pieces(hex, 4).join('-'),
  'HP halves': (hex) => pieces(hex, 6).join('-'),
}

describe('MAC addresses', () => {
  test.each(Object.entries(SPELLINGS))('spelt with %s, in any case, are the same address', (_name, spell) => {
    fc.assert(
      fc.property(phoneMac, fc.boolean(), fc.constantFrom('', ' ', '\t'), (parts, upper, blank) => {
        const hex = parts.join('')
        const spelt = spell(upper ? hex.toUpperCase() : hex)
        expect(parseMac(blank + spelt + blank)).toBe(hex)
      }),
    )
  })

  test('formatted for people, they are read again as the same', () => {
    fc.assert(
      fc.property(phoneMac, (parts) => {
        const mac = requireMac(parts.join(''))
        expect(formatMac(mac)).toBe(parts.join(':'))
        expect(parseMac(formatMac(mac))).toBe(mac)
      }),
    )
  })

  test('group addresses and the zero address are no phones', () => {
    fc.assert(
      fc.property(octets, (parts) => {
        const odd = [(Number.parseInt(parts[0] ?? '0', 16) | 1).toString(16).padStart(2, '0'), ...parts.slice(1)]
        expect(parseMac(odd.join(':'))).toBeUndefined()
      }),
    )
    expect(parseMac('00:00:00:00:00:00')).toBeUndefined()
  })

  test.each([
    '',
    '0015',
    '00:15:65:aa:bb',
    '00:15:65:aa:bb:cc:dd',
    '00:15-65:aa:bb:cc',
    '0015.65aabbcc',
    'g01565aabbcc',
  ])('"%s" is refused', (text) => {
    expect(parseMac(text)).toBeUndefined()
  })

  test('a refusal names the field and what to write', () => {
    expect(() => requireMac('telephone', 'row 3 mac')).toThrow(
      expect.objectContaining({
        code: 'MAC_INVALID',
        message: expect.stringContaining('row 3 mac'),
        details: expect.objectContaining({ hint: expect.stringContaining('00:15:65:aa:bb:cc') }),
      }),
    )
  })

  test('any text either is refused or gives 12 lower-case hex digits', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const mac = parseMac(text)
        if (mac !== undefined) expect(mac).toMatch(/^[0-9a-f]{12}$/)
      }),
    )
  })
})
