import { describe, expect, test } from '@jest/globals'
import { csvText } from '../../src/bulk/csv-text.js'
import { afterPlan, importParts, prepared } from '../support/imports.js'

const parts = importParts()

/** Warnings of a preview; what is written all the same. */
async function told(...rows: string[][]): Promise<{ warnings: string[]; written: number }> {
  const there = afterPlan((await prepared('extension,name\n199,Zoe\n', parts)).planned)
  const { planned, obstacles } = await prepared(csvText(rows), parts, there)
  expect(obstacles).toEqual([])
  const problems = planned.reports.flatMap((report) => report.problems)
  expect(problems.filter(({ severity }) => severity !== 'warning')).toEqual([])
  return { warnings: problems.map(({ message }) => message), written: planned.plan.settings.length }
}

describe('a preview', () => {
  test('names forwards to a number that nobody has; those of the same file and outside are good', async () => {
    const { warnings, written } = await told(
      ['extension', 'name', 'forwardBusy', 'forwardNoAnswer', 'forwardAlways', 'forwardUnavailable'],
      ['101', 'Anna', '102', '198', '', ''],
      ['102', 'Bob', '199', '+49301234', 'mobile', '*97'],
      ['103', 'Carla', '0171555', '', '', '777'],
    )
    expect(warnings).toEqual([
      'row 2, column forwardNoAnswer: nobody here has the number 198',
      'row 4, column forwardUnavailable: nobody here has the number 777',
    ])
    expect(written).toBe(3)
  })

  test('says for which states no forwarding rule is there, and which rules a phone could do', async () => {
    const forward = { action: 'forward', target: { kind: 'extension', number: '102' } }
    const rules = [
      { ...forward, condition: 'busy' },
      { ...forward, condition: 'no-answer', afterSeconds: 20 },
      { ...forward, condition: 'busy', hours: 'closed' },
      { ...forward, status: 'away' },
      { action: 'voicemail' },
    ]
    const some = [
      { status: 'away', action: 'voicemail' },
      { ...forward, status: 'lunch' },
    ]
    const { warnings } = await told(
      ['extension', 'name', 'forwardingRules'],
      ['101', 'Anna', JSON.stringify(rules)],
      ['102', 'Bob', JSON.stringify(some)],
    )
    expect(warnings).toEqual([
      'row 2, column forwardingRules: kept for your PBX; phones could do rule 1 (forwardBusy), 2 (forwardNoAnswer) themselves',
      'row 3, column forwardingRules: no rule says what becomes of calls for available, do-not-disturb, business-trip, off-work',
    ])
  })
})
