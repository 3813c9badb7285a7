import { afterEach, expect, test } from '@jest/globals'
import type { Databases } from '../../src/database/edge/connect.js'
import { inWriteTransaction, isOutage } from '../../src/database/edge/write.js'
import { describeOverDatabases } from '../support/databases.js'

describeOverDatabases('while somebody else writes a great deal', (fresh) => {
  let release = (): void => undefined
  let writing: Promise<unknown> = Promise.resolve()
  afterEach(async () => {
    release()
    await writing
  })

  const count = async ({ main }: Databases): Promise<number> =>
    Number(((await main('change_feed').count({ n: '*' })) as { n: number }[])[0]?.n)
  const change = (db: Databases, key: string, waitMs?: number): Promise<unknown> =>
    inWriteTransaction(db.main, async (trx) => trx('change_feed').insert({ at: 1, topic: 'site', key }), waitMs)

  /** Another process holds the write lock, and has written something. */
  async function heldBy(other: Databases): Promise<void> {
    const held = new Promise<void>((resolve) => (release = resolve))
    await new Promise<void>((reached, failed) => {
      writing = inWriteTransaction(other.main, async (trx) => {
        await trx('change_feed').insert({ at: 1, topic: 'site', key: 'held' })
        reached()
        await held
      })
      writing.catch(failed)
    })
  }

  test('a change waits for its turn, and those who read do not wait for it', async () => {
    const { databases } = fresh()
    await heldBy(await fresh().reopen())
    const before = await count(databases)
    const changes = ['first', 'second', 'third'].map((key) => change(databases, key))
    // Each of these would stand behind a change that waits in the driver.
    for (let n = 0; n < 20; n += 1) expect(await count(databases)).toBe(before)
    release()
    await Promise.all(changes)
    expect(await count(databases)).toBe(before + 4)
  })

  test('it does not wait for ever: then the database counts as one that cannot be written', async () => {
    const { databases } = fresh()
    await heldBy(await fresh().reopen())
    const refused: unknown = await change(databases, 'never', 0).catch((error: unknown) => error)
    expect(isOutage(refused)).toBe(true)
    release()
    await writing
    await change(databases, 'later', 0)
  })

  test("what goes wrong in a change of one's own is not tried again", async () => {
    let tries = 0
    const failing = inWriteTransaction(fresh().databases.main, () => {
      tries += 1
      return Promise.reject(Object.assign(new Error('of a copy, say'), { code: 'SQLITE_BUSY' }))
    })
    await expect(failing).rejects.toThrow('of a copy')
    expect(tries).toBe(1)
  })
})
