import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { Remembered } from '../../src/domain/remembered.js'
import { RequestNames } from '../../src/provisioning/request-names.js'
import { claimOf, parseRequestPath } from '../../src/provisioning/request-path.js'
import { loadPhones } from '../support/phone-catalog.js'

const TOKEN = '0123456789abcdefghjkmnpqrstvwxyz'
const { catalog } = loadPhones()

const paths = fc.constantFrom(
  '/001565aabbcc.cfg',
  '/001565AABBCC.cfg',
  '/prov/001565aabbcc.cfg',
  `/${TOKEN}/001565aabbcc.cfg`,
  '/y000000000052.cfg',
  '/%30%301565aabbcc.cfg',
  '/snomD345-00041385000A.htm',
  '/cfg000b82aabbcc.xml',
  '/firmware/yealink/t21p-e2/x.rom',
  '/../001565aabbcc.cfg',
  '/nothing.txt',
)

test('a path means the same when it is asked again, over HTTP and TFTP in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(paths, fc.boolean()), { maxLength: 20 }), (asked) => {
      const names = new RequestNames(catalog)
      for (const [path, percentEncoded] of asked) {
        const parsed = parseRequestPath(path, percentEncoded)
        const named = names.read(path, percentEncoded)
        expect(named?.claim).toEqual(parsed && claimOf(catalog, parsed))
        expect(named?.tokenHash).toBe(parsed?.token === undefined ? undefined : sha256Hex(parsed.token))
      }
    }),
  )
})

test('at least so many are remembered, the last used ones, and at most twice as many', () => {
  const remembered = new Remembered<{ n: number }>(3)
  for (let n = 0; n < 100; n += 1) {
    remembered.set(String(n), { n })
    expect(remembered.get('0')).toEqual({ n: 0 })
    expect(remembered.get(String(n))).toEqual({ n })
  }
  const kept = Array.from({ length: 100 }, (_, n) => remembered.get(String(n))).filter((value) => value !== undefined)
  expect(kept.length).toBeLessThanOrEqual(6)
})
