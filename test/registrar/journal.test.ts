import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Binding } from '../../src/domain/entities.js'
import { changesEntry, expiredEntry, isWorthFolding, JournalReplay } from '../../src/registrar/journal.js'
import type { BindingChange } from '../../src/registrar/store.js'
import { MemoryBindingStore } from '../support/memory-binding-store.js'

const binding = (n: number, expiresAt = 1_000): Binding => ({
  ...{ aor: `${n % 3}@x`, bindingKey: `k${n}`, extensionId: 'e', contactUri: `sip:${n}@10.0.0.1`, path: [], q: 1_000 },
  ...{ received: '10.0.0.1:5060', transport: 'udp', callId: 'c', cseq: 1, registeredAt: n, expiresAt },
})

const step = fc.record({
  kind: fc.constantFrom('save', 'remove', 'expire'),
  n: fc.nat(6),
  expiresAt: fc.integer({ min: 1, max: 9 }),
})

const changeOf = ({ kind, n, expiresAt }: { kind: string; n: number; expiresAt: number }): BindingChange =>
  kind === 'save'
    ? { kind: 'save', event: 'registered', binding: binding(n, expiresAt) }
    : { kind: 'remove', reason: 'unregistered', binding: binding(n, expiresAt) }

const byKey = (bindings: readonly Binding[]): Binding[] =>
  [...bindings].sort((a, b) => (a.bindingKey < b.bindingKey ? -1 : 1))

test('whatever commits say, a journal comes to what a table would hold, folded at any moment or not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 5 })), fc.nat(20), async (commits, foldAt) => {
      const table = new MemoryBindingStore()
      let replay = new JournalReplay()
      for (const [index, steps] of commits.entries()) {
        if (index === foldAt) {
          const folded = new JournalReplay()
          for (const entry of replay.entries(2)) folded.add(entry)
          replay = folded
        }
        const expired = steps.filter(({ kind }) => kind === 'expire').map(({ n, expiresAt }) => binding(n, expiresAt))
        const changes = steps.filter(({ kind }) => kind !== 'expire').map(changeOf)
        await table.commit(changes)
        await table.removeExpired(expired)
        replay.add(changesEntry(changes))
        replay.add(expiredEntry(expired))
      }
      expect(byKey(replay.bindings())).toEqual(byKey(await table.load()))
    }),
  )
})

test('a journal is folded when it says everything several times over, and a short one is left alone', () => {
  expect(isWorthFolding(9_000, 10)).toBe(false)
  expect(isWorthFolding(11_000, 10)).toBe(true)
  expect(isWorthFolding(39_000, 10_000)).toBe(false)
  expect(isWorthFolding(41_000, 10_000)).toBe(true)
})
