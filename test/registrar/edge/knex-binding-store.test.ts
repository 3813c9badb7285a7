import { expect, test } from '@jest/globals'
import type { Binding } from '../../../src/domain/entities.js'
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
    await fresh().databases.live('bindings').delete()
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

  test('a commit that fails leaves nothing behind', async () => {
    await empty()
    const broken = binding(2, { q: 5_000 })
    await expect(store().commit([save(binding(1)), save(broken)])).rejects.toThrow()
    expect(await store().load(0)).toEqual([])
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
})
