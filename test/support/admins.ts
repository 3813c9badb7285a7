import type { Databases } from '../../src/database/edge/connect.js'
import type { ModelRules } from '../../src/devices/draft.js'
import { createKnexDeviceStore } from '../../src/devices/edge/knex-store.js'
import { createDeviceAdmin, type DeviceAdmin } from '../../src/devices/use-cases.js'
import { createKnexExtensionStore } from '../../src/extensions/edge/knex-store.js'
import { createExtensionAdmin, type ExtensionAdmin } from '../../src/extensions/use-cases.js'
import { createKeyRing, createSecretBox, type SecretBox } from '../../src/secrets/seal.js'
import { createKnexSettingsStore } from '../../src/settings/edge/knex-store.js'
import { createSettingsAdmin, type SettingsAdmin } from '../../src/settings/use-cases.js'
import { FakeClock } from './fake-clock.js'
import { seededRandom } from './seeded-random.js'

/** The site every migrated database begins with. */
export const DEFAULT_SITE = '00000000000000000000000001'

/** Two accounts; its one bank `linekey` has two keys. */
export const TWO_LINE_PHONE: ModelRules = {
  accounts: 2,
  adminPassword: { alphabet: '0123456789', length: 8 },
  checkKeys: (keys) =>
    keys
      .filter(({ bank, position }) => bank !== 'linekey' || position > 2)
      .map(({ bank, position }) => ({ code: 'KEY_INVALID', message: `no key ${bank} ${position}` })),
}

/** Everything an operator can do, on a database, with repeatable ids and a clock that stands still. */
export interface Admins {
  extensions: ExtensionAdmin
  devices: DeviceAdmin
  settings: SettingsAdmin
  secrets: SecretBox
  clock: FakeClock
}

let seeds = 1

export function createAdmins(databases: Pick<Databases, 'main'>, seed = seeds++): Admins {
  const random = seededRandom(seed)
  const clock = new FakeClock()
  const secrets = createSecretBox(createKeyRing([{ id: 'test', key: seededRandom(7).bytes(32) }]), random)
  const shared = { secrets, clock, random, siteId: DEFAULT_SITE }
  return {
    extensions: createExtensionAdmin({ ...shared, store: createKnexExtensionStore(databases.main) }),
    devices: createDeviceAdmin({
      ...shared,
      store: createKnexDeviceStore(databases.main),
      models: (id) => ({ 'test/two-lines': TWO_LINE_PHONE, 'test/one-line': { ...TWO_LINE_PHONE, accounts: 1 } })[id],
    }),
    settings: createSettingsAdmin({
      ...shared,
      store: createKnexSettingsStore(databases.main),
      checkSetting: (_key, _layer, value) => value,
      isSecret: (key) => key === 'secretWord',
    }),
    secrets,
    clock,
  }
}
