import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openOffice, type Office } from '../support/office.js'
import { askOwnPage, type Got } from '../support/own-page.js'
import { eventually } from '../support/server.js'

const MAC = '001565aabbcc'
let office: Office
let ann = ''

beforeAll(async () => {
  office = await openOffice({ PHONEBOOT_SELF_SERVICE: 'keys', PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
  const { extensions, devices, settings } = office.installation
  ann = (await extensions.add('test', { number: '101', name: 'Ann' })).extension.id
  await devices.add('test', { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '101' }] })
  await settings.set('test', { layer: 'extension', owner: ann, key: 'mobileNumber' }, '+49 171 555')
  await settings.set('test', { layer: 'global', owner: '', key: 'resyncAfterChange' }, true)
  await eventually(async () => expect(await file()).toContain('Ann'))
})

afterAll(() => office.stop())

async function signIn(): Promise<{ cookie: string; csrf: string; body: string }> {
  const link = await office.installation.ownAccess.makeLink(ann)
  const { cookie = '' } = await askOwnPage(office, `/me/start/${link.reveal()}`, { method: 'POST' })
  const { body } = await askOwnPage(office, '/me/', { cookie })
  return { cookie, csrf: /name="_csrf" value="([0-9a-f]{32})"/.exec(body)?.[1] ?? '', body }
}

async function save(form: Record<string, string>): Promise<Got> {
  const { cookie, csrf } = await signIn()
  return askOwnPage(office, '/me/calls', { method: 'POST', cookie, form: { _csrf: csrf, ...form } })
}

const file = async (): Promise<string> => (await fetch(`http://127.0.0.1:${office.ports.http}/${MAC}.cfg`)).text()
const ownValues = async (): Promise<Record<string, unknown>> =>
  Object.fromEntries((await office.installation.settings.list('extension', ann)).map(({ key, value }) => [key, value]))

test('forwards and do not disturb are set on the own page, reach the phone, and the phone is told as always', async () => {
  expect(await file()).not.toContain('0305551')
  const saved = await save({
    forwardAlways: 'none',
    forwardBusy: 'mobile',
    forwardNoAnswer: 'number',
    'forwardNoAnswer-number': '(030) 555 1',
    forwardNoAnswerSeconds: '30',
    doNotDisturb: 'on',
  })
  expect([saved.status, saved.location]).toEqual([303, '/me/?done=saved'])
  const { cookie } = await signIn()
  expect((await askOwnPage(office, '/me/?done=saved', { cookie })).body).toContain('Saved.')
  expect(await ownValues()).toMatchObject({
    ...{ forwardAlways: null, forwardBusy: 'mobile', forwardNoAnswer: '0305551' },
    ...{ forwardNoAnswerSeconds: 30, doNotDisturb: true },
  })
  // Before it fetches: a phone that has the new file is not asked.
  await eventually(async () => {
    const [wish] = (await office.installation.databases.events('resync_requests')) as object[]
    expect(wish).toBeDefined()
  }, 20_000)
  const text = await file()
  expect(text).toContain('forward.busy.target = +49171555')
  expect(text).toContain('forward.no_answer.target = 0305551')
  const [note] = (await office.installation.databases.main('audit_log').where({ actor: 'self:101' })) as object[]
  expect(note).toMatchObject({ action: 'setting.set' })
}, 40_000)

test('a number that is missing or cannot be dialled is refused in the words of the page, and nothing changes', async () => {
  const before = await ownValues()
  for (const number of ['', ' ', 'call me <now>']) {
    const { status, body } = await save({ forwardAlways: 'number', 'forwardAlways-number': number })
    expect([number, status]).toEqual([number, 422])
    expect(body).toContain('Forward every call to – give a number that can be dialled.')
    expect(body).not.toContain('GXP')
  }
  const { body } = await save({ forwardNoAnswerSeconds: 'soon' })
  expect(body).toContain('Ringing time before that – this value does not fit.')
  expect(await ownValues()).toEqual(before)
})

test('what the form leaves to the admin goes back to what is set for everybody', async () => {
  await office.installation.settings.set('test', { layer: 'global', owner: '', key: 'forwardBusy' }, '900')
  await save({ forwardAlways: 'inherit', forwardBusy: 'inherit', forwardNoAnswer: 'inherit', doNotDisturb: 'off' })
  expect(Object.keys(await ownValues()).filter((key) => /^forward(?!NoAnswerSeconds)/.test(key))).toEqual([])
  await eventually(async () => expect(await file()).toContain('forward.busy.target = 900'))
  expect((await signIn()).body).toContain('As set for everybody: 900')
})

test('a site that hides own pages has none, and has them again when it shows them', async () => {
  const { settings } = office.installation
  const hidden = { layer: 'global', owner: '', key: 'hiddenFeatures' } as const
  await settings.set('test', hidden, ['own-pages'])
  const { cookie } = await signIn()
  await eventually(async () => expect((await askOwnPage(office, '/me/', { cookie })).status).not.toBe(200))
  await settings.unset('test', hidden)
  await eventually(async () => expect((await askOwnPage(office, '/me/', { cookie })).status).toBe(200))
})

test('a number that is none is refused with words, and nothing is stored', async () => {
  const before = await ownValues()
  const refused = await save({ forwardAlways: 'number', 'forwardAlways-number': 'nobody@home', doNotDisturb: 'on' })
  expect(refused.status).toBe(422)
  expect(refused.body).toContain('This was not taken')
  expect(await ownValues()).toEqual(before)
})

test('the admin takes the right away: the page no longer offers it, and a form that was open changes nothing', async () => {
  const { settings } = office.installation
  await settings.set('test', { layer: 'extension', owner: ann, key: 'mayChangeForwarding' }, false)
  await eventually(async () => expect((await signIn()).body).not.toContain('name="forwardAlways"'))
  expect((await signIn()).body).toContain('name="doNotDisturb"')
  const before = await ownValues()
  await save({ forwardAlways: 'number', 'forwardAlways-number': '666', doNotDisturb: 'off' })
  expect(await ownValues()).toEqual(before)
  await settings.set('test', { layer: 'global', owner: '', key: 'mayChangeDoNotDisturb' }, false)
  await eventually(async () => expect((await signIn()).body).not.toContain('My calls'))
})
