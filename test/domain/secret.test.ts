import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { Secret } from '../../src/domain/secret.js'

describe('a secret', () => {
  const secret = new Secret('hunter2')

  test.each([
    ['a template string', `${secret}`],
    ['JSON', JSON.stringify({ secret })],
    ['the console', inspect({ nested: { secret } }, { depth: 9, showHidden: true })],
    ['its own keys', Object.getOwnPropertyNames(secret).join()],
    ['joining', [secret, secret].join()],
  ])('does not show itself in %s', (_where, text) => {
    expect(text).not.toContain('hunter2')
  })

  test('is told by reveal only', () => {
    expect(secret.reveal()).toBe('hunter2')
  })
})
