import { describe, expect, test } from '@jest/globals'
import { createDeviceAdmin } from '../../src/devices/use-cases.js'
import { createExtensionAdmin } from '../../src/extensions/use-cases.js'
import { createKeyRing, createSecretBox } from '../../src/secrets/seal.js'
import { createSettingsAdmin } from '../../src/settings/use-cases.js'
import { DEFAULT_SITE, TWO_LINE_PHONE } from '../support/admins.js'
import { brokenStore } from '../support/broken-store.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

const random = seededRandom()
const secrets = createSecretBox(createKeyRing([{ id: 'k', key: random.bytes(32) }]), random)
const parts = { secrets, random, clock: new FakeClock(), siteId: DEFAULT_SITE }
const extensions = createExtensionAdmin({ ...parts, store: brokenStore() })
const devices = createDeviceAdmin({ ...parts, store: brokenStore(), models: () => TWO_LINE_PHONE })
const settings = createSettingsAdmin({
  ...parts,
  store: brokenStore(),
  checkSetting: (_key, _layer, value) => value,
  isSecret: () => false,
})
const MAC = '0015650000aa'
const PLACE = { layer: 'global', owner: '', key: 'language' } as const

describe('while the database is gone', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['extension add', () => extensions.add('a', { number: '1', name: 'x' })],
    ['extension list', () => extensions.list()],
    ['extension show', () => extensions.show('1')],
    ['extension password', () => extensions.password('a', '1')],
    ['extension update', () => extensions.update('a', '1', { name: 'y' })],
    ['extension reset-password', () => extensions.resetPassword('a', '1')],
    ['extension keys', () => extensions.setKeys('a', '1', [])],
    ['extension remove', () => extensions.remove('a', '1')],
    ['device add', () => devices.add('a', { mac: MAC, model: 'm' })],
    ['device list', () => devices.list()],
    ['device show', () => devices.show(MAC)],
    ['device update', () => devices.update('a', MAC, {})],
    ['device add line', () => devices.addLine('a', MAC, { extension: '1' })],
    ['device remove line', () => devices.removeLine('a', MAC, 1)],
    ['device reset line password', () => devices.resetLinePassword('a', MAC, 1)],
    ['device keys', () => devices.setKeys('a', MAC, [])],
    ['device block', () => devices.setState('a', MAC, 'blocked')],
    ['device move', () => devices.move('a', MAC, { mac: '0015650000ab' })],
    ['device remove', () => devices.remove('a', MAC)],
    ['device purge', () => devices.purgeRetired('a')],
    ['device token', () => devices.token('a', MAC)],
    ['device reset token', () => devices.resetToken('a', MAC)],
    ['device admin password', () => devices.adminPassword('a', MAC)],
    ['settings set', () => settings.set('a', PLACE, 'de')],
    ['settings unset', () => settings.unset('a', PLACE)],
    ['settings list', () => settings.list('global', '')],
  ])('%s says so', async (_what, run) => {
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNUSABLE' })
  })
})
