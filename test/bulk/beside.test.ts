import { describe, expect, test } from '@jest/globals'
import { BESIDE, tellError, toldError, withImportsBeside, type ImportsBeside } from '../../src/bulk/beside.js'
import { pageOf } from '../../src/bulk/rows-page.js'
import type { BulkUseCases } from '../../src/bulk/use-cases.js'
import { AppError } from '../../src/domain/errors.js'

/** Use cases whose calls only tell that they were made. */
function recorded(calls: string[]): BulkUseCases {
  const names = [...BESIDE, 'profiles', 'template', 'exportCsv']
  return Object.fromEntries(
    names.map((name) => [name, () => Promise.resolve(void calls.push(`here ${name}`))]),
  ) as unknown as BulkUseCases
}

const GONE = { id: 'gone', state: 'cancelled' }

function place(calls: string[]): ImportsBeside & { isUp: boolean } {
  const beside = {
    isUp: false,
    cancelled: (siteId: string, id: string) => (siteId === 'site-1' && id === 'gone' ? GONE : undefined),
    call: (siteId: string, method: string) => Promise.resolve(void calls.push(`${siteId} ${method}`)),
  }
  return beside as unknown as ImportsBeside & { isUp: boolean }
}

describe('imports beside the thread that answers phones', () => {
  test('what begins something long goes there; what is about open files only while there are any', async () => {
    const calls: string[] = []
    const beside = place(calls)
    const bulk = withImportsBeside(recorded(calls), 'site-1', () => beside)
    await bulk.showImport('one')
    await bulk.openImport('admin:anna', new Uint8Array(), {})
    beside.isUp = true
    await bulk.showImport('one')
    await bulk.exportCsv('admin:anna')
    expect(calls).toEqual(['here showImport', 'site-1 openImport', 'site-1 showImport', 'here exportCsv'])
  })

  test('a file that was cancelled is still seen as that when it was let go', async () => {
    const bulk = (siteId: string) => withImportsBeside(recorded([]), siteId, () => place([]))
    expect(await bulk('site-1').showImport('gone')).toEqual(GONE)
    expect(await bulk('site-2').showImport('gone')).toBeUndefined()
  })

  test('without such a place everything is done here', async () => {
    const calls: string[] = []
    const bulk = withImportsBeside(recorded(calls), 'site-1', () => undefined)
    await bulk.undoImport('cli:root', 'one')
    await bulk.imports()
    expect(calls).toEqual(['here undoImport', 'here imports'])
  })

  test('a refusal comes over with its code and details, any other error with its stack', () => {
    const problems = [{ row: 2, code: 'MAC_INVALID' as const, message: 'row 2' }]
    const refusal = new AppError('CSV_INVALID', '1 mistake', { problems, hint: 'mend it' })
    const back = toldError(structuredClone(tellError(refusal)))
    expect(back).toBeInstanceOf(AppError)
    expect(back).toMatchObject({ code: 'CSV_INVALID', message: '1 mistake', details: { problems, hint: 'mend it' } })
    const bug = new TypeError('no such thing')
    const told = toldError(structuredClone(tellError(bug)))
    expect(told).not.toBeInstanceOf(AppError)
    expect([told.message, told.stack]).toEqual(['no such thing', bug.stack])
  })

  test('rows are given by page, of one outcome when that is wanted', () => {
    const row = (n: number, outcome: 'new' | 'error', severity?: 'warning') => ({
      ...{ row: n, number: String(n), mac: '', name: '', outcome, changes: [] },
      problems: severity ? [{ code: 'NAME_INVALID' as const, message: 'odd', severity }] : [],
    })
    const rows = [row(1, 'new'), row(2, 'error'), row(3, 'new', 'warning'), row(4, 'new')]
    expect(pageOf(rows, {})).toEqual({ rows, total: 4 })
    expect(pageOf(rows, { outcome: 'new', from: 1, limit: 1 })).toEqual({ rows: [rows[2]], total: 3 })
    expect(pageOf(rows, { outcome: 'warning' })).toEqual({ rows: [rows[2]], total: 1 })
  })
})
