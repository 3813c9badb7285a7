import { expect, test } from '@jest/globals'
import { table, writeError, type Io } from '../../src/cli/output.js'
import { WHAT_TO_DO } from '../../src/cli/what-to-do.js'
import { AppError, ERROR_CODES } from '../../src/domain/errors.js'

test('what strangers sent does not steer the terminal', () => {
  const lines = table(['FILE'], [['\u001b]0;owned\u0007/x.cfg'], ['\u009b31mred'], ['a\nb'], ['\u202egfc']])
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
  expect(lines[1]).toContain('/x.cfg')
})

test('a table of two hundred thousand rows is written', () => {
  const rows = Array.from({ length: 200_000 }, (_, n) => [n])
  expect(table(['N'], rows)).toHaveLength(200_001)
})

test('a refusal says what to do, in its own words or in those for its kind', () => {
  let told = ''
  const io = { err: (text: string) => void (told += text) } as Io
  writeError(io, new AppError('DEVICE_NOT_FOUND', 'there is no phone 80:5e:c0:00:00:99'), false)
  writeError(io, new AppError('DEVICE_NOT_FOUND', 'it was removed', { hint: 'Add it again' }), false)
  expect(told.split('\n')).toEqual([
    'phoneboot: there is no phone 80:5e:c0:00:00:99',
    '  See which are there: device list; which asked and are not: strangers',
    'phoneboot: it was removed',
    '  Add it again',
    '',
  ])
})

test('every kind of refusal that names nothing there says where to look', () => {
  const silent = Object.keys(ERROR_CODES).filter((code) => /_NOT_FOUND$/.test(code) && !(code in WHAT_TO_DO))
  // What only pages and the API name, or what brings a hint of its own.
  expect(silent).toEqual([
    'MODEL_NOT_FOUND',
    'EFFECT_NOT_FOUND',
    'SITE_NOT_FOUND',
    'BAN_NOT_FOUND',
    'TOKEN_NOT_FOUND',
    'ROUTE_NOT_FOUND',
  ])
})
