import { describe, expect, test } from '@jest/globals'
import type { Prepared } from '../../src/bulk/prepare.js'
import { afterPlan, importParts, prepared } from '../support/imports.js'

const parts = importParts()
const rowsOf = ({ planned }: Prepared): (string | number)[][] =>
  planned.reports.map(({ row, number, name, outcome }) => [row, number, name, outcome])

describe('a range of numbers in a file', () => {
  test.each(['101-103', "'101 - 103", '101–103', '101..103'])('%s is one person for each number', async (range) => {
    const found = await prepared(
      `number,name,email,jobTitle\n${range},Room {number},r{number}@example.com,Guest\n`,
      parts,
    )
    expect(found.obstacles).toEqual([])
    expect(rowsOf(found)).toEqual([
      [2, '101', 'Room 101', 'new'],
      [2, '102', 'Room 102', 'new'],
      [2, '103', 'Room 103', 'new'],
    ])
    const { plan } = found.planned
    expect(plan.createExtensions.map(({ email }) => email)).toEqual(
      ['101', '102', '103'].map((n) => `r${n}@example.com`),
    )
    expect(plan.settings.map(({ set }) => [...set])).toEqual(Array(3).fill([['jobTitle', 'Guest']]))
  })

  test('leading zeros stay, and a number without a name has itself as name', async () => {
    const found = await prepared('number,name\n008-010,\n', parts)
    expect(rowsOf(found).map(([, number]) => number)).toEqual(['008', '009', '010'])
    expect(found.planned.plan.createExtensions.map(({ displayName }) => displayName)).toEqual(['008', '009', '010'])
  })

  test('each of its numbers stands for itself: who is there is changed, the others are new', async () => {
    const existing = afterPlan((await prepared('number,name\n102,Bob\n', parts)).planned)
    const found = await prepared('number,name\n101-103,Room {number}\n', parts, existing)
    expect(rowsOf(found).map(([, , , outcome]) => outcome)).toEqual(['new', 'changed', 'new'])
  })

  test('a number that another row has too is told by its row, and only that one is left out', async () => {
    const file = 'number,name\n101-103,Room {number}\n102,Bob\n'
    expect((await prepared(file, parts)).obstacles.map(({ message }) => message)).toEqual([
      'row 3, column number: is the same extension as row 2',
    ])
    const last = await prepared(file, parts, undefined, { duplicates: 'last' })
    expect(rowsOf(last).map(([, number, , outcome]) => [number, outcome])).toEqual([
      ['101', 'new'],
      ['102', 'duplicate'],
      ['103', 'new'],
      ['102', 'new'],
    ])
  })

  test.each([
    ['150-101', /runs backwards/],
    ['1000-2000', /more than 1000 numbers/],
  ])('%s is refused', async (range, why) => {
    const { obstacles } = await prepared(`number,name\n${range},Room\n`, parts)
    expect(obstacles).toEqual([
      expect.objectContaining({ row: 2, column: 'number', message: expect.stringMatching(why) }),
    ])
  })

  test('many people share neither a phone nor a password', async () => {
    const { obstacles } = await prepared(
      'mac,model,number,password\n001565aabbcc,yealink/t28p,101-102,Geheim-77-x\n',
      parts,
    )
    expect(new Set(obstacles.map(({ column }) => column))).toEqual(new Set(['mac', 'password']))
  })
})
