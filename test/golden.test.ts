import { describe, expect, test } from '@jest/globals'
import { checkExamples } from '../src/provisioning/edge/examples.js'
import { shippedTemplates } from '../src/catalog/edge/load-folder.js'

const report = checkExamples([shippedTemplates()], { update: Boolean(process.env.UPDATE_GOLDEN) })

describe('every example of every phone', () => {
  test.each(report.cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    expect(one.problems).toEqual([])
  })

  test('every model has the cases minimal, full, hostile, cleared and line-break', () => {
    for (const model of report.models) {
      const cases = report.cases.filter((one) => one.model === model).map((one) => one.name.split('/').pop())
      expect([model, cases]).toEqual([
        model,
        expect.arrayContaining(['minimal', 'full', 'hostile', 'cleared', 'line-break']),
      ])
    }
  })
})
