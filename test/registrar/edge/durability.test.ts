import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Secret } from '../../../src/domain/secret.js'
import { KnexBindingStore } from '../../../src/registrar/edge/knex-binding-store.js'
import { registerPhone } from '../../../src/simulator/edge/sip-register.js'
import { type FreshDatabase, freshSqlite } from '../../support/databases.js'
import { startTestRegistrar } from '../../support/test-registrar.js'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshSqlite()
})
afterAll(async () => {
  await database.remove()
})

test('whoever has heard a 200 is on disk: another connection sees the binding at that moment', async () => {
  const accounts = Array.from({ length: 60 }, (_, i) => ({
    username: `u${i}`,
    password: `p${i}`,
    number: `${200 + i}`,
    lineId: `l${i}`,
  }))
  const store = new KnexBindingStore(database.databases.live)
  let commits = 0
  const counted = {
    load: () => store.load(),
    removeExpired: (bindings: Parameters<typeof store.removeExpired>[0]) => store.removeExpired(bindings),
    commit: (changes: Parameters<typeof store.commit>[0]) => {
      commits += 1
      return store.commit(changes)
    },
  }
  const server = await startTestRegistrar({ accounts, registrar: { store: counted } })
  const other = await database.reopen()
  const phones = accounts.map(async ({ username, password, number }, i) => {
    const registration = await registerPhone({
      serverAddress: '127.0.0.1',
      port: server.port,
      transport: i % 2 === 0 ? 'udp' : 'tcp',
      user: number,
      authUser: username,
      password: new Secret(password),
      domain: '127.0.0.1',
      expires: 300,
      userAgent: 'test',
    })
    registration.close()
    const stored = await new KnexBindingStore(other.live).load()
    expect(stored.filter(({ aor, lineId }) => aor === `${number}@phoneboot` && lineId === `l${i}`)).toHaveLength(1)
  })
  await Promise.all(phones)
  expect(commits).toBeLessThan(60)
  await server.stop()
  expect(server.errors).toEqual([])

  const again = await startTestRegistrar({ accounts, registrar: { store } })
  expect(again.registrar.bindings()).toHaveLength(60)
  await again.stop()
})
