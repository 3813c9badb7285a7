import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openOffice, type Office } from '../support/office.js'
import { askOwnPage, type Got, type Question } from '../support/own-page.js'
import { eventually } from '../support/server.js'

const PASSWORD = 'Correct horse 9'
let office: Office

beforeAll(async () => {
  office = await openOffice({
    PHONEBOOT_SELF_SERVICE: 'look',
    PHONEBOOT_SELF_SERVICE_SIGN_IN: 'password',
    PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8',
  })
  const { extensions } = office.installation
  await extensions.add('test', { number: '101', name: 'Ann', email: 'Ann@Example.com' })
  await extensions.add('test', { number: '102', name: 'Bob', email: 'bob@example.com' })
  await extensions.add('test', { number: '103', name: 'Cy', email: 'cy@example.com' })
})
afterAll(() => office.stop())

const ask = (path: string, question?: Question): Promise<Got> => askOwnPage(office, path, question)

/** Opens the own page by a link, as everybody does the first time. */
async function byLink(number: string): Promise<{ cookie: string; csrf: string; body: string }> {
  const { extension } = await office.installation.extensions.show(number)
  const link = await office.installation.ownAccess.makeLink(extension.id)
  const { cookie = '' } = await ask(`/me/start/${link.reveal()}`, { method: 'POST' })
  const { body } = await ask('/me/', { cookie })
  return { cookie, body, csrf: /name="_csrf" value="([0-9a-f]{32})"/.exec(body)?.[1] ?? '' }
}

const signIn = (login: string, password: string, headers?: Record<string, string>): Promise<Got> =>
  ask('/me/sign-in', { method: 'POST', form: { login, password }, ...(headers ? { headers } : {}) })

async function set(number: string, password = PASSWORD): Promise<Got> {
  const { cookie, csrf } = await byLink(number)
  return ask('/me/password', { method: 'POST', cookie, form: { _csrf: csrf, password } })
}

test('a password set by the one-time link lets its owner in by e-mail, and shows a code there', async () => {
  expect((await ask('/me/')).location).toBe('/me/sign-in')
  expect((await ask('/me/sign-in')).body).toContain('E-mail address or name')
  expect((await signIn('ann@example.com', PASSWORD)).status).toBe(401)

  const other = await byLink('101')
  expect((await set('101', 'short')).status).toBe(422)
  expect((await set('101')).body).toContain('The password is set')
  expect((await ask('/me/', { cookie: other.cookie })).location).toBe('/me/sign-in')

  const { status, cookie = '', location } = await signIn(' ANN@example.com', PASSWORD)
  expect([status, location]).toEqual([303, '/me/'])
  const { body } = await ask('/me/', { cookie })
  expect(body).toContain('101')
  const csrf = /name="_csrf" value="([0-9a-f]{32})"/.exec(body)?.[1] ?? ''
  const code = await ask('/me/softphones', { method: 'POST', cookie, form: { _csrf: csrf, app: 'linphone' } })
  expect(code.body).toMatch(/<svg [\s\S]*\/s\/[0-9a-z]{32}/)
  const stored = JSON.stringify([await office.installation.databases.main('own_passwords')])
  expect(stored).toMatch(/scrypt\$/)
  expect(stored).not.toContain(PASSWORD)
  const audit = await office.installation.databases.main('audit_log').where({ action: 'extension.own-password' })
  expect(audit).toHaveLength(1)
})

test('a wrong password and a name that nobody has get the same answer, and guesses must wait', async () => {
  const [wrong, nobody] = [await signIn('ann@example.com', 'Wrong horse 99'), await signIn('eve@example.com', 'x')]
  expect([wrong.status, nobody.status]).toEqual([401, 401])
  expect(wrong.body.replace('ann@', 'eve@')).toBe(nobody.body)
  let last: Got = wrong
  for (let n = 0; n < 6; n += 1) last = await signIn('guessed@example.com', `Guess ${n}`)
  expect(last.status).toBe(429)
})

test("a name in the settings lets its owner in; one that two people have is nobody's", async () => {
  await set('102')
  const { extensions, settings } = office.installation
  const name = async (number: string): Promise<void> => {
    const { extension } = await extensions.show(number)
    await settings.set('test', { layer: 'extension', owner: extension.id, key: 'clientLoginName' }, 'Desk')
  }
  await name('102')
  await eventually(async () => expect((await signIn('desk', PASSWORD)).status).toBe(303))
  await name('103')
  await eventually(async () => expect((await signIn('desk', PASSWORD)).status).toBe(401))
  expect((await signIn('bob@example.com', PASSWORD)).status).toBe(303)
})

test('who is not to sign in has no page, by link or by password', async () => {
  await set('101')
  const { cookie = '' } = await signIn('ann@example.com', PASSWORD)
  const { extension } = await office.installation.extensions.show('101')
  const place = { layer: 'extension' as const, owner: extension.id, key: 'clientLogin' }
  await office.installation.settings.set('test', place, false)
  await eventually(async () => expect((await ask('/me/', { cookie })).location).toBe('/me/sign-in'))
  expect((await signIn('ann@example.com', PASSWORD)).status).toBe(401)
  expect((await byLink('101')).csrf).toBe('')
  await office.installation.settings.set('test', place, true)
})

test('a site that hides own pages lets nobody sign in, and answers as it answers a stranger', async () => {
  expect((await set('103')).body).toContain('The password is set')
  const { cookie = '', status } = await signIn('cy@example.com', PASSWORD)
  expect(status).toBe(303)
  const { extension } = await office.installation.extensions.show('103')
  const place = { layer: 'site' as const, owner: extension.siteId, key: 'hiddenFeatures' }
  await office.installation.settings.set('test', place, ['own-pages'])
  await eventually(async () => expect((await ask('/me/', { cookie })).status).not.toBe(200))
  const [hidden, nobody] = [await signIn('cy@example.com', PASSWORD), await signIn('zoe@example.com', PASSWORD)]
  expect([hidden.status, hidden.cookie]).toEqual([401, undefined])
  expect(hidden.body.replace('cy@', 'zoe@')).toBe(nobody.body)
  await office.installation.settings.unset('test', place)
  await eventually(async () => expect((await ask('/me/', { cookie })).status).toBe(200))
  expect((await signIn('cy@example.com', PASSWORD)).status).toBe(303)
})

test("nobody else's page signs somebody in", async () => {
  expect((await signIn('ann@example.com', PASSWORD, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
})
