import { beforeEach, expect, test } from '@jest/globals'
import { TOTP } from 'otpauth'
import { createAttempts } from '../../src/accounts/edge/attempts.js'
import { ALL_SITES, may } from '../../src/accounts/permissions.js'
import { IDLE_MS, SESSION_MS, csrfTokenOf } from '../../src/accounts/sign-in.js'
import { readAudit } from '../../src/database/edge/write.js'
import { BY_TEST, createAccounts, type Accounts } from '../support/accounts.js'
import { describeOverDatabases } from '../support/databases.js'

const PASSWORD = 'Correct horse 9'
const HERE = { peer: '127.0.0.1', userAgent: 'test' }
const refused = (code: string): object => expect.objectContaining({ code }) as object

describeOverDatabases('signing in', (fresh) => {
  let on: Accounts
  beforeEach(async () => {
    on = createAccounts(fresh().databases)
    for (const { id } of await on.store.users()) await fresh().databases.main('admin_users').where({ id }).delete()
  })
  const addOwner = (name = 'anna') =>
    on.accounts.create(BY_TEST, {
      name,
      email: `${name}@example.org`,
      password: PASSWORD,
      grants: [{ siteId: ALL_SITES, role: 'owner' }],
    })
  const enter = (login = 'anna', password = PASSWORD, code?: string) =>
    on.signIn.withPassword({ login, password, code }, HERE)

  test('by name or by e-mail address, in any case; the session is known by its id only', async () => {
    await addOwner()
    for (const login of ['anna', 'ANNA', ' anna@Example.org ']) {
      const { sessionId, user } = await enter(login)
      expect(user.name).toBe('anna')
      const found = await on.signIn.session(sessionId.reveal())
      expect(found?.user.name).toBe('anna')
      expect(found && may(found.rights, 'sites.write', ALL_SITES)).toBe(true)
      const stored = JSON.stringify(await fresh().databases.main('admin_sessions'))
      expect(stored).not.toContain(sessionId.reveal())
    }
    expect(await on.signIn.session('0'.repeat(32))).toBeUndefined()
  })

  test('an unknown name, a wrong password, a disabled account and one without a password look alike', async () => {
    const { id } = await addOwner()
    await on.accounts.create(BY_TEST, { name: 'nobody-yet', grants: [] })
    await addOwner('bert')
    const unlike = await Promise.allSettled([
      enter('carol'),
      enter('anna', 'wrong'),
      enter('nobody-yet', ''),
      enter('anna', ''),
    ])
    await on.accounts.update(BY_TEST, id, { enabled: false })
    const disabled = await Promise.allSettled([enter()])
    const reasons = [...unlike, ...disabled].map((one) => (one.status === 'rejected' ? String(one.reason) : 'in'))
    expect(new Set(reasons)).toEqual(new Set(['AppError: name, password or code is wrong']))
  })

  test('a session ends when idle, when old, on sign-out, and for a disabled account', async () => {
    const { id } = await addOwner()
    const alive = async (sessionId: string): Promise<boolean> => (await on.signIn.session(sessionId)) !== undefined
    const idle = (await enter()).sessionId.reveal()
    on.clock.advance(IDLE_MS - 1)
    expect(await alive(idle)).toBe(true)
    on.clock.advance(IDLE_MS - 1)
    expect(await alive(idle)).toBe(true)
    on.clock.advance(IDLE_MS)
    expect(await alive(idle)).toBe(false)
    const old = (await enter()).sessionId.reveal()
    for (let passed = 0; passed < SESSION_MS - IDLE_MS; passed += IDLE_MS / 2) {
      expect(await alive(old)).toBe(true)
      on.clock.advance(IDLE_MS / 2)
    }
    on.clock.advance(IDLE_MS - 1)
    expect(await alive(old)).toBe(false)
    const out = (await enter()).sessionId.reveal()
    await on.signIn.signOut(out)
    expect(await alive(out)).toBe(false)
    await addOwner('bert')
    const disabled = (await enter()).sessionId.reveal()
    await on.accounts.update(BY_TEST, id, { enabled: false })
    expect(await alive(disabled)).toBe(false)
  })

  test('the token against forged requests is another for each session and tells nothing of its id', async () => {
    await addOwner()
    const [one, two] = [(await enter()).sessionId.reveal(), (await enter()).sessionId.reveal()]
    expect(csrfTokenOf(one)).toMatch(/^[0-9a-f]{43}$/)
    expect(csrfTokenOf(one)).not.toBe(csrfTokenOf(two))
    expect(csrfTokenOf(one)).not.toContain(one)
  })

  test('with an authenticator app a code is needed, once each, and the app is proven first', async () => {
    const user = await addOwner()
    const { secret, uri } = await on.signIn.startTotp(user)
    expect(uri.reveal()).toMatch(/^otpauth:\/\/totp\/phoneboot:anna\?/)
    expect((await enter()).user.name).toBe('anna')
    const app = new TOTP({ secret: secret.reveal() })
    const code = (): string => app.generate({ timestamp: on.clock.now() })
    const reload = async () => on.accounts.show(BY_TEST, 'anna')
    await expect(on.signIn.confirmTotp(await reload(), '000000')).rejects.toEqual(refused('TOTP_INVALID'))
    await on.signIn.confirmTotp(await reload(), code())
    await expect(enter()).rejects.toEqual(refused('SIGN_IN_CODE_NEEDED'))
    // The code that confirmed the app is used up.
    await expect(enter('anna', PASSWORD, code())).rejects.toEqual(refused('SIGN_IN_FAILED'))
    on.clock.advance(30_000)
    await expect(enter('anna', 'wrong', code())).rejects.toEqual(refused('SIGN_IN_FAILED'))
    expect((await enter('anna', PASSWORD, code())).user.name).toBe('anna')
    await expect(enter('anna', PASSWORD, code())).rejects.toEqual(refused('SIGN_IN_FAILED'))
    const stored = JSON.stringify(await fresh().databases.main('admin_users'))
    expect(stored).not.toContain(secret.reveal())
    await on.signIn.dropTotp(await reload(), PASSWORD, HERE)
    expect((await enter()).user.totpConfirmed).toBe(false)
  })

  test('changing the password ends all sessions but the new one', async () => {
    await addOwner()
    const before = await enter()
    const other = await enter()
    await expect(on.signIn.changePassword(before.user, 'wrong', 'Another horse 9', HERE)).rejects.toEqual(
      refused('SIGN_IN_FAILED'),
    )
    await expect(on.signIn.changePassword(before.user, PASSWORD, 'short', HERE)).rejects.toEqual(
      refused('PASSWORD_INVALID'),
    )
    const user = await on.accounts.show(BY_TEST, 'anna')
    const after = await on.signIn.changePassword(user, PASSWORD, 'Another horse 9', HERE)
    const alive = await Promise.all(
      [before, other, after].map(({ sessionId }) => on.signIn.session(sessionId.reveal())),
    )
    expect(alive.map((one) => one !== undefined)).toEqual([false, false, true])
    await expect(enter()).rejects.toEqual(refused('SIGN_IN_FAILED'))
  })

  test('the set-up link makes the first owner, once, and there is none when somebody is there', async () => {
    const first = await on.accounts.setupLink()
    const token = await on.accounts.setupLink()
    const input = { name: 'Owner', password: PASSWORD }
    const use = (link: string) => on.signIn.setUp(link, input, HERE)
    // A new link replaces the one of an earlier start.
    await expect(use(first?.reveal() ?? '')).rejects.toEqual(refused('LINK_INVALID'))
    await expect(on.signIn.setUp(token?.reveal() ?? '', { ...input, password: 'x' }, HERE)).rejects.toEqual(
      refused('PASSWORD_INVALID'),
    )
    const { user, rights } = await use(token?.reveal() ?? '')
    expect([user.name, may(rights, 'sites.write', ALL_SITES)]).toEqual(['owner', true])
    await expect(use(token?.reveal() ?? '')).rejects.toEqual(refused('LINK_INVALID'))
    expect(await on.accounts.setupLink()).toBeUndefined()
  })

  test('a password link works once, ends the sessions, and not after its time', async () => {
    const { id } = await addOwner()
    const session = await enter()
    const { token } = await on.accounts.passwordLink(BY_TEST, id)
    await on.signIn.usePasswordLink(token.reveal(), 'Brand new 99', HERE)
    expect(await on.signIn.session(session.sessionId.reveal())).toBeUndefined()
    expect((await enter('anna', 'Brand new 99')).user.name).toBe('anna')
    await expect(on.signIn.usePasswordLink(token.reveal(), 'Brand new 98', HERE)).rejects.toEqual(
      refused('LINK_INVALID'),
    )
    const late = await on.accounts.passwordLink(BY_TEST, id)
    on.clock.advance(3 * 86_400_000)
    await expect(on.signIn.usePasswordLink(late.token.reveal(), 'Brand new 97', HERE)).rejects.toEqual(
      refused('LINK_INVALID'),
    )
  })

  test('sign-ins stand in the audit log, without a password', async () => {
    const { id } = await addOwner()
    await enter()
    const log = await readAudit(fresh().databases.main, { entity: 'admin', entityId: id, limit: 10 })
    expect(log.map(({ actor, action }) => [actor, action])).toEqual([
      ['admin:anna', 'admin.sign-in'],
      ['cli:test', 'admin.add'],
    ])
    expect(JSON.stringify(log)).not.toContain(PASSWORD)
    expect(JSON.stringify(log)).not.toContain('scrypt')
  })

  test('whoever guesses must wait, longer each time, the right password does not help; others go on', async () => {
    on = createAccounts(fresh().databases, createAttempts())
    await addOwner()
    for (let guess = 0; guess < 5; guess += 1) {
      await expect(enter('anna', 'wrong')).rejects.toEqual(refused('SIGN_IN_FAILED'))
    }
    await expect(enter()).rejects.toMatchObject({ code: 'TOO_MANY_ATTEMPTS', details: { retryAfterSeconds: 60 } })
    const elsewhere = await on.signIn.withPassword({ login: 'anna', password: PASSWORD }, { peer: '127.0.0.2' })
    expect(elsewhere.user.name).toBe('anna')
  })
})
