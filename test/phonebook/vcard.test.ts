import { describe, expect, test } from '@jest/globals'
import type { PhonebookPerson } from '../../src/phonebook/people.js'
import { vCards } from '../../src/phonebook/vcard.js'

const ANNA: PhonebookPerson = {
  ...{ id: 'e101', name: 'Anna Berg', head: 'Anna', tail: 'Berg', firstName: 'Anna', lastName: 'Berg', number: '101' },
  ...{ mobile: '+4917155512', mobileShown: '+49 171 55512', jobTitle: 'Head of Sales', email: 'anna@example.org' },
}
const PLAIN = { ...ANNA, firstName: null, lastName: null, mobile: null, jobTitle: null, email: null }

const lines = (text: string): string[] => text.split('\r\n').slice(0, -1)

describe('people as vCards 4.0', () => {
  test('[RFC6350-6] name, title, numbers and address, each card for itself', () => {
    expect(lines(vCards([ANNA, { ...PLAIN, name: 'Reception', number: '100' }]))).toEqual([
      'BEGIN:VCARD',
      'VERSION:4.0',
      'FN:Anna Berg',
      'N:Berg;Anna;;;',
      'TITLE:Head of Sales',
      'TEL;VALUE=text;TYPE="work,voice":101',
      'TEL;VALUE=text;TYPE=cell:+4917155512',
      'EMAIL;TYPE=work:anna@example.org',
      'END:VCARD',
      'BEGIN:VCARD',
      'VERSION:4.0',
      'FN:Reception',
      'TEL;VALUE=text;TYPE="work,voice":100',
      'END:VCARD',
    ])
  })

  test('[RFC6350-3.4] separators in a name or title are escaped, so nobody adds a line of his own', () => {
    const text = vCards([{ ...PLAIN, name: 'Berg; Anna, \\o/', jobTitle: 'x\nTEL:0900' }])
    expect(lines(text)).toContain('FN:Berg\\; Anna\\, \\\\o/')
    expect(lines(text)).toContain('TITLE:x\\nTEL:0900')
  })

  test('[RFC6350-3.2] long lines are folded at 75 bytes, never inside a character', () => {
    const name = 'Ünäß€😀'.repeat(20)
    const text = vCards([{ ...PLAIN, name }])
    for (const line of lines(text)) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75)
    expect(text.replaceAll('\r\n ', '')).toContain(`FN:${name}\r\n`)
    expect(text).not.toContain('\ufffd')
  })
})
