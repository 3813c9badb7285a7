import type { PhonebookPerson } from './people.js'

/** Longest line in bytes, without its break (RFC 6350 §3.2). */
const LONGEST_LINE = 75

/** All of them as vCards 4.0 (RFC 6350), in one file. */
export function vCards(people: readonly PhonebookPerson[]): string {
  return people.map(vCard).join('')
}

function vCard(person: PhonebookPerson): string {
  const { name, firstName, lastName, number, mobile, jobTitle, email } = person
  const lines = [
    'BEGIN:VCARD',
    'VERSION:4.0',
    `FN:${escaped(name)}`,
    ...(firstName === null && lastName === null ? [] : [`N:${escaped(lastName ?? '')};${escaped(firstName ?? '')};;;`]),
    ...(jobTitle === null ? [] : [`TITLE:${escaped(jobTitle)}`]),
    `TEL;VALUE=text;TYPE="work,voice":${escaped(number)}`,
    ...(mobile === null ? [] : [`TEL;VALUE=text;TYPE=cell:${escaped(mobile)}`]),
    ...(email === null ? [] : [`EMAIL;TYPE=work:${escaped(email)}`]),
    'END:VCARD',
  ]
  return lines.map((line) => `${folded(line)}\r\n`).join('')
}

/** RFC 6350 §3.4: commas, semicolons, backslashes and line breaks. */
function escaped(text: string): string {
  return text.replace(/[\\,;]/g, (character) => `\\${character}`).replace(/\r\n|[\r\n]/g, '\\n')
}

/** RFC 6350 §3.2: long lines go on behind a break and a blank, never inside a character. */
function folded(line: string): string {
  let text = ''
  let length = 0
  for (const character of line) {
    const bytes = byteLength(character)
    if (length + bytes > LONGEST_LINE) {
      text += '\r\n '
      length = 1
    }
    text += character
    length += bytes
  }
  return text
}

/** Of one character in UTF-8. */
function byteLength(character: string): number {
  const code = character.codePointAt(0) ?? 0
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
}
