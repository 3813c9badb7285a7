import { expect, test } from '@jest/globals'
import { commandLine } from '../support/command-line.js'

const { cli } = commandLine()

test('the phonebook is listed, searched across alphabets and printed as vCards, without those who are hidden', async () => {
  await cli('extension', 'add', '101', '--name', 'Пётр Петров')
  await cli('extension', 'add', '102', '--name', 'Anna Müller', '--email', 'anna@example.com')
  await cli('extension', 'add', '103', '--name', 'Hidden Petrov')
  await cli('settings', 'set', 'mobileNumber', '+49 171 555', '--extension', '102')
  await cli('settings', 'set', 'directoryVisible', 'false', '--extension', '103')
  const found = async (...args: string[]): Promise<string[]> => {
    const { out } = await cli('phonebook', ...args, '--json')
    return (JSON.parse(out) as { number: string }[]).map(({ number }) => number)
  }
  expect(await found()).toEqual(['102', '101'])
  expect(await found('--search', 'petrov')).toEqual(['101'])
  expect(await found('--search', '49171')).toEqual(['102'])
  expect((await cli('phonebook')).out).toMatch(/^Anna Müller +102 +\+49 171 555$/m)
  const { out } = await cli('phonebook', '--vcards', '--search', 'mueller')
  expect(out.startsWith('BEGIN:VCARD\nVERSION:4.0\n')).toBe(true)
  expect(out).toContain('FN:Anna Müller\n')
  expect(out).not.toContain('Петров')
})
