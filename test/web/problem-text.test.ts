import { describe, expect, test } from '@jest/globals'
import { AppError, type ErrorCode } from '../../src/domain/errors.js'
import { refusalOf } from '../../src/web/page.js'
import { reasonText } from '../../src/web/program-texts.js'
import { problemText } from '../../src/web/problem-text.js'
import { wordsOf } from '../../src/web/words/words.js'

const [english, german] = [wordsOf('en'), wordsOf('de')]
const WRONG_MAC = {
  code: 'MAC_INVALID',
  row: 5,
  column: 'MAC',
  message: `row 5, column MAC: "80:5e" is not a phone's MAC address: 12 hexadecimal digits`,
}

describe('a mistake of a file', () => {
  test('is told in the words of the server on an English page', () => {
    expect(problemText(english, WRONG_MAC)).toEqual({ text: '', detail: WRONG_MAC.message })
  })

  test('is told in German with its place, and the value in the words of the server', () => {
    expect(problemText(german, WRONG_MAC)).toEqual({
      text: 'Zeile 5, Spalte MAC: Das ist keine MAC-Adresse eines Telefons: 12 Ziffern und Buchstaben a bis f.',
      detail: `"80:5e" is not a phone's MAC address: 12 hexadecimal digits`,
    })
  })

  test('that has no German text keeps its place in German and its own words', () => {
    const { text, detail } = problemText(german, {
      code: 'CSV_INVALID',
      row: 3,
      message: 'row 3: another row of this phone has a mistake',
    })
    expect([text, detail]).toEqual(['Zeile 3', 'another row of this phone has a mistake'])
    expect(problemText(german, { code: 'CSV_INVALID', message: 'no header' })).toEqual({
      text: '',
      detail: 'no header',
    })
  })
})

test('why a phone was refused is told in the language of the page', () => {
  expect(reasonText(english, 'the phone is blocked')).toBe('the phone is blocked')
  expect(reasonText(german, 'the phone is blocked')).toBe('das Telefon ist gesperrt')
  expect(reasonText(german, 'not a file of snom/d120, the model assigned to this phone')).toBe(
    'keine Datei von snom/d120, dem gewählten Modell',
  )
  expect(reasonText(german, 'this file is not served; the phone goes on')).toBe('')
  expect(reasonText(german, 'something new')).toBe('something new')
})

test('a refusal whose reason only the server knows tells it beside the words of the page', () => {
  const { text, detail } = refusalOf(
    { words: german },
    new AppError('WEBHOOK_INVALID', 'url: 169.254.0.1 is link-local', { hint: 'Name another address' }),
  )
  expect([text.slice(0, 17), detail]).toEqual([
    'So geht es nicht:',
    'url: 169.254.0.1 is link-local. Name another address',
  ])
})

test('a refusal says what to do in the language of the page', () => {
  const told = (code: ErrorCode): string => refusalOf({ words: german }, new AppError(code, 'in English')).text
  expect(told('FORBIDDEN')).toBe('Dazu haben Sie kein Recht. Wer die Konten verwaltet, kann es Ihnen geben.')
  expect(told('LINK_INVALID')).toContain('Bitten Sie um einen neuen.')
})
