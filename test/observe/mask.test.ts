import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AppError } from '../../src/domain/errors.js'
import { Secret } from '../../src/domain/secret.js'
import { isSecretName, maskText, maskTokens, maskUrlPasswords, maskValue } from '../../src/observe/mask.js'

const TOKEN = '0123456789abcdefghjkmnpqrstvwxyz'
const tokens = fc
  .array(fc.constantFrom(...TOKEN), { minLength: 32, maxLength: 32 })
  .map((characters) => characters.join(''))

describe('masking of tokens in texts', () => {
  test('a token in a path is masked and the rest stays', () => {
    expect(maskTokens(`/${TOKEN}/001565aabbcc.cfg`)).toBe('/[token]/001565aabbcc.cfg')
    expect(maskTokens(`http://10.0.0.1:8080/${TOKEN}/`)).toBe('http://10.0.0.1:8080/[token]/')
    expect(maskTokens(TOKEN.toUpperCase())).toBe('[token]')
  })

  test('31 or 33 characters, letters outside the alphabet and a SHA-256 are no token', () => {
    for (const text of [TOKEN.slice(1), `${TOKEN}0`, `${TOKEN.slice(1)}u`, 'ab'.repeat(32)]) {
      expect(maskTokens(`/${text}/x`)).toBe(`/${text}/x`)
    }
  })

  test('no spelling of a token shows it: any case, any part percent-encoded, encoded slashes around it', () => {
    const encode = (text: string, choice: number[]): string =>
      [...text].map((c, i) => ((choice[i] ?? 0) === 1 ? `%${c.charCodeAt(0).toString(16)}` : c)).join('')
    fc.assert(
      fc.property(
        tokens,
        fc.array(fc.constantFrom(0, 1), { minLength: 32, maxLength: 32 }),
        fc.constantFrom('/', '%2f', '%2F', '//', '\\', '/..;/'),
        (token, choice, slash) => {
          const masked = maskTokens(`${slash}${encode(token, choice)}${slash}file.cfg`)
          expect(masked).toBe(`${slash}[token]${slash}file.cfg`)
        },
      ),
    )
  })

  test('the password of a URL is masked up to the last @', () => {
    expect(maskUrlPasswords('postgres://boot:a@b:c@db:5432/x')).toBe('postgres://boot:[secret]@db:5432/x')
    expect(maskUrlPasswords('http://10.0.0.1:8080/a@b')).toBe('http://10.0.0.1:8080/a@b')
    expect(maskText('no secret here')).toBe('no secret here')
  })
})

describe('masking of log fields', () => {
  test('fields with secret names are masked at any depth', () => {
    const masked = maskValue({
      password: 'x',
      a: [{ authorization: 'Digest x', newPassword: 'y', token: 'z', sealedToken: 's', extension: '100' }],
    })
    expect(masked).toEqual({
      password: '[secret]',
      a: [
        {
          authorization: '[secret]',
          newPassword: '[secret]',
          token: '[secret]',
          sealedToken: '[secret]',
          extension: '100',
        },
      ],
    })
  })

  test('harmless names are no secrets', () => {
    for (const name of ['path', 'mac', 'bypassed', 'extension', 'bytes', 'keyFile'])
      expect(isSecretName(name)).toBe(false)
  })

  test('a Secret shows nothing, binary data only its length', () => {
    expect(maskValue({ one: new Secret('hidden'), two: Buffer.from('hidden') })).toEqual({
      one: '[secret]',
      two: '[6 bytes]',
    })
  })

  test('an AppError is told without a stack, a bug with its stack, both masked', () => {
    const refusal = maskValue(new AppError('PORT_IN_USE', `port taken ${TOKEN}`)) as Record<string, unknown>
    expect(refusal).toEqual({ type: 'AppError', code: 'PORT_IN_USE', message: 'port taken [token]' })
    const bug = maskValue(new Error(`at ${TOKEN}`, { cause: new Error('root') })) as Record<string, unknown>
    expect(String(bug['stack'])).toContain('mask.test')
    expect(JSON.stringify(bug)).not.toContain(TOKEN)
    expect(bug['cause']).toMatchObject({ message: 'root' })
  })

  test('rings end', () => {
    const ring: Record<string, unknown> = {}
    ring['self'] = ring
    expect(JSON.stringify(maskValue(ring))).toContain('[deeper]')
  })
})
