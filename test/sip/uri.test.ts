import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { canonicalUri, formatSipUri, parseSipUri, sameUri, type SipUri, uriKey } from '../../src/sip/uri.js'

function uri(text: string): SipUri {
  const parsed = parseSipUri(text)
  if (!parsed) throw new Error(`not a URI: ${text}`)
  return parsed
}

const same = (a: string, b: string): boolean => sameUri(uri(a), uri(b))

describe('reading', () => {
  test('[RFC3261-19.1.1] all parts are found', () => {
    const parsed = uri('sips:alice:secret@[2001:DB8::1]:5071;transport=tcp;lr?to=bob%40x&subject=a')
    expect(parsed).toMatchObject({
      scheme: 'sips',
      user: 'alice',
      password: 'secret',
      host: '[2001:db8::1]',
      port: 5071,
    })
    expect([...parsed.params]).toEqual([
      ['transport', 'tcp'],
      ['lr', ''],
    ])
    expect(parsed.headers).toEqual([
      ['to', 'bob%40x'],
      ['subject', 'a'],
    ])
  })

  test('[RFC4475-3.1.1.9] a user part may hold semicolons and question marks', () => {
    expect(uri('sip:user;par=u%40example.net?x@example.com').user).toBe('user;par=u%40example.net?x')
  })

  test.each([
    'sip:2001:db8::10',
    'sip:a@b@c',
    'sip:@host',
    'sip:user@',
    'sip:user@host:0',
    'sip:user@host:65536',
    'sip:user@host:',
    'sip:us er@host',
    'sip:user@ho st',
    'sip:user@host;a=1;A=2',
    'sip:user@host;;',
    'sip:user@[2001:db8:::192.0.2.1]',
    'sip:user@[fe80::1%eth0]',
    'sip:user%4@host',
    'sip:user@host\r\nX: y',
    'tel:+123',
    'user@host',
    '',
  ])('%j is refused', (text) => expect(parseSipUri(text)).toBeUndefined())
})

describe('[RFC3261-19.1.4] comparison', () => {
  test.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    [
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ],
    ['sip:a@[2001:db8:0::1]', 'sip:a@[2001:DB8::1]'],
  ])('%s is %s', (a, b) => expect([same(a, b), same(b, a)]).toEqual([true, true]))

  test.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:carol@chicago.com', 'sips:carol@chicago.com'],
    ['sip:carol@chicago.com', 'sip:carol:pw@chicago.com'],
    ['sip:chicago.com', 'sip:carol@chicago.com'],
    ['sip:a%3Bb@h', 'sip:a;b@h'],
    ['sip:%00@h', 'sip:%00%00@h'],
    ['sip:a@h;maddr=1.2.3.4', 'sip:a@h'],
    ['sip:a@h;ttl=1', 'sip:a@h'],
    ['sip:a@h;user=phone', 'sip:a@h'],
    ['sip:a@h;method=INVITE', 'sip:a@h'],
  ])('%s is not %s', (a, b) => expect([same(a, b), same(b, a)]).toEqual([false, false]))
})

describe('laws', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abAB09-_.!~*;/?&=+$,'), minLength: 1, maxLength: 6 })
  const escaped = fc.array(fc.oneof(letters, fc.constantFrom('%61', '%41', '%3b', '%3B', '%00', '%e4')), {
    minLength: 1,
    maxLength: 3,
  })
  const params = fc.uniqueArray(
    fc.tuple(
      fc.constantFrom('transport', 'user', 'lr', 'x', 'Ob', 'maddr', 'line'),
      fc.constantFrom('', '=tcp', '=TCP', '=1', '=%61'),
    ),
    { selector: ([name]) => name.toLowerCase(), maxLength: 4 },
  )
  const uris = fc
    .tuple(
      fc.constantFrom('sip', 'sips'),
      fc.option(escaped),
      fc.constantFrom('h', 'H', 'a.b', '10.0.0.1', '[::1]', '[0:0::1]'),
      fc.option(fc.constantFrom(5060, 5070)),
      params,
    )
    .map(
      ([scheme, user, host, port, list]) =>
        `${scheme}:${user ? `${user.join('')}@` : ''}${host}${port ? `:${port}` : ''}` +
        list.map(([name, value]) => `;${name}${value}`).join(''),
    )

  test('what is written is read back', () => {
    fc.assert(
      fc.property(uris, (text) => {
        const parsed = uri(text)
        expect(parseSipUri(formatSipUri(parsed))).toEqual(parsed)
      }),
    )
  })

  test('a URI is the same as itself and as its canonical form', () => {
    fc.assert(
      fc.property(uris, (text) => {
        expect(same(text, text)).toBe(true)
        expect(same(text, canonicalUri(uri(text)))).toBe(true)
        expect(canonicalUri(uri(canonicalUri(uri(text))))).toBe(canonicalUri(uri(text)))
      }),
    )
  })

  test('comparison is symmetric, and no two equal URIs differ in key', () => {
    fc.assert(
      fc.property(uris, uris, (a, b) => {
        expect(same(a, b)).toBe(same(b, a))
        if (same(a, b)) expect(uriKey(uri(a))).toBe(uriKey(uri(b)))
        if (canonicalUri(uri(a)) === canonicalUri(uri(b))) expect(same(a, b)).toBe(true)
      }),
    )
  })

  test('comparison is transitive where all have the same parameters', () => {
    const near = fc.tuple(fc.constantFrom('a', '%61', 'b'), fc.constantFrom('h', 'H'), fc.constantFrom('1', '%31', '2'))
    const text = ([user, host, x]: [string, string, string]): string => `sip:${user}@${host};x=${x}`
    fc.assert(
      fc.property(near, near, near, (a, b, c) => {
        if (same(text(a), text(b)) && same(text(b), text(c))) expect(same(text(a), text(c))).toBe(true)
      }),
    )
  })

  test('any octets are read or refused, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
        const text = `sip:${Buffer.from(octets).toString('latin1')}`
        const parsed = parseSipUri(text)
        if (parsed) expect(canonicalUri(parsed)).not.toMatch(/[\r\n ]/)
      }),
    )
  })
})
