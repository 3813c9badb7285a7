import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { claimOf, parseRequestPath } from '../../src/provisioning/request-path.js'
import { loadPhones } from '../support/phone-catalog.js'

const TOKEN = '0123456789abcdefghjkmnpqrstvwxyz'
const { catalog } = loadPhones()

describe('paths that phones ask', () => {
  test.each<[string, string[], string, string | undefined]>([
    ['/001565aabbcc.cfg', [], '001565aabbcc.cfg', undefined],
    ['001565aabbcc.cfg', [], '001565aabbcc.cfg', undefined],
    ['//001565aabbcc.cfg', [], '001565aabbcc.cfg', undefined],
    ['/prov/yealink/001565aabbcc.cfg', ['prov', 'yealink'], '001565aabbcc.cfg', undefined],
    [`/${TOKEN}/001565aabbcc.cfg`, [TOKEN], '001565aabbcc.cfg', TOKEN],
    [`/prov/${TOKEN}//./001565aabbcc.cfg`, ['prov', TOKEN], '001565aabbcc.cfg', TOKEN],
    ['\\prov\\001565aabbcc.cfg', ['prov'], '001565aabbcc.cfg', undefined],
    ['/%30%301565aabbcc.cfg', [], '001565aabbcc.cfg', undefined],
    ['/a%2Fb/c.cfg', ['a', 'b'], 'c.cfg', undefined],
  ])('%s', (path, folders, name, token) => {
    const parsed = parseRequestPath(path, true)
    expect(parsed).toMatchObject({ folders, name })
    expect(parsed?.token).toBe(token)
  })

  test('TFTP names are not percent-encoded', () => {
    expect(parseRequestPath('100%25.cfg', false)?.name).toBe('100%25.cfg')
    expect(parseRequestPath('%2e%2e/x', false)).toMatchObject({ folders: ['%2e%2e'], name: 'x' })
  })

  test.each([
    ['upper case', TOKEN.toUpperCase()],
    ['31 characters', TOKEN.slice(1)],
    ['33 characters', `${TOKEN}0`],
    ['a letter that is never used', TOKEN.replace('a', 'u')],
  ])('a token with %s is none', (_what, token) => {
    expect(parseRequestPath(`/${token}/x.cfg`, true)?.token).toBeUndefined()
  })

  test('a token is not taken from the place of the file name', () => {
    expect(parseRequestPath(`/${TOKEN}`, true)?.token).toBeUndefined()
    expect(parseRequestPath(`/${TOKEN}/`, true)?.token).toBeUndefined()
  })
})

describe('paths that no phone asks', () => {
  test.each([
    '/..',
    '/../etc/passwd',
    '/prov/../../etc/passwd',
    '/..\\..\\windows\\win.ini',
    '/%2e%2e/etc/passwd',
    '/%2E%2e%2Fetc%2fpasswd',
    '/..%2f..%2fetc/passwd',
    '/..%5c..%5cetc',
    '/firmware/yealink/../../../etc/passwd',
    '/a/..',
    '/',
    '',
    '///',
    '/./.',
    '/a\0.cfg',
    '/a%00.cfg',
    '/a%0d%0aX: y.cfg',
    '/a%7f.cfg',
    '/%',
    '/%zz.cfg',
    '/%c0%ae%c0%ae/x',
    '/%ff.cfg',
    `/${'a/'.repeat(256)}x.cfg`,
  ])('%j is refused', (path) => {
    expect(parseRequestPath(path, true)).toBeUndefined()
  })

  test('encoded twice it is just a strange name', () => {
    const parsed = parseRequestPath('/%252e%252e/x.cfg', true)
    expect(parsed).toMatchObject({ folders: ['%2e%2e'], name: 'x.cfg' })
  })

  test('whatever is asked, no segment is a way up or holds a slash or control character', () => {
    const piece = fc.oneof(fc.constantFrom('..', '.', '%2e', '%2f', '%5c', '/', '\\', '%00', '%', TOKEN), fc.string())
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, encoded) => {
        const parsed = parseRequestPath(pieces.join(''), encoded)
        for (const segment of parsed ? [...parsed.folders, parsed.name] : []) {
          expect(segment).not.toMatch(/^\.{0,2}$/)

          expect(segment).not.toMatch(/[/\\\u0000-\u001f]/)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('what a path claims', () => {
  const claim = (path: string): ReturnType<typeof claimOf> => {
    const parsed = parseRequestPath(path, true)
    if (!parsed) throw new Error('refused')
    return claimOf(catalog, parsed)
  }

  test.each([
    ['/001565aabbcc.cfg', 'device'],
    ['/001565AABBCC.CFG', 'device'],
    ['/001565aabbcc.boot', 'macBoot'],
    ['/001565aabbcc-local.cfg', 'local'],
    ['/y000000000052.cfg', 'common'],
    ['/Y000000000052.CFG', 'common'],
    ['/y000000000000.cfg', 'common'],
    ['/y000000000000.boot', 'boot'],
  ])('%s is the Yealink file %s', (path, key) => {
    const found = claim(path)
    const yealink = found.kind === 'file' ? found.matches.filter(({ model }) => model.family === 'yealink') : []
    expect([...new Set(yealink.map(({ file }) => file.key))]).toEqual([key])
  })

  test('the MAC in a name is told, the number of a common file is none', () => {
    expect(claim('/001565AABBCC.cfg')).toMatchObject({ kind: 'file', mac: '001565aabbcc' })
    expect(claim('/y000000000052.cfg')).not.toHaveProperty('mac')
  })

  test('y000000000000.cfg is the file of the T28P alone, the boot file is everybody’s', () => {
    const [common, boot] = [claim('/y000000000000.cfg'), claim('/y000000000000.boot')]
    expect(common.kind === 'file' && common.matches.map(({ model }) => model.model)).toEqual(['yealink/t28p'])
    expect(boot.kind === 'file' && boot.matches.length).toBeGreaterThan(4)
  })

  test('firmware is found below any prefix, token included', () => {
    const path = 'firmware/yealink/t28p/2.73.0.50/2.73.0.50.rom'
    expect(claim(`/${TOKEN}/${path}`)).toEqual({ kind: 'firmware', path })
    expect(claim(`/prov/${path.replace('firmware', 'Firmware')}`)).toMatchObject({ kind: 'firmware' })
  })

  test.each(['/favicon.ico', '/ffffffffffff.cfg', '/000000000000.cfg', '/001565aabbcc.php', '/firmware', '/T28D.rom'])(
    '%s is nothing',
    (path) => {
      expect(claim(path)).toEqual({ kind: 'nothing' })
    },
  )
})
