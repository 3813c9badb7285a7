import { expect, test } from '@jest/globals'
import type { ProvisioningEvent } from '../../src/domain/entities.js'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { KeptFiles } from '../../src/provisioning/edge/kept-files.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { describeOverDatabases } from '../support/databases.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

const DAY_MS = 86_400_000

describeOverDatabases('files as phones were given them', (fresh) => {
  const random = seededRandom(11)
  const secrets = createSecretBox(createKeyRing([{ id: 'k', key: random.bytes(32) }]), random)

  function bench() {
    const clock = new FakeClock()
    const files = new Map<string, Uint8Array>()
    const keep = (): KeptFiles =>
      new KeptFiles({
        ...{ db: fresh().databases.events, secrets, clock, spareTime: clock, log: SILENT_LOG },
        bytesOf: (_device, _path, sha256) => files.get(sha256),
      })
    const kept = keep()
    /** A phone is given this. */
    const serve = (text: string, to = kept): string => {
      const body = Buffer.from(text)
      const sha256 = sha256Hex(body)
      files.set(sha256, body)
      const event = { outcome: 'served', sha256, deviceId: 'd1', path: '/x.cfg' }
      to.heed(event as ProvisioningEvent)
      return sha256
    }
    const textOf = async (sha256: string): Promise<string | undefined> => {
      const found = await kept.find(sha256)
      return found && Buffer.from(found).toString()
    }
    return { clock, files, kept, keep, serve, textOf }
  }

  test('are found again by their digest, whoever kept them', async () => {
    const { kept, keep, serve, textOf } = bench()
    const [one, two] = [serve('one'), serve('two ä €')]
    await kept.flush()
    serve('one', keep())
    const other = keep()
    serve('one', other)
    await other.flush()
    expect([await textOf(one), await textOf(two), await textOf('0'.repeat(64))]).toEqual(['one', 'two ä €', undefined])
  })

  test('lie sealed: no piece of them is in the database', async () => {
    const { kept, serve } = bench()
    const sha256 = serve('account.1.password = hunter2hunter2hunter2')
    await kept.flush()
    const row: unknown = await fresh().databases.events('kept_files').where({ sha256 }).first()
    expect(JSON.stringify(row)).not.toContain('hunter2')
  })

  test('what changed again before its turn is not kept', async () => {
    const { kept, files, serve, textOf } = bench()
    const sha256 = serve('soon gone')
    files.clear()
    await kept.flush()
    expect(await textOf(sha256)).toBeUndefined()
  })

  test('what could not be written has its turn again', async () => {
    const { kept, serve, textOf } = bench()
    const { events } = fresh().databases
    const sha256 = serve('written at the second attempt')
    await events.schema.renameTable('kept_files', 'away')
    await expect(kept.flush()).rejects.toThrow()
    await events.schema.renameTable('away', 'kept_files')
    await kept.flush()
    expect(await textOf(sha256)).toBe('written at the second attempt')
  })

  test('what no event names any more is let go after a day', async () => {
    const { clock, kept, serve, textOf } = bench()
    const { events } = fresh().databases
    const [named, unnamed] = [serve('named'), serve('not named')]
    await kept.flush()
    const event = { at: clock.now(), transport: 'http', path: '/x.cfg', peer: '192.0.2.1', outcome: 'served' }
    await events('provisioning_events').insert({ ...event, status: 200, bytes: 1, micros: 1, sha256: named })
    expect(await kept.prune()).toBe(0)
    clock.advance(2 * DAY_MS)
    await kept.prune()
    expect([await textOf(named), await textOf(unnamed)]).toEqual(['named', undefined])
    const again = serve('not named')
    await kept.flush()
    expect(await textOf(again)).toBe('not named')
  })
})
