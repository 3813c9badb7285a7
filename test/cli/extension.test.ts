import { expect, test } from '@jest/globals'
import { commandLine } from '../support/command-line.js'

const { cli } = commandLine()

test('extension list --search and export --search find across alphabets, by the mobile number too', async () => {
  await cli('extension', 'add', '101', '--name', 'Пётр Петров')
  await cli('extension', 'add', '102', '--name', 'Anna Müller')
  await cli('settings', 'set', 'mobileNumber', '+49 171 555', '--extension', '102')
  const found = async (typed: string): Promise<string[]> => {
    const { out } = await cli('extension', 'list', '--search', typed, '--json')
    return (JSON.parse(out) as { number: string }[]).map(({ number }) => number)
  }
  expect(await found('petrov')).toEqual(['101'])
  expect(await found('mueller')).toEqual(['102'])
  expect(await found('0171')).toEqual([])
  expect(await found('49171')).toEqual(['102'])
  const { out } = await cli('export', '--search', 'petrov')
  expect(out).toContain('Пётр Петров')
  expect(out).not.toContain('Müller')
})
