import { describe, expect, test } from '@jest/globals'
import { parseExtensionNumber, requireExtensionNumber } from '../../src/domain/extension-number.js'

describe('extension numbers', () => {
  test.each(['1', '101', '*97', '#1', '00000000000000000000'])('%s is one', (text) => {
    expect(parseExtensionNumber(` ${text} `)).toBe(text)
  })

  test.each(['', 'anna', '1 2', '1-2', '000000000000000000000', '١٢٣', '101\n'.repeat(2)])('%j is none', (text) => {
    expect(parseExtensionNumber(text)).toBeUndefined()
    expect(() => requireExtensionNumber(text)).toThrow(expect.objectContaining({ code: 'NUMBER_INVALID' }))
  })
})
