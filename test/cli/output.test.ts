import { expect, test } from '@jest/globals'
import { table } from '../../src/cli/output.js'

test('what strangers sent does not steer the terminal', () => {
  const lines = table(['FILE'], [['\u001b]0;owned\u0007/x.cfg'], ['\u009b31mred'], ['a\nb'], ['\u202egfc']])
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  expect(lines[1]).toContain('/x.cfg')
})

test('a table of two hundred thousand rows is written', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => [n])
  expect(table(['N'], rows)).toHaveLength(200_001)
})
