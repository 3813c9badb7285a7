import { describe, expect, test } from '@jest/globals'
import { READERS, type ReaderName } from '../../src/readers/index.js'

function read(reader: ReaderName, xml: string): string[] | string {
  const result = READERS[reader](Buffer.from(`<?xml version="1.0" encoding="utf-8"?>\n${xml}`))
  return result.ok ? result.entries.map(({ name, value }) => `${name}=${value}`) : result.reason
}

const yealink = (inner: string): string[] | string =>
  read('yealink-phonebook', `<YealinkIPPhoneDirectory>${inner}</YealinkIPPhoneDirectory>`)
const grandstream = (inner: string): string[] | string =>
  read('grandstream-phonebook', `<AddressBook>${inner}</AddressBook>`)

describe('a phonebook is read as its phones do', () => {
  test('Yealink: a name with its numbers', () => {
    expect(
      yealink(
        '<DirectoryEntry><Name>A &amp; B</Name><Telephone>1</Telephone><Telephone>2</Telephone></DirectoryEntry>',
      ),
    ).toEqual(['Name=A & B', 'Telephone=1', 'Telephone=2'])
    expect(yealink('')).toEqual([])
  })

  test('Snom: a title, and a name with its number', () => {
    expect(
      read(
        'snom-directory',
        '<SnomIPPhoneDirectory><Title>T</Title><DirectoryEntry><Name>A</Name><Telephone>1</Telephone></DirectoryEntry></SnomIPPhoneDirectory>',
      ),
    ).toEqual(['Title=T', 'Name=A', 'Telephone=1'])
  })

  test('Grandstream: names apart, numbers by type', () => {
    expect(
      grandstream(
        '<version>1</version><Contact><FirstName>A</FirstName><Phone type="Work"><phonenumber>1</phonenumber><accountindex>0</accountindex></Phone></Contact>',
      ),
    ).toEqual(['version=1', 'FirstName=A', 'phonenumber=1', 'accountindex=0'])
  })

  test.each([
    ['another root', () => read('yealink-phonebook', '<AddressBook></AddressBook>'), 'not expected here'],
    ['an unknown element', () => yealink('<SoftKey></SoftKey>'), 'not expected here'],
    ['a person without a name', () => yealink('<DirectoryEntry><Telephone>1</Telephone></DirectoryEntry>'), 'without'],
    ['text between the entries', () => yealink('hello'), 'text between elements'],
    ['an attribute', () => yealink('<DirectoryEntry x="1"><Name>A</Name></DirectoryEntry>'), 'attribute x'],
    [
      'a type of telephone that is none',
      () => grandstream('<Contact><FirstName>A</FirstName><Phone type="Pager"></Phone></Contact>'),
      'not known',
    ],
    [
      'a telephone without a type',
      () => grandstream('<Contact><FirstName>A</FirstName><Phone></Phone></Contact>'),
      'not known',
    ],
  ])('%s is refused', (_what, attempt, reason) => {
    expect(attempt()).toEqual(expect.stringContaining(reason))
  })
})
