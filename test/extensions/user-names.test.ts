import { describe, expect, test } from '@jest/globals'
import { policyOf } from '../../src/extensions/policy.js'
import {
  accountUserName,
  BY_NUMBER,
  personUserName,
  renumberedUserName,
  requireUserName,
  type UserNames,
} from '../../src/extensions/user-names.js'
import { seededRandom } from '../support/seeded-random.js'

const random = seededRandom(3)
const ACME: UserNames = { pattern: 'prefix', prefix: 'acme' }
const RANDOM: UserNames = { pattern: 'random' }

describe('SIP user names', () => {
  test('are the number, a prefix and the number, or 16 random characters', () => {
    expect(personUserName('101', BY_NUMBER, random)).toBe('101')
    expect(personUserName('101', ACME, random)).toBe('acme-101')
    const drawn = Array.from({ length: 50 }, () => personUserName('101', RANDOM, random))
    expect(new Set(drawn).size).toBe(50)
    for (const name of drawn) expect(name).toMatch(/^[a-z2-9]{16}$/)
  })

  test('of lines end in something random, so that each phone can be revoked alone', () => {
    expect(accountUserName('101', BY_NUMBER, random)).toMatch(/^101-[a-z0-9]{6}$/)
    expect(accountUserName('101', ACME, random)).toMatch(/^acme-101-[a-z0-9]{6}$/)
    expect(accountUserName('*', ACME, random)).toMatch(/^acme-line-[a-z0-9]{6}$/)
    expect(accountUserName('101', RANDOM, random)).toMatch(/^[a-z2-9]{16}$/)
  })

  test('follow a new number when they were made of the old one', () => {
    expect(renumberedUserName('101', '101', '102')).toBe('102')
    expect(renumberedUserName('acme-101', '101', '102')).toBe('acme-102')
    expect(renumberedUserName('k3f9x2m7p4q8r5t6', '101', '102')).toBe('k3f9x2m7p4q8r5t6')
    expect(renumberedUserName('anna', '101', '102')).toBe('anna')
  })

  test('are what the site says, else what all say; a prefix that is missing is none', () => {
    const names = (...layers: Record<string, unknown>[]): UserNames =>
      policyOf(layers.map((one) => new Map(Object.entries(one)))).userNames
    expect(names()).toEqual(BY_NUMBER)
    expect(names({ sipUserNames: 'random' })).toEqual(RANDOM)
    expect(names({ sipUserNames: 'random' }, { sipUserNames: 'prefix', sipUserPrefix: 'acme' })).toEqual(ACME)
    expect(names({ sipUserPrefix: 'acme' }, { sipUserNames: 'prefix' })).toEqual(ACME)
    expect(names({ sipUserNames: 'prefix' })).toEqual(BY_NUMBER)
    expect(names({ sipUserPrefix: 'acme' })).toEqual(BY_NUMBER)
  })

  test.each(['', 'a b', 'ä', 'a@b', 'x'.repeat(65)])('%p is refused', (text) => {
    expect(() => requireUserName(text, 'authUser')).toThrow(/^authUser: /)
  })
})
