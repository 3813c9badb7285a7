import { expect, test } from '@jest/globals'
import type { Binding } from '../../../src/domain/entities.js'
import { SILENT_LOG } from '../../../src/observe/log.js'
import { BindingTable } from '../../../src/registrar/binding-table.js'
import { GroupCommit } from '../../../src/registrar/edge/group-commit.js'
import { Revocation } from '../../../src/registrar/edge/revocation.js'
import type { BindingChange } from '../../../src/registrar/store.js'
import { FakeClock } from '../../support/fake-clock.js'
import { MemoryBindingStore } from '../../support/memory-binding-store.js'

const binding = (n: number): Binding => ({
  ...{ aor: `${n}@x`, bindingKey: `sip:${n}@h`, extensionId: `e${n}`, contactUri: `sip:${n}@h` },
  ...{ received: '10.0.0.1:5060', transport: 'udp', path: [], q: 1000, callId: 'c', cseq: 1 },
  ...{ expiresAt: 3_600_000, registeredAt: 0 },
})

test('phones have their turn while many bindings are looked at, and only those that are meant are taken back', async () => {
  const table = new BindingTable()
  const store = new MemoryBindingStore()
  const saves = Array.from({ length: 200 }, (_, n): BindingChange => {
    return { kind: 'save', event: 'registered', binding: binding(n) }
  })
  await store.commit(saves)
  table.apply(saves)
  const applied: BindingChange[] = []
  const onApplied = (change: BindingChange): void => void applied.push(change)
  const commits = new GroupCommit({ table, store, onApplied })
  const revocation = new Revocation({ table, commits, clock: new FakeClock(), log: SILENT_LOG, onApplied })
  const seenBetween: number[] = []
  let seen = 0
  const dropped = revocation.drop(({ aor }) => {
    seen += 1
    // A password that is new has to be worked out.
    for (const until = performance.now() + 0.5; performance.now() < until;);
    return aor.startsWith('1')
  })
  for (let last = -1; last !== seen || seen < 200;) {
    last = seen
    await new Promise((resolve) => setTimeout(resolve, 0))
    seenBetween.push(seen)
  }
  await dropped
  expect(new Set(seenBetween).size).toBeGreaterThan(3)
  expect(applied).toHaveLength(111)
  expect([table.size, (await store.load()).length]).toEqual([89, 89])
})
