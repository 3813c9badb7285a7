import { describe, expect, test } from '@jest/globals'
import { authoriseDevice, authorisePublic, CLEARED_FOR_MS } from '../../src/provisioning/authorise.js'
import { deviceRecord } from '../support/records.js'

const NOW = 1_750_000_000_000
const approved = deviceRecord('001565aabb01')
const other = deviceRecord('001565aabb02')
const blocked = deviceRecord('001565aabb01', [], { state: 'blocked' })
const pending = deviceRecord('001565aabb01', [], { state: 'pending' })
const retired = deviceRecord('001565aabb01', [], { state: 'retired', retiredAt: NOW - 1000 })
const longRetired = deviceRecord('001565aabb01', [], { state: 'retired', retiredAt: NOW - CLEARED_FOR_MS })
const retiredOnce = deviceRecord('001565aabb01', [], { state: 'retired' })

type Who = typeof approved | undefined

describe('may a phone have its config?', () => {
  test.each<[string, Who, Who, boolean, string]>([
    ['approved, trusted network', approved, undefined, true, 'config'],
    ['approved, own token from anywhere', approved, approved, false, 'config'],
    ['approved, own token from a trusted network', approved, approved, true, 'config'],
    ['approved, no token, untrusted', approved, undefined, false, 'untrusted'],
    ['approved, token of another phone, untrusted', approved, other, false, 'untrusted'],
    ['approved, token of another phone, trusted', approved, other, true, 'config'],
    ['unknown MAC, trusted', undefined, undefined, true, 'unknown-device'],
    ['unknown MAC, token of another phone', undefined, other, false, 'unknown-device'],
    ['blocked, trusted', blocked, undefined, true, 'blocked'],
    ['blocked, own token', blocked, blocked, false, 'blocked'],
    ['pending, trusted', pending, undefined, true, 'blocked'],
    ['pending, own token', pending, pending, false, 'blocked'],
    ['retired a second ago, trusted', retired, undefined, true, 'cleared'],
    ['retired a second ago, own token', retired, retired, false, 'cleared'],
    ['retired a second ago, untrusted', retired, undefined, false, 'untrusted'],
    ['retired 30 days ago', longRetired, undefined, true, 'unknown-device'],
    ['retired, nobody knows when', retiredOnce, undefined, true, 'unknown-device'],
  ])('%s: %#', (_who, device, tokenDevice, trusted, answer) => {
    const decision = authoriseDevice({ device, tokenDevice, trusted, now: NOW })
    expect(decision.allow ? (decision.cleared ? 'cleared' : 'config') : decision.outcome).toBe(answer)
  })
})

describe('may a requester have a file without secrets?', () => {
  test.each<[string, Who, boolean, boolean]>([
    ['trusted', undefined, true, true],
    ['a phone by its token', approved, false, true],
    ['a stranger', undefined, false, false],
    ['a blocked phone by its token', blocked, false, false],
    ['a retired phone by its token', retired, false, false],
    ['a waiting phone by its token', pending, false, false],
  ])('%s', (_who, tokenDevice, trusted, allowed) => {
    expect(authorisePublic(tokenDevice, trusted)).toBe(allowed)
  })
})
