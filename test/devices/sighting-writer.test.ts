import { describe, expect, test } from '@jest/globals'
import { createSightingWriter } from '../../src/devices/edge/sighting-writer.js'
import type { Sighting } from '../../src/devices/store.js'
import { FakeClock } from '../support/fake-clock.js'
import { recordingLog } from '../support/recording-log.js'

const PHONE = 'phone-1'

function bench(): { clock: FakeClock; written: Sighting[]; see(more?: Partial<Sighting>): Promise<void> } {
  const clock = new FakeClock()
  const written: Sighting[] = []
  const store = { noteSightings: async (sightings: readonly Sighting[]) => void written.push(...sightings) }
  const writer = createSightingWriter(store, clock, recordingLog())
  return {
    clock,
    written,
    see: async (more = {}) => {
      writer.note({ deviceId: PHONE, at: clock.now(), ip: '192.0.2.7', ...more })
      clock.advance(2_000)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('sightings of phones', () => {
  test('a phone that asks again within a minute is written once', async () => {
    const { written, see } = bench()
    for (let request = 0; request < 10; request += 1) await see()
    expect(written).toHaveLength(1)
  })

  test('after a minute it is written again', async () => {
    const { clock, written, see } = bench()
    await see()
    clock.advance(60_000)
    await see()
    expect(written).toHaveLength(2)
    expect(written[1]?.at).toBeGreaterThanOrEqual((written[0]?.at ?? 0) + 60_000)
  })

  test('another address is written at once', async () => {
    const { written, see } = bench()
    await see()
    await see({ ip: '192.0.2.8' })
    expect(written.map(({ ip }) => ip)).toEqual(['192.0.2.7', '192.0.2.8'])
  })

  test('a new firmware version is written at once', async () => {
    const { written, see } = bench()
    await see()
    await see({ firmwareVersion: '52.84.0.140' })
    expect(written.map(({ firmwareVersion }) => firmwareVersion)).toEqual([undefined, '52.84.0.140'])
  })

  test('a database that does not take them is told of once, and once when it does again; nothing is lost', async () => {
    const clock = new FakeClock()
    const log = recordingLog()
    const written: string[] = []
    let fails = true
    const store = {
      noteSightings: (sightings: readonly Sighting[]): Promise<void> => {
        if (fails) return Promise.reject(new Error('database is locked'))
        written.push(...sightings.map(({ deviceId }) => deviceId))
        return Promise.resolve()
      },
    }
    const writer = createSightingWriter(store, clock, log)
    const pass = async (): Promise<void> => {
      clock.advance(6_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let phone = 0; phone < 10; phone += 1) {
      writer.note({ deviceId: `phone-${phone}`, at: clock.now(), ip: '192.0.2.7' })
      await pass()
    }
    fails = false
    await pass()
    await pass()
    expect(written).toHaveLength(10)
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  })
})
