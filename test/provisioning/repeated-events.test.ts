import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { ProvisioningEvent } from '../../src/domain/entities.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { REPEAT_MS, RepeatedEvents } from '../../src/provisioning/repeated-events.js'

const START = 1_750_000_000_000

function event(part: Partial<ProvisioningEvent> = {}): ProvisioningEvent {
  return {
    at: START,
    transport: 'http',
    path: '/0015650000aa.cfg',
    peer: '192.0.2.7',
    mac: '0015650000aa' as Mac,
    deviceId: 'd1',
    userAgent: 'Yealink SIP-T21P_E2 52.84.0.15',
    outcome: 'not-modified',
    status: 304,
    bytes: 0,
    micros: 90,
    sha256: 'a'.repeat(64),
    ...part,
  }
}

function bench(): {
  events: RepeatedEvents
  written: ProvisioningEvent[]
  take(part?: Partial<ProvisioningEvent>): void
} {
  const events = new RepeatedEvents()
  const written: ProvisioningEvent[] = []
  return { events, written, take: (part) => events.take(event(part), (one) => written.push(one)) }
}

describe('requests that phones repeat', () => {
  test('the first is handed on at once, those after it are counted', () => {
    const { events, written, take } = bench()
    for (let second = 0; second < 30; second += 1) take({ at: START + second * 1000, micros: second })
    expect(written).toEqual([event({ micros: 0 })])
    expect(events.pending).toBe(true)
    events.release((one) => written.push(one), START + REPEAT_MS)
    expect(written.slice(1)).toEqual([event({ at: START + 29_000, micros: 29, times: 29 })])
    expect(events.pending).toBe(false)
  })

  test('a single repetition is an event as any other', () => {
    const { events, written, take } = bench()
    take()
    take({ at: START + 1 })
    events.release((one) => written.push(one))
    expect(written).toEqual([event(), event({ at: START + 1 })])
  })

  test('after a minute the next request is handed on, behind the count before it', () => {
    const { written, take } = bench()
    for (const seconds of [0, 20, 59, 60]) take({ at: START + seconds * 1000 })
    expect(written.map(({ at, times }) => [(at - START) / 1000, times])).toEqual([
      [0, undefined],
      [59, 2],
      [60, undefined],
    ])
  })

  test.each<Partial<ProvisioningEvent>>([
    { outcome: 'served', status: 200, bytes: 9 },
    { sha256: 'b'.repeat(64) },
    { peer: '192.0.2.8' },
    { transport: 'tftp' },
    { userAgent: 'Yealink SIP-T21P_E2 52.84.0.140' },
    { reason: 'asked as T28' },
    { path: '/y000000000052.cfg' },
    { deviceId: 'd2' },
  ])('what differs in %j is handed on at once', (part) => {
    const { written, take } = bench()
    take()
    take({ ...part, at: START + 1 })
    expect(written).toEqual([event(), event({ ...part, at: START + 1 })])
  })

  test('refusals and failures are never only counted, nor what no phone of ours asked', () => {
    const { written, take } = bench()
    for (const outcome of ['failed', 'blocked', 'untrusted', 'last-good', 'partial'] as const) {
      take({ outcome })
      take({ outcome })
    }
    const { deviceId, ...unknown } = event()
    expect(deviceId).toBe('d1')
    const other = bench()
    other.events.take(unknown, (one) => other.written.push(one))
    other.events.take(unknown, (one) => other.written.push(one))
    expect([written.length, other.written.length]).toEqual([10, 2])
  })

  test('a clock that is set back holds nothing up', () => {
    const { events, written, take } = bench()
    take()
    take()
    take({ at: START - 5_000_000 })
    expect(written).toHaveLength(3)
    take({ at: START - 5_000_000 })
    events.release((one) => written.push(one), START - 9_000_000)
    expect(events.pending).toBe(false)
  })

  test('whatever phones ask, no request is lost or told twice', () => {
    const request = fc.record({
      deviceId: fc.constantFrom('d1', 'd2', 'd3'),
      path: fc.constantFrom('/a', '/b', '/0015650000aa.cfg'),
      outcome: fc.constantFrom<ProvisioningEvent['outcome'][]>('served', 'not-modified', 'blocked'),
      step: fc.integer({ min: -2_000, max: 40_000 }),
      release: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 60 }), (requests) => {
        const { events, written, take } = bench()
        let at = START
        for (const { step, release, ...part } of requests) {
          at += step
          take({ ...part, at })
          if (release) events.release((one) => written.push(one), at)
        }
        events.release((one) => written.push(one))
        for (const part of requests) {
          const asked = requests.filter((one) => isLike(one, part)).length
          const told = written.filter((one) => isLike(one, part)).reduce((sum, { times = 1 }) => sum + times, 0)
          expect(told).toBe(asked)
        }
      }),
    )
  })
})

type Kind = Pick<ProvisioningEvent, 'deviceId' | 'path' | 'outcome'>

function isLike(a: Kind, b: Kind): boolean {
  return a.deviceId === b.deviceId && a.path === b.path && a.outcome === b.outcome
}
