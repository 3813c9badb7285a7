import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openOffice, type Office } from '../support/office.js'
import { askOwnPage, type Got, type Question } from '../support/own-page.js'
import { eventually } from '../support/server.js'

let office: Office
let extensionId = ''

beforeAll(async () => {
  office = await openOffice({ PHONEBOOT_SELF_SERVICE: 'keys', PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
  const { extensions, devices } = office.installation
  const { extension } = await extensions.add('test', { number: '101', name: 'Ann' })
  extensionId = extension.id
  await extensions.setKeys('test', '101', [
    { position: 1, kind: 'speed-dial', value: '200', label: 'Boss' },
    { position: 2, kind: 'dnd' },
  ])
  await extensions.add('test', { number: '102', name: 'Bob' })
  await devices.add('test', { mac: '001565aabbcc', model: 'yealink/t21p-e2', lines: [{ extension: '101' }] })
  await devices.add('test', { mac: '001565aabbdd', model: 'yealink/t21p-e2', lines: [{ extension: '102' }] })
})

afterAll(() => office.stop())

const ask = (path: string, options?: Question): Promise<Got> => askOwnPage(office, path, options)

async function signIn(): Promise<{ cookie: string; csrf: string }> {
  const link = await office.installation.ownAccess.makeLink(extensionId)
  const { cookie = '' } = await ask(`/me/start/${link.reveal()}`, { method: 'POST' })
  const { body } = await ask('/me/', { cookie })
  return { cookie, csrf: /name="_csrf" value="([0-9a-f]{32})"/.exec(body)?.[1] ?? '' }
}

test('a link opens the page once; looking at it does not use it up', async () => {
  const path = `/me/start/${(await office.installation.ownAccess.makeLink(extensionId)).reveal()}`
  const stranger = await ask('/unknown.cfg')
  for (let n = 0; n < 3; n += 1) expect((await ask(path)).status).toBe(200)
  const opened = await ask(path, { method: 'POST' })
  expect([opened.status, opened.location]).toEqual([303, '/me/'])
  expect(opened.cookie).toMatch(/^phoneboot-me=[0-9a-z]{32}$/)
  expect(await ask(path)).toEqual(stranger)
  expect((await ask(path, { method: 'POST' })).status).toBe(405)
  const tables = ['own_links', 'own_sessions', 'audit_log'].map((name) => office.installation.databases.main(name))
  const stored = JSON.stringify(await Promise.all(tables))
  expect(stored).not.toContain(path.slice(-32))
  expect(stored).not.toContain(opened.cookie?.slice(-32))
})

test('fifty people have fifty links, each works once', async () => {
  const { ownAccess } = office.installation
  const links = await Promise.all(Array.from({ length: 50 }, () => ownAccess.makeLink(extensionId)))
  const tokens = links.map((link) => link.reveal())
  expect(new Set(tokens).size).toBe(50)
  const first = await Promise.all(tokens.map((token) => ownAccess.redeem(token)))
  expect(first.filter(Boolean)).toHaveLength(50)
  const again = await Promise.all(tokens.map((token) => ownAccess.redeem(token)))
  expect(again.filter(Boolean)).toEqual([])
  const [token = ''] = [(await ownAccess.makeLink(extensionId)).reveal()]
  const atOnce = await Promise.all(Array.from({ length: 8 }, () => ownAccess.redeem(token)))
  expect(atOnce.filter(Boolean)).toHaveLength(1)
})

test("shows own phones and keys and nobody else's", async () => {
  const { cookie } = await signIn()
  const { status, body } = await ask('/me/', { cookie })
  expect(status).toBe(200)
  for (const text of ['Ann', '101', '00:15:65:aa:bb:cc', 'T21P E2', 'Boss', 'Speed dial']) expect(body).toContain(text)
  for (const text of ['Bob', '00:15:65:aa:bb:dd']) expect(body).not.toContain(text)
})

test('makes a code for an app, and takes a softphone away', async () => {
  const { cookie, csrf } = await signIn()
  const made = await ask('/me/softphones', { method: 'POST', cookie, form: { _csrf: csrf, app: 'linphone' } })
  expect(made.body).toMatch(/<svg [\s\S]*\/s\/[0-9a-z]{32}/)
  const [softphone] = await office.installation.softphones.list('101')
  const path = `/me/softphones/${softphone?.id}/revoke`
  expect((await ask(path, { method: 'POST', cookie, form: { _csrf: csrf } })).status).toBe(303)
  expect(await office.installation.softphones.list('101')).toEqual([])
})

test("takes away nobody else's softphone", async () => {
  const { softphone } = await office.installation.softphones.create('test', '102', { app: 'linphone' })
  const { cookie, csrf } = await signIn()
  const form = { _csrf: csrf }
  expect((await ask(`/me/softphones/${softphone.id}/revoke`, { method: 'POST', cookie, form })).status).toBe(404)
  expect(await office.installation.softphones.list('102')).toHaveLength(1)
})

test('in a site that hides softphones the page shows none, makes no code and says why; they are there again after', async () => {
  const { softphones, settings, site } = office.installation
  const { softphone } = await softphones.create('test', '101', { app: 'linphone' })
  const { cookie, csrf } = await signIn()
  const place = { layer: 'site', owner: site.id } as const
  await settings.setAll('test', place, { hiddenFeatures: ['softphones'] })
  await eventually(async () => {
    const { body } = await ask('/me/', { cookie })
    expect(body).not.toContain('Linphone')
    expect(body).toContain('My keys')
    expect(body).not.toContain('My softphones')
  })
  const form = { _csrf: csrf, app: 'linphone' }
  for (const path of ['/me/softphones', `/me/softphones/${softphone.id}/revoke`]) {
    const { status, body } = await ask(path, { method: 'POST', cookie, form })
    expect([path, status]).toEqual([path, 404])
    expect(body).toContain('This was not taken: This is switched off here.')
  }
  await settings.setAll('test', place, { hiddenFeatures: null })
  await eventually(async () => expect((await ask('/me/', { cookie })).body).toContain('Linphone'))
  expect((await softphones.list('101')).map(({ id }) => id)).toEqual([softphone.id])
  await softphones.revoke('test', softphone.id)
})

test('changes keys that are free, and no others', async () => {
  const { cookie, csrf } = await signIn()
  const form = { _csrf: csrf, 'value-1': '201', 'label-1': 'New boss', 'value-2': '999', 'label-2': 'x' }
  expect((await ask('/me/keys', { method: 'POST', cookie, form })).status).toBe(303)
  const { extension } = await office.installation.extensions.show('101')
  expect(extension.keys).toMatchObject([{ kind: 'speed-dial', value: '201', label: 'New boss' }, { kind: 'dnd' }])
  expect(extension.keys[1]?.label).toBeUndefined()
})

test('shows a key that the admin locked, and does not change it whatever the form says', async () => {
  const before = (await office.installation.extensions.show('101')).extension.keys
  const locked = before.map((key) => ({ ...key, locked: key.position === 1 }))
  await office.installation.extensions.setKeys('test', '101', locked)
  const { cookie, csrf } = await signIn()
  const body = await eventually(async () => {
    const { body: page } = await ask('/me/', { cookie })
    expect(page).toContain('(kept by your administrator)')
    return page
  })
  expect(body).not.toContain('name="value-1"')
  const form = { _csrf: csrf, 'value-1': '666', 'label-1': 'Mine', 'value-2': '667' }
  expect((await ask('/me/keys', { method: 'POST', cookie, form })).status).toBe(303)
  const { extension } = await office.installation.extensions.show('101')
  expect(extension.keys).toMatchObject([
    { value: before[0]?.value, label: before[0]?.label, locked: true },
    { kind: 'dnd' },
  ])
})

test('without session, with a foreign form, or by HTTP it is as if it were not there', async () => {
  const { cookie, csrf } = await signIn()
  const stranger = await ask('/unknown.cfg')
  expect(await ask('/me/')).toEqual(stranger)
  expect(await ask('/me/', { cookie: `phoneboot-me=${'0'.repeat(32)}` })).toEqual(stranger)
  expect((await ask('/me/', { cookie, http: true })).status).toBe(404)
  const foreign = await ask('/me/keys', { method: 'POST', cookie, form: { _csrf: 'x', 'value-1': '666' } })
  expect(foreign.status).toBe(404)
  expect((await ask('/me/leave', { method: 'POST', cookie, form: { _csrf: csrf } })).status).toBe(200)
  expect(await ask('/me/', { cookie })).toEqual(stranger)
})

test('a form that is too large is refused as that, and is no error of the server', async () => {
  const { cookie, csrf } = await signIn()
  const large = { method: 'POST', cookie, form: { _csrf: csrf, app: 'x'.repeat(300_000) } }
  const { status, body } = await ask('/me/softphones', large)
  expect([status, body]).toEqual([413, 'The form is too large: at most 32 KB are taken.\n'])
  expect(office.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  expect((await ask('/me/', { cookie })).status).toBe(200)
})
