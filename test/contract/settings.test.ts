import { expect, test } from '@jest/globals'
import { readAudit } from '../../src/database/edge/write.js'
import type { Sealed } from '../../src/domain/secret.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { createKnexSettingsStore } from '../../src/settings/edge/knex-store.js'
import { createAdmins } from '../support/admins.js'
import { describeOverDatabases } from '../support/databases.js'

describeOverDatabases('settings', (fresh) => {
  test.each<[string, unknown]>([
    ['text', 'Grüße "x"'],
    ['zero', 0],
    ['false', false],
    ['null', null],
    ['list', ['g722', 'pcma']],
  ])('a value comes back as it was set: %s', async (key, value) => {
    const { settings } = createAdmins(fresh().databases)
    await settings.set('cli:test', { layer: 'vendor', owner: 'yealink', key }, value)
    expect(await settings.list('vendor', 'yealink')).toContainEqual({ layer: 'vendor', owner: 'yealink', key, value })
  })

  test('each change lets the revision of its layer grow, of no other', async () => {
    const { settings } = createAdmins(fresh().databases)
    const place = { layer: 'site', owner: 'site-a', key: 'language' } as const
    await settings.set('cli:test', place, 'de')
    await settings.set('cli:test', place, 'en')
    expect(await settings.unset('cli:test', place)).toBe(true)
    expect(await settings.unset('cli:test', place)).toBe(false)
    const revisions: unknown = await fresh().databases.main('layer_revisions').where({ layer: 'site' })
    expect(revisions).toEqual([{ layer: 'site', owner: 'site-a', revision: 3 }])
    expect(await settings.list('site', 'site-a')).toEqual([])
    const audit = await readAudit(fresh().databases.main, { entity: 'setting', limit: 10 })
    expect(audit.slice(0, 3).map(({ action, before, after }) => [action, before, after])).toEqual([
      ['setting.unset', 'en', undefined],
      ['setting.set', 'de', 'en'],
      ['setting.set', undefined, 'de'],
    ])
  })

  test('a secret value is sealed, and shown nowhere', async () => {
    const { settings, secrets } = createAdmins(fresh().databases)
    const place = { layer: 'global', owner: '', key: 'secretWord' } as const
    await settings.set('cli:test', place, 'hunter2')
    expect(await settings.list('global', '')).toEqual([{ ...place, value: '[secret]' }])
    const stored = (await createKnexSettingsStore(fresh().databases.main).values('global', ''))[0]?.value
    expect(secrets.open(stored as Sealed, SEAL_CONTEXTS.settingValue('global', '', 'secretWord')).reveal()).toBe(
      'hunter2',
    )
    expect(JSON.stringify(await readAudit(fresh().databases.main, { limit: 1 }))).not.toMatch(/hunter2|v1\./)
  })

  test('global has no owner, every other layer has one', async () => {
    const { settings } = createAdmins(fresh().databases)
    for (const [layer, owner] of [
      ['global', 'x'],
      ['device', ''],
    ] as const) {
      await expect(settings.set('cli:test', { layer, owner, key: 'language' }, 'de')).rejects.toMatchObject({
        code: 'SETTING_LAYER_FORBIDDEN',
      })
    }
  })
})
