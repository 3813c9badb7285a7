import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'
import {
  answerChallenge,
  computeHa1,
  digestResponse,
  formatChallenge,
  parseDigest,
  provesHa1,
  readCredentials,
} from '../../src/sip/digest.js'

const MUFASA = { nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093', uri: '/dir/index.html', method: 'GET' }

describe('published examples', () => {
  test('[RFC2617-3.5] Mufasa, MD5', () => {
    const ha1 = computeHa1('MD5', 'Mufasa', 'testrealm@host.com', new Secret('Circle Of Life'))
    expect(ha1).toBe('939e7578ed9e3c518a452acee763bce9')
    const qop = { nc: '00000001', cnonce: '0a4f113b' }
    expect(digestResponse('MD5', ha1, { ...MUFASA, qop })).toBe('6629fae49393a05397450978507c4ef1')
    expect(digestResponse('MD5', ha1, MUFASA)).toBe('670fd8c2df070c60b045671b8b24ff02')
  })

  test('[RFC7616-3.9.1] Mufasa, SHA-256', () => {
    const ha1 = computeHa1('SHA-256', 'Mufasa', 'http-auth@example.org', new Secret('Circle of Life'))
    const covered = {
      method: 'GET',
      uri: '/dir/index.html',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      qop: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    }
    expect(digestResponse('SHA-256', ha1, covered)).toBe(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    )
  })
})

describe('client and server', () => {
  const password = new Secret('pä;"\\ %')
  const challenge = (algorithm: 'MD5' | 'SHA-256'): string =>
    formatChallenge({ realm: 'example.com', nonce: 'n1', algorithm, stale: false })
  const ask = { method: 'REGISTER', uri: 'sip:example.com', username: '1"0\\1', password, cnonce: 'c', count: 10 }

  test.each(['MD5', 'SHA-256'] as const)('%s: what the client answers, the server accepts', (algorithm) => {
    const value = answerChallenge({ ...ask, challenges: [challenge(algorithm)] }) ?? ''
    const credentials = readCredentials(value)
    expect(credentials).toMatchObject({ username: '1"0\\1', algorithm, qop: { nc: '0000000a', count: 10 } })
    const ha1 = computeHa1(algorithm, '1"0\\1', 'example.com', password)
    expect(credentials && provesHa1(credentials, 'REGISTER', ha1)).toBe(true)
    expect(credentials && provesHa1(credentials, 'INVITE', ha1)).toBe(false)
    expect(value).not.toContain(password.reveal())
  })

  test('[RFC8760-2.4] the first known algorithm is answered, unknown ones are passed over', () => {
    const unknown = 'Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"'
    const value = answerChallenge({ ...ask, challenges: [unknown, challenge('SHA-256'), challenge('MD5')] })
    expect(value).toContain('algorithm=SHA-256')
    expect(answerChallenge({ ...ask, challenges: [unknown, 'Basic realm="r"'] })).toBeUndefined()
  })

  test('a challenge without qop is answered as RFC 2069 has it; opaque is given back', () => {
    const value = answerChallenge({ ...ask, challenges: ['Digest realm="r", nonce="n", opaque="o p"'] }) ?? ''
    expect(parseDigest(value)?.has('nc')).toBe(false)
    expect(parseDigest(value)?.get('opaque')).toBe('o p')
  })

  test('a challenge that offers auth-int only is not answered', () => {
    expect(answerChallenge({ ...ask, challenges: ['Digest realm="r", nonce="n", qop="auth-int"'] })).toBeUndefined()
  })
})

describe('shape of an answer', () => {
  const good = {
    username: '"u"',
    realm: '"r"',
    nonce: '"n"',
    uri: '"sip:x"',
    response: `"${'a'.repeat(32)}"`,
    qop: 'auth',
    nc: '00000001',
    cnonce: '"c"',
  }
  const write = (parts: Record<string, string>): string =>
    `Digest ${Object.entries(parts)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')}`

  test('quoted algorithm and qop, capitals and blanks are tolerated', () => {
    const odd = write(good).replace('qop=auth', 'QOP = "auth"').replace('nc=', 'algorithm = "md5",,nc = ')
    expect(readCredentials(odd)).toMatchObject({ algorithm: 'MD5', username: 'u', qop: { count: 1 } })
  })

  test.each([
    ['no user', { ...good, username: undefined }],
    ['no nonce', { ...good, nonce: undefined }],
    ['short response', { ...good, response: '"abc"' }],
    ['response not hex', { ...good, response: `"${'z'.repeat(32)}"` }],
    ['qop without cnonce', { ...good, cnonce: undefined }],
    ['nc of seven digits', { ...good, nc: '0000001' }],
    ['another qop', { ...good, qop: 'auth-int' }],
    ['unknown algorithm', { ...good, algorithm: 'SHA-1' }],
    ['MD5 length under SHA-256', { ...good, algorithm: 'SHA-256' }],
  ])('%s is no answer', (_, parts) => {
    const present = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
    expect(readCredentials(write(present as Record<string, string>))).toBeUndefined()
  })

  test('a doubled parameter, an open quote and another scheme are no answer', () => {
    expect(readCredentials(`${write(good)}, nonce="other"`)).toBeUndefined()
    expect(readCredentials(write({ ...good, username: '"u' }))).toBeUndefined()
    expect(readCredentials(write(good).replace('Digest', 'Basic'))).toBeUndefined()
  })
})
