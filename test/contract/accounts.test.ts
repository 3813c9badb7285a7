import { beforeEach, expect, test } from '@jest/globals'
import type { Acting } from '../../src/accounts/account.js'
import { ALL_SITES, rightsOf, type Grant, type Permission } from '../../src/accounts/permissions.js'
import { readAudit } from '../../src/database/edge/write.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { BY_TEST, createAccounts, type Accounts } from '../support/accounts.js'
import { describeOverDatabases } from '../support/databases.js'

const PASSWORD = 'Correct horse 9'
const OTHER_SITE = 'othersite'
const refused = (code: string): object => expect.objectContaining({ code }) as object
const by = (...grants: Grant[]): Acting => ({ actor: 'admin:x', rights: rightsOf(grants, []) })
const tenantAdmin = by({ siteId: DEFAULT_SITE, role: 'admin' })

describeOverDatabases('admins', (fresh) => {
  let on: Accounts
  beforeEach(async () => {
    on = createAccounts(fresh().databases)
    await fresh().databases.main('admin_users').delete()
    await fresh().databases.main('admin_roles').delete()
  })
  const add = (name: string, role = 'operator', siteId = DEFAULT_SITE) =>
    on.accounts.create(BY_TEST, { name, password: PASSWORD, grants: [{ siteId, role }] })

  test('a name and an e-mail address are there once, in any case', async () => {
    await on.accounts.create(BY_TEST, { name: 'Anna', email: 'Anna@example.org', grants: [] })
    await expect(on.accounts.create(BY_TEST, { name: 'ANNA', grants: [] })).rejects.toEqual(refused('ADMIN_EXISTS'))
    await expect(on.accounts.create(BY_TEST, { name: 'bert', email: 'anna@EXAMPLE.org', grants: [] })).rejects.toEqual(
      refused('ADMIN_EXISTS'),
    )
    expect(await on.accounts.show(BY_TEST, 'anna@example.org')).toMatchObject({ name: 'anna' })
  })

  test.each([
    ['NAME_INVALID', { name: 'a b' }],
    ['NAME_INVALID', { name: '' }],
    ['EMAIL_INVALID', { email: 'nowhere' }],
    ['ROLE_NOT_FOUND', { grants: [{ siteId: ALL_SITES, role: 'king' }] }],
    ['PASSWORD_INVALID', { password: 'Short1aB' }],
    ['PASSWORD_INVALID', { password: 'nine9Nine' }],
    ['PASSWORD_INVALID', { password: 'no digit at All' }],
    ['PASSWORD_INVALID', { password: 'no upper case 9' }],
    ['PASSWORD_INVALID', { password: 'NO LOWER CASE 9' }],
    ['PASSWORD_INVALID', { password: 'Aa1Aa1Aa1Aa1Aa1' }],
    ['PASSWORD_INVALID', { password: 'I am Greta, aged 9' }],
  ])('%s is refused: %j', async (code, part) => {
    const input = { name: 'greta', password: PASSWORD, grants: [], ...part }
    await expect(on.accounts.create(BY_TEST, input)).rejects.toEqual(refused(code))
  })

  test('a password of twenty characters needs no classes', async () => {
    await on.accounts.create(BY_TEST, { name: 'anna', password: 'all lower case but long', grants: [] })
    expect((await on.accounts.list(BY_TEST)).map(({ name }) => name)).toEqual(['anna'])
  })

  test('the last owner cannot be removed, disabled or made less', async () => {
    const { id } = await add('anna', 'owner', ALL_SITES)
    const less = [
      () => on.accounts.remove(BY_TEST, id),
      () => on.accounts.update(BY_TEST, id, { enabled: false }),
      () => on.accounts.update(BY_TEST, id, { grants: [{ siteId: ALL_SITES, role: 'admin' }] }),
    ]
    for (const attempt of less) await expect(attempt()).rejects.toEqual(refused('LAST_OWNER'))
    await add('bert', 'owner', ALL_SITES)
    await on.accounts.remove(BY_TEST, id)
    expect((await on.accounts.list(BY_TEST)).map(({ name }) => name)).toEqual(['bert'])
  })

  test('an admin of one site sees and touches nobody of another, and nobody mightier', async () => {
    const own = await add('own')
    const mightier = await on.accounts.create(BY_TEST, {
      name: 'both',
      grants: [
        { siteId: DEFAULT_SITE, role: 'viewer' },
        { siteId: OTHER_SITE, role: 'viewer' },
      ],
    })
    const other = await add('other', 'viewer', OTHER_SITE)
    const owner = await add('owner', 'owner', ALL_SITES)
    expect((await on.accounts.list(tenantAdmin)).map(({ name }) => name)).toEqual(['both', 'own'])
    for (const { id } of [other, owner]) {
      await expect(on.accounts.show(tenantAdmin, id)).rejects.toEqual(refused('ADMIN_NOT_FOUND'))
      await expect(on.accounts.remove(tenantAdmin, id)).rejects.toEqual(refused('ADMIN_NOT_FOUND'))
      await expect(on.accounts.resetPassword(tenantAdmin, id)).rejects.toEqual(refused('ADMIN_NOT_FOUND'))
      await expect(on.accounts.passwordLink(tenantAdmin, id)).rejects.toEqual(refused('ADMIN_NOT_FOUND'))
    }
    await expect(on.accounts.remove(tenantAdmin, mightier.id)).rejects.toEqual(refused('FORBIDDEN'))
    expect((await on.accounts.update(tenantAdmin, own.id, { email: 'own@example.org' })).email).toBe('own@example.org')
  })

  test('nobody gives more than he has', async () => {
    const { id } = await add('own')
    const grants = [
      [{ siteId: ALL_SITES, role: 'viewer' }],
      [{ siteId: OTHER_SITE, role: 'viewer' }],
      [{ siteId: DEFAULT_SITE, role: 'owner' }],
      [],
    ]
    for (const more of grants) {
      await expect(on.accounts.update(tenantAdmin, id, { grants: more })).rejects.toEqual(refused('FORBIDDEN'))
      await expect(on.accounts.create(tenantAdmin, { name: 'new', grants: more })).rejects.toEqual(refused('FORBIDDEN'))
    }
    const viewer = by({ siteId: DEFAULT_SITE, role: 'viewer' })
    await expect(on.accounts.list(viewer)).resolves.toEqual([])
  })

  test('two that edit one admin: the second is told, nothing is lost', async () => {
    const seen = await add('anna')
    const { id } = seen
    await on.accounts.update(BY_TEST, id, { email: 'a@example.org', seen })
    await expect(on.accounts.update(BY_TEST, id, { email: 'b@example.org', seen })).rejects.toEqual(
      refused('REVISION_CONFLICT'),
    )
    expect((await on.accounts.show(BY_TEST, id)).email).toBe('a@example.org')
  })

  test('tokens work until they end, are revoked, or their user is disabled', async () => {
    const { id } = await add('anna')
    const make = () => on.accounts.createToken(BY_TEST, id, { label: 'script', days: 1 })
    const made = await make()
    const works = async (token: string): Promise<boolean> => (await on.signIn.apiToken(token)) !== undefined
    expect(made.token.reveal()).toMatch(/^pbt_[0-9a-hjkmnp-tv-z]{32}$/)
    expect(JSON.stringify(await fresh().databases.main('admin_tokens'))).not.toContain(made.token.reveal())
    expect(await works(made.token.reveal())).toBe(true)
    expect(await on.accounts.tokens(BY_TEST, id)).toMatchObject([{ label: 'script', id: made.record.id }])
    await on.accounts.revokeToken(BY_TEST, made.record.id)
    expect(await works(made.token.reveal())).toBe(false)
    await expect(on.accounts.revokeToken(BY_TEST, made.record.id)).rejects.toEqual(refused('TOKEN_NOT_FOUND'))
    const old = await make()
    on.clock.advance(86_400_000)
    expect(await works(old.token.reveal())).toBe(false)
    const next = await make()
    await on.accounts.update(BY_TEST, id, { enabled: false })
    expect(await works(next.token.reveal())).toBe(false)
  })

  test('a token has no more rights than asked for, than its user, or than who makes it', async () => {
    const { id } = await add('anna')
    const make = (who: Acting, scopes?: Permission[], siteId?: string) =>
      on.accounts.createToken(who, id, { label: 'script', scopes, siteId })
    const { token } = await make(BY_TEST, ['people.read'])
    const found = await on.signIn.apiToken(token.reveal())
    expect([...(found?.rights.get(DEFAULT_SITE) ?? [])]).toEqual(['people.read'])
    await expect(make(BY_TEST, ['sites.write'])).rejects.toEqual(refused('FORBIDDEN'))
    await expect(make(by({ siteId: DEFAULT_SITE, role: 'viewer' }))).rejects.toEqual(refused('ADMIN_NOT_FOUND'))
  })

  test('a custom role holds what it lists; one in use stays; nobody puts into it what he has not', async () => {
    const role = await on.roles.add(tenantAdmin, {
      name: 'importer',
      siteId: DEFAULT_SITE,
      permissions: ['bulk.import'],
    })
    const { id } = await add('anna', 'importer')
    const session = await on.signIn.withPassword({ login: 'anna', password: PASSWORD }, { peer: '127.0.0.1' })
    expect([...(session.rights.get(DEFAULT_SITE) ?? [])]).toEqual(['bulk.import'])
    await expect(on.roles.remove(tenantAdmin, role.id)).rejects.toEqual(refused('ROLE_IN_USE'))
    await expect(
      on.roles.add(tenantAdmin, { name: 'all', siteId: DEFAULT_SITE, permissions: ['sites.write'] }),
    ).rejects.toEqual(refused('FORBIDDEN'))
    await expect(on.roles.add(tenantAdmin, { name: 'importer', siteId: ALL_SITES, permissions: [] })).rejects.toEqual(
      refused('FORBIDDEN'),
    )
    for (const name of ['importer', 'owner']) {
      await expect(on.roles.add(BY_TEST, { name, siteId: DEFAULT_SITE, permissions: [] })).rejects.toEqual(
        refused('ROLE_EXISTS'),
      )
    }
    await expect(on.roles.show(by({ siteId: OTHER_SITE, role: 'admin' }), role.id)).rejects.toEqual(
      refused('ROLE_NOT_FOUND'),
    )
    await on.accounts.remove(tenantAdmin, id)
    await on.roles.remove(tenantAdmin, role.id, role)
    expect(await on.roles.list(tenantAdmin)).toEqual([])
  })

  test('every change stands in the audit log, with the site it belongs to and without secrets', async () => {
    const { id } = await add('anna')
    await on.accounts.update(BY_TEST, id, { enabled: false })
    await on.accounts.resetPassword(BY_TEST, id, 'Another horse 9')
    const rows = await fresh().databases.main('audit_log').where({ entity_id: id }).orderBy('id')
    expect(rows).toMatchObject([
      { action: 'admin.add', site_id: DEFAULT_SITE },
      { action: 'admin.update', site_id: DEFAULT_SITE },
      { action: 'admin.reset-password', site_id: DEFAULT_SITE },
    ])
    const [reset, update] = await readAudit(fresh().databases.main, { entityId: id, limit: 3 })
    expect(update).toMatchObject({ before: { enabled: true }, after: { enabled: false } })
    expect(JSON.stringify([reset, update])).not.toMatch(/scrypt|Another horse/)
  })
})
