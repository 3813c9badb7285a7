import { describe, expect, test } from '@jest/globals'
import type { Binding } from '../../src/domain/entities.js'
import { BindingTable } from '../../src/registrar/binding-table.js'
import type { BindingChange } from '../../src/registrar/store.js'

const binding = (n: number, expiresAt: number): Binding => ({
  aor: `${n}@x`,
  bindingKey: `sip:${n}@h`,
  extensionId: `e${n}`,
  contactUri: `sip:${n}@h`,
  received: '10.0.0.1:5060',
  transport: 'udp',
  path: [],
  q: 1000,
  callId: 'c',
  cseq: 1,
  expiresAt,
  registeredAt: 0,
})
const save = (one: Binding): BindingChange => ({ kind: 'save', event: 'registered', binding: one })
const remove = (one: Binding): BindingChange => ({ kind: 'remove', reason: 'unregistered', binding: one })

describe('the table of bindings', () => {
  test('takes out each binding when it expires, not before, and only once', () => {
    const table = new BindingTable()
    table.apply([save(binding(1, 10_000)), save(binding(2, 10_500)), save(binding(3, 3_600_000))])
    expect(table.expire(9_999)).toEqual([])
    expect(table.expire(10_000).map((change) => change.binding.aor)).toEqual(['1@x'])
    expect(table.expire(10_999)).toEqual([])
    expect(table.expire(11_000)).toMatchObject([{ reason: 'expired', binding: { aor: '2@x' } }])
    expect(table.size).toBe(1)
    expect(table.expire(4_000_000)).toHaveLength(1)
    expect([table.size, table.all()]).toEqual([0, []])
  })

  test('a phone that refreshes without end leaves nothing behind', () => {
    const table = new BindingTable()
    for (let n = 0; n < 5_000; n += 1) table.apply([save(binding(1, 7_200_000 + n * 1_000))])
    expect(table.scheduled).toBe(1)
    table.apply([remove(binding(1, 0))])
    expect(table.scheduled).toBe(0)
  })

  test('a refreshed binding does not expire at its old time', () => {
    const table = new BindingTable()
    table.apply([save(binding(1, 10_000))])
    table.apply([save(binding(1, 90_000))])
    expect(table.expire(60_000)).toEqual([])
    expect(table.expire(90_000)).toHaveLength(1)
  })

  test('a binding that is overdue when it comes in is taken out at the next sweep', () => {
    const table = new BindingTable()
    table.expire(50_000)
    table.apply([save(binding(1, 10_000))])
    expect(table.expire(51_000)).toHaveLength(1)
  })

  test('removing what is not there makes no difference and is not told', () => {
    const table = new BindingTable()
    expect(table.apply([remove(binding(1, 1)), save(binding(1, 1)), remove(binding(1, 1))])).toHaveLength(2)
    expect(table.of('1@x')).toEqual([])
  })
})
