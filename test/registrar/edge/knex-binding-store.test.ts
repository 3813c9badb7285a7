import { expect, test } from '@jest/globals'
import type { Binding } from '../../../src/domain/entities.js'
import { SILENT_LOG } from '../../../src/observe/log.js'
import { KnexBindingStore } from '../../../src/registrar/edge/knex-binding-store.js'
import type { BindingChange } from '../../../src/registrar/store.js'
import { describeOverDatabases } from '../../support/databases.js'

const binding = (n: number, more: Partial<Binding> = {}): Binding => ({
  aor: `${n}@phoneboot`,
  bindingKey: `sip:${n}@10.0.0.1`,
  extensionId: `e${n}`,
  contactUri: `sip:${n}@10.0.0.1`,
  received: '10.0.0.1:5060',
  transport: 'udp',
  path: [],
  q: 1000,
  callId: 'c',
  cseq: 1,
  expiresAt: 2_000_000_000_000 + n,
  registeredAt: 1_750_000_000_000 + n,
  ...more,
})
const save = (one: Binding): BindingChange => ({ kind: 'save', event: 'registered', binding: one })
const remove = (one: Binding): BindingChange => ({ kind: 'remove', reason: 'unregistered', binding: one })

describeOverDatabases('KnexBindingStore', (fresh) => {
  const store = (): KnexBindingStore => new KnexBindingStore(fresh().databases.live)
  const empty = async (): Promise<void> => {
    await fresh().databases.live('binding_journal').delete()
  }

  test('gives back every field as it was saved', async () => {
    await empty()
    const full = binding(1, {
      contactParams: ';+sip.instance="<urn:uuid:1>"',
      path: ['<sip:p1;lr>', '"A, B" <sip:p2;lr>'],
      q: 250,
      cseq: 2_147_483_647,
      userAgent: 'Yealink "T21" ü',
      lineId: 'l1',
      passwordMark: 'k1.0123456789abcdef',
      local: '10.0.0.254',
      transport: 'tcp',
    })
    await store().commit([save(full), save(binding(2))])
    expect(await store().load(0)).toEqual([full, binding(2)])
  })

  test('saving again replaces, and clears what the new one has not', async () => {
    await empty()
    await store().commit([save(binding(1, { userAgent: 'x', lineId: 'l', contactParams: ';a' }))])
    await store().commit([save(binding(1, { cseq: 2 }))])
    expect(await store().load(0)).toEqual([binding(1, { cseq: 2 })])
  })

  test('changes count in their order, the last word on a binding wins', async () => {
    await empty()
    await store().commit([save(binding(1)), remove(binding(1)), save(binding(2)), save(binding(2, { cseq: 9 }))])
    await store().commit([remove(binding(1)), save(binding(1, { cseq: 5 }))])
    expect(await store().load(0)).toEqual([binding(1, { cseq: 5 }), binding(2, { cseq: 9 })])
  })

  test('a group of thousands is saved and removed', async () => {
    await empty()
    const many = Array.from({ length: 1_200 }, (_, n) => binding(n))
    await store().commit(many.map(save))
    expect(await store().load(0)).toHaveLength(1_200)
    await store().commit(many.slice(1).map(remove))
    expect(await store().load(0)).toEqual([binding(0)])
  })

  test('a commit that fails leaves nothing behind, and the next one works', async () => {
    await empty()
    const one = store()
    const { live } = fresh().databases
    await live.schema.renameTable('binding_journal', 'away')
    await expect(one.commit([save(binding(1))])).rejects.toThrow()
    await live.schema.renameTable('away', 'binding_journal')
    expect(await store().load()).toEqual([])
    await one.commit([save(binding(2))])
    expect(await store().load()).toEqual([binding(2)])
  })

  test('expired ones can be left out, and are removed unless they were refreshed', async () => {
    await empty()
    const all = Array.from({ length: 10 }, (_, n) => binding(n, { expiresAt: 1_000 + n }))
    await store().commit(all.map(save))
    expect(await store().load(1_007)).toHaveLength(2)
    const refreshed = binding(3, { expiresAt: 9_000 })
    await store().commit([save(refreshed)])
    await store().removeExpired(all.slice(0, 8))
    expect(await store().load()).toEqual([
      refreshed,
      binding(8, { expiresAt: 1_008 }),
      binding(9, { expiresAt: 1_009 }),
    ])
  })

  /** Refreshes of ten bindings until the journal was folded, and some after. */
  const refreshed = async (one: KnexBindingStore, rounds: number): Promise<Binding[]> => {
    let latest: Binding[] = []
    for (let round = 0; round < rounds; round += 1) {
      latest = Array.from({ length: 10 }, (_, n) => binding(n, { cseq: round + 1, callId: `c${round}` }))
      // Many words in few commits: what is said twice in one commit counts twice.
      await one.commit(Array.from({ length: 20 }, () => latest.map(save)).flat())
    }
    return latest
  }

  test('a journal that grew long is folded beside the commits, and nothing is lost', async () => {
    await empty()
    const one = store()
    await one.commit([save(binding(77)), save(binding(78))])
    const latest = await refreshed(one, 60)
    await one.settled()
    await one.commit([remove(binding(78))])
    const { live } = fresh().databases
    const rows = await live('binding_journal').count({ n: '*' }).first()
    expect(Number(rows?.n)).toBeLessThan(30)
    expect(await store().load()).toEqual([...latest, binding(77)])
    const again = store()
    await again.load()
    await again.commit([remove(binding(77))])
    expect(await store().load()).toEqual(latest)
  })

  test('a fold that was cut off changes nothing, and the next one takes everything', async () => {
    await empty()
    const { live } = fresh().databases
    const one = store()
    await one.commit([save(binding(1)), save(binding(2)), save(binding(3))])
    await one.commit([remove(binding(2)), save(binding(3, { cseq: 7 }))])
    // Half of what the two rows come to was written when the power went.
    await live('binding_journal').insert({ generation: 2, entry: JSON.stringify({ saved: [binding(1)] }) })
    await live('binding_journal').insert({ generation: 3, entry: JSON.stringify({ saved: [binding(4)] }) })
    const after = store()
    const expected = [binding(1), binding(3, { cseq: 7 }), binding(4)]
    expect(await after.load()).toEqual(expected)
    const latest = await refreshed(after, 60)
    await after.settled()
    expect(await store().load()).toEqual(latest)
    expect(await live('binding_journal').where('generation', '<=', 3)).toEqual([])
  })

  test('a fold that fails is told, loses nothing, and is made up for later', async () => {
    await empty()
    const { live } = fresh().databases
    const told: string[] = []
    const one = new KnexBindingStore(live, { ...SILENT_LOG, warn: (_fields, message) => void told.push(message ?? '') })
    const isPostgres = fresh().url !== undefined
    await live.raw(
      isPostgres
        ? 'alter table binding_journal add constraint no_fold check (generation <> 2)'
        : "create trigger no_fold before insert on binding_journal when new.generation = 2 begin select raise(abort, 'no'); end",
    )
    await one.commit([save(binding(50))])
    let latest = await refreshed(one, 60)
    await one.settled()
    await live.raw(isPostgres ? 'alter table binding_journal drop constraint no_fold' : 'drop trigger no_fold')
    expect(told).toHaveLength(1)
    expect(await store().load()).toEqual([...latest, binding(50)])
    latest = await refreshed(one, 60)
    await one.settled()
    expect(told).toHaveLength(1)
    expect(await store().load()).toEqual([...latest, binding(50)])
  })
})
