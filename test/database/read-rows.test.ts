import { beforeEach, expect, test } from '@jest/globals'
import { eachRow } from '../../src/database/edge/read-rows.js'
import { insertInChunks, inReadTransaction } from '../../src/database/edge/write.js'
import type { Turns } from '../../src/domain/turns.js'
import { describeOverDatabases } from '../support/databases.js'

interface Row {
  layer: string
  owner: string
  key: string
  value: string
}

const KEY = ['layer', 'owner', 'key'] as const
/** Two pages of the larger ones are full, and none is left over. Upper case comes first or not, as the database likes. */
const ROWS: readonly Row[] = Array.from({ length: 1000 }, (_, n) => ({
  layer: ['device', 'extension'][n % 2] ?? '',
  owner: `owner ${n % 10} "ä"`,
  key: `${n % 3 ? 'key' : 'Key'}${n}`,
  value: JSON.stringify({ n }),
}))

describeOverDatabases('reading a table page by page', (fresh) => {
  beforeEach(async () => {
    const { main } = fresh().databases
    await main('setting_values').delete()
    await insertInChunks(
      main,
      'setting_values',
      ROWS.map((row) => ({ ...row, updated_at: 1 })),
    )
  })

  const read = (turns?: Turns): Promise<Row[]> =>
    inReadTransaction(fresh().databases.main, async (trx) => {
      const rows: Row[] = []
      const table = { table: 'setting_values', columns: [...KEY, 'value'], by: KEY } as const
      await eachRow<Row>(trx, table, (row) => rows.push(row), turns)
      return rows
    })

  test('every row comes once, in the order of a key of several columns, with pages of either size', async () => {
    const expected: Row[] = await fresh()
      .databases.main('setting_values')
      .orderBy([...KEY])
      .select(...KEY, 'value')
    expect(expected).toHaveLength(ROWS.length)
    expect(await read()).toEqual(expected)
    expect(await read(() => undefined)).toEqual(expected)
  })

  test('an empty table gives nothing', async () => {
    await fresh().databases.main('setting_values').delete()
    expect(await read()).toEqual([])
  })

  test('what goes wrong between two rows ends it', async () => {
    let asked = 0
    const stopped = read(() => ((asked += 1) === 3 ? Promise.reject(new Error('stopped')) : undefined))
    await expect(stopped).rejects.toThrow('stopped')
    expect(await read()).toHaveLength(ROWS.length)
  })
})
