import { describe, expect, test } from '@jest/globals'
import type { Binding } from '../../src/domain/entities.js'
import { RegisterHistory } from '../../src/registrar/history.js'

const binding = { received: '10.0.0.9:5060', transport: 'udp', lineId: 'l1' } as Binding
const saved = (event: 'registered' | 'refreshed') => ({ kind: 'save', event, binding }) as const

describe('what a registration went through', () => {
  test('is told newest first, without refreshes', () => {
    const history = new RegisterHistory()
    history.changed('d1', saved('registered'), 1)
    history.changed('d1', saved('refreshed'), 2)
    history.changed('d1', { kind: 'remove', reason: 'expired', binding }, 3)
    expect(history.of('d1').map(({ kind, at }) => [kind, at])).toEqual([
      ['expired', 3],
      ['registered', 1],
    ])
    expect(history.of('d2')).toEqual([])
  })

  test('counts the same refusal instead of telling it each time', () => {
    const history = new RegisterHistory()
    for (let at = 1; at <= 500; at += 1) history.refused('d1', '10.0.0.9:5060', 'wrong password or unknown user', at)
    expect(history.of('d1')).toEqual([expect.objectContaining({ kind: 'refused', at: 1, times: 500, lastAt: 500 })])
  })

  test('tells in one step whom a phone asked to watch, however often it asks', () => {
    const history = new RegisterHistory()
    history.changed('d1', saved('registered'), 1)
    for (let at = 2; at <= 400; at += 1) {
      history.watched('d1', { binding, target: String(100 + (at % 3)), event: 'dialog', status: 405 }, at)
    }
    expect(history.of('d1')).toEqual([
      expect.objectContaining({ kind: 'subscribed', status: 405, times: 399, targets: ['102', '100', '101'] }),
      expect.objectContaining({ kind: 'registered' }),
    ])
  })

  test('keeps the last steps of each phone only, however it flaps', () => {
    const history = new RegisterHistory()
    for (let at = 1; at <= 1_000; at += 1) history.changed('d1', saved('registered'), at)
    const told = history.of('d1')
    expect([told.length, told[0]?.at]).toEqual([12, 1_000])
  })
})
