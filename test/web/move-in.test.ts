import { afterAll, beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { csrfTokenOf } from '../../src/accounts/sign-in.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

const MACS = ['001565dd0001', '001565dd0002', '001565dd0003']
const config = (number: string): string => `#!version:1.0.0.1
account.1.enable = 1
account.1.display_name = Person ${number}
account.1.user_name = ${number}
account.1.auth_name = ${number}
account.1.password = Old-${number}-secret
account.1.sip_server.1.address = pbx.old.example
linekey.2.type = 16
linekey.2.line = 1
linekey.2.value = 101
local_time.ntp_server1 = 192.0.2.123
features.unknown_feature = 1
`

const FOLDER = MACS.map((mac, index) => ({ name: `old/${mac}.cfg`, text: config(String(701 + index)) }))

interface File {
  name: string
  text: string
}

/** Sends the form of the page with a folder, as a browser does. */
async function send(files: readonly File[]): Promise<request.Response> {
  const session = owner.sessionId ?? ''
  let form = request(bench.app)
    .post('/move-in')
    .set('Cookie', `phoneboot=${session}`)
    .set('Accept-Language', 'en')
    .field('_csrf', csrfTokenOf(session))
  for (const { name, text } of files) form = form.attach('file', Buffer.from(text), { filename: name })
  return await form
}

const use = () => bench.parts.forSite(bench.parts.snapshot.defaultSite().id)

/** The page once the server has done what it does in the background. */
async function settled(path: string): Promise<string> {
  await use().bulk.settledImport(path.replace('/move-in/', ''))
  return (await owner.get(path)).text
}

async function opened(files: readonly File[]): Promise<string> {
  const answer = await send(files)
  expect(answer.status).toBe(303)
  return answer.headers.location ?? ''
}

/** The same files with a model for the first group of phones that could be several. */
async function withModel(path: string, model: string): Promise<string> {
  const answer = await owner.post(path, { 'group-0': model })
  expect(answer.status).toBe(303)
  return answer.headers.location ?? ''
}

test('a folder is read, the models asked for, taken over with its settings, and undone', async () => {
  const asked = await opened([...FOLDER, { name: 'old/notes.txt', text: 'x' }])
  const question = (await owner.get(asked)).text
  expect(question).toContain('Which model is it?')
  expect(question).toContain('3 phones')
  expect(question).toContain('00:15:65:dd:00:01')
  expect(question).not.toContain('Take over now')

  const path = await withModel(asked, 'yealink/t21p-e2')
  const preview = await settled(path)
  for (const text of ['3 phones and 3 people', 'People: 3 new', 'Phones: 3 new', 'ntpServer', 'notes.txt']) {
    expect(preview).toContain(text)
  }
  expect(preview).toContain('features.unknown_feature')
  expect(preview).not.toContain('secret')
  expect((await owner.get('/people?q=701')).text).toContain('Nothing found.')
  // The files before were let go with their import.
  expect((await owner.get(asked)).status).toBe(404)

  const token = hiddenField(preview, 'token')
  expect((await owner.post(`${path}/confirm`, { token, settings: 'true' })).status).toBe(303)
  await use().bulk.settledImport(path.replace('/move-in/', ''))
  let done = ''
  for (let n = 0; n < 200 && !done.includes('settings are set.'); n += 1) done = (await owner.get(path)).text
  expect(done).toMatch(/[1-9]\d* settings are set\./)
  await bench.parts.refresh()
  expect((await owner.get('/people?q=701')).text).toContain('Person 701')
  const site = bench.parts.snapshot.defaultSite().id
  expect(await use().settings.list('site', site)).toContainEqual(
    expect.objectContaining({ key: 'ntpServer', value: '192.0.2.123' }),
  )
  expect((await use().extensions.password('test', '701')).reveal()).toBe('Old-701-secret')

  const undone = await owner.post(`${path.replace('/move-in/', '/import/')}/undo`)
  expect(undone.status).toBe(303)
  await bench.parts.refresh()
  expect((await owner.get('/people?q=701')).text).toContain('Nothing found.')
})

test('files in which there is no phone are named, and nothing is opened', async () => {
  const answer = await send([{ name: 'readme.txt', text: 'hello' }])
  expect(answer.status).toBe(422)
  expect(answer.text).toContain('Not known: readme.txt')
  expect((await send([])).status).toBe(422)
})

test('a change meanwhile refuses what the preview told', async () => {
  const path = await withModel(await opened(FOLDER), 'yealink/t21p-e2')
  const token = hiddenField(await settled(path), 'token')
  await use().extensions.add('test', { number: '703', name: 'Came first' })
  expect((await owner.post(`${path}/confirm`, { token })).status).toBe(409)
  expect((await owner.post(`${path}/cancel`)).headers.location).toBe('/move-in')
  expect((await owner.get(path)).status).toBe(404)
})

test('programs send the files in a form, and need the right to settings for settings', async () => {
  const own = await bench.tokenFor('owner')
  const sent = await request(bench.app)
    .post('/api/v1/move-ins')
    .set('Authorization', `Bearer ${own}`)
    .field('model', 'yealink/t21p-e2')
    .attach('file', Buffer.from(config('711')), { filename: `${MACS[0]}.cfg` })
  expect(sent.status).toBe(202)
  expect(sent.body).toMatchObject({
    phones: [{ mac: MACS[0], model: 'yealink/t21p-e2', lines: [{ position: 1, number: '711', name: 'Person 711' }] }],
    people: [{ number: '711', name: 'Person 711' }],
    unsure: [{ mac: MACS[0], model: 'yealink/t21p-e2' }],
    settingsState: { state: 'open' },
  })
  expect(JSON.stringify(sent.body)).not.toContain('secret')
  const api = bench.as(own)
  const { id } = sent.body as { id: string }
  await use().bulk.settledImport(id)
  const { body } = (await api.get(`/move-ins/${id}`)) as { body: { import: { token: string } } }

  expect(body.import.token).not.toBe('')
  const json = await bench.as(own).post('/move-ins', { files: [] })
  expect([json.status, (json.body as { code: string }).code]).toEqual([415, 'BODY_TYPE_REFUSED'])
})
