import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { folded, searchFor, searchText } from '../../src/domain/search-text.js'

const finds = (typed: string, stored: string): boolean => searchFor(typed)(searchText(stored))

test('searching knows neither case nor diacritics', () => {
  expect([folded('MÜLLER'), folded('Пётр'), folded('Åse')]).toEqual(['muller', 'петр', 'ase'])
})

test('letters that Unicode takes apart by no rule are found by their plain ones', () => {
  expect([folded('Łucja'), folded('Søren'), folded('Groß'), folded('ÆRØ'), folded('Đorđe')]).toEqual([
    'lucja',
    'soren',
    'gross',
    'aero',
    'dorde',
  ])
})

describe('somebody is found whatever alphabet the name is stored and typed in', () => {
  test.each([
    ['petrov', 'Пётр Petrov'],
    ['petrov', 'Петров'],
    ['Петров', 'Petrov'],
    ['петр', 'Пётр'],
    ['petr', 'Пётр'],
    ['pyotr', 'Пётр'],
    ['muller', 'Müller'],
    ['mueller', 'Müller'],
    ['MÜLLER', 'Mueller'],
    ['müller', 'Muller'],
    ['soeren', 'Søren'],
    ['khrushchev', 'Хрущёв'],
    ['hrusev', 'Хрущёв'],
    ['Hruŝëv', 'Хрущёв'],
    ['chruschtschew', 'Хрущев'],
    ['zhukov', 'Жуков'],
    ['schukow', 'Жуков'],
    ['dmitry', 'Дмитрий'],
    ['dmitriy', 'Дмитрий'],
    ['yuliya', 'Юлия'],
    ['julija', 'Юлија'],
    ['hryhorenko', 'Григоренко'],
    ['shevchenko', 'Шевченко'],
    ['papadopoulos', 'Παπαδόπουλος'],
    ['ΠΑΠΑΔΌΠΟΥΛΟΣ', 'Παπαδόπουλος'],
    ['giorgos', 'Γιώργος'],
    ['venizelos', 'Βενιζέλος'],
    ['demetrios', 'Δημήτριος'],
    ['christos', 'Χρήστος'],
    ['evangelos', 'Ευάγγελος'],
  ])('%s finds %s', (typed, stored) => {
    expect(finds(typed, stored)).toBe(true)
  })

  test.each([
    ['petrov', 'Peters'],
    ['muller', 'Miller'],
    ['жуков', 'Petrov'],
  ])('%s does not find %s', (typed, stored) => {
    expect(finds(typed, stored)).toBe(false)
  })
})

test('any part of a text finds it', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aoz äöüßøŁ петрощьёй αγουπς') })
  fc.assert(
    fc.property(text, text, text, (before, typed, after) => {
      expect(finds(typed, before + typed + after)).toBe(true)
    }),
  )
})

test('a text of ASCII is kept once', () => {
  expect(searchText("101\nAnna O'Brien\nanna@example.org")).toBe("101\nanna o'brien\nanna@example.org")
})
