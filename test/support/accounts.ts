import { createScryptHasher } from '../../src/accounts/edge/scrypt.js'
import { createKnexAccountStore } from '../../src/accounts/edge/knex-store.js'
import { systemTotp } from '../../src/accounts/edge/totp.js'
import { createRoleAdmin, type RoleAdmin } from '../../src/accounts/role-use-cases.js'
import { EVERY_RIGHT } from '../../src/accounts/permissions.js'
import type { Attempts } from '../../src/accounts/attempts.js'
import { createSignIn, type SignIn } from '../../src/accounts/sign-in.js'
import type { AccountStore } from '../../src/accounts/store.js'
import { createAccountAdmin, type AccountAdmin } from '../../src/accounts/use-cases.js'
import type { Databases } from '../../src/database/edge/connect.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { FakeClock } from './fake-clock.js'
import { seededRandom } from './seeded-random.js'

/** One that takes a millisecond; what is stored says so, and goes on being checked. */
const QUICK_HASHER = createScryptHasher({ cost: 4, blockSize: 8, parallelization: 1 })

/** On whose behalf tests set things up. */
export const BY_TEST = { actor: 'cli:test', rights: EVERY_RIGHT }

/** Nobody has to wait. */
const NO_LIMIT: Attempts = { begin: () => Promise.resolve(0), succeeded: () => Promise.resolve() }

export interface Accounts {
  store: AccountStore
  accounts: AccountAdmin
  roles: RoleAdmin
  signIn: SignIn
  clock: FakeClock
}

let seeds = 1000

export function createAccounts(databases: Pick<Databases, 'main'>, attempts = NO_LIMIT): Accounts {
  const random = seededRandom(seeds++)
  const clock = new FakeClock()
  const store = createKnexAccountStore(databases.main)
  const secrets = createSecretBox(createKeyRing([{ id: 'test', key: seededRandom(7).bytes(32) }]), random)
  const parts = { store, hasher: QUICK_HASHER, clock, random }
  return {
    store,
    clock,
    accounts: createAccountAdmin(parts),
    roles: createRoleAdmin(parts),
    signIn: createSignIn({ ...parts, totp: systemTotp, attempts, secrets }),
  }
}
