import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { webBench, type WebBench } from '../support/web-pages.js'

let bench: WebBench

beforeAll(async () => {
  bench = await webBench()
})
afterAll(() => bench.remove())

const use = () => bench.parts.forSite(bench.parts.snapshot.defaultSite().id)

test('after an import those that are new can be sent mails; without an SMTP server it shows that they are not', async () => {
  const csv = 'number,name,email\n601,Ann,ann@example.com\n602,Bob,\n'
  const { id = '' } = await use().bulk.importCsv('test', Buffer.from(csv))
  const owner = await bench.signedIn('owner')
  expect((await owner.get(`/import/${id}`)).text).toContain(`href="/import/${id}/mails"`)
  const asked = (await owner.get(`/import/${id}/mails`)).text
  expect(asked).toContain('1 of the 2 people')
  expect(asked).toContain('No SMTP server is configured')

  const sent = await owner.post(`/import/${id}/mails`)
  expect(sent.headers.location).toBe('/mails?done=queued')
  const mails = (await owner.get('/mails?done=queued')).text
  for (const text of ['Ann', 'ann@example.com', 'Not sent', 'PHONEBOOT_SMTP_URL']) expect(mails).toContain(text)
  expect(mails).not.toContain('Bob')
})

test('who may not send mails is neither asked nor obeyed', async () => {
  const { id = '' } = await use().bulk.importCsv('test', Buffer.from('number,name,email\n603,Cy,cy@example.com\n'))
  const viewer = await bench.signedIn('viewer')
  expect((await viewer.post(`/import/${id}/mails`)).status).toBe(403)
  expect(await use().mails.list({ number: '603' })).toEqual([])
})

test('a mail is shown in both languages before it is sent, as it is chosen, and not without an address', async () => {
  await use().extensions.add('test', { number: '604', name: 'Dee', email: 'dee@example.com' })
  await use().extensions.add('test', { number: '605', name: 'Eve' })
  await bench.parts.refresh()
  const owner = await bench.signedIn('owner')
  expect((await owner.get('/people/604/softphones')).text).toContain('href="/people/604/mail"')
  expect((await owner.get('/people/604/mail')).text).toContain('your extension is 604')
  const german = (await owner.get('/people/604/mail?kind=set-up&language=de')).text
  const held = ['name="kind" value="set-up"', 'name="language" value="de"', '<option value="de" selected>']
  for (const text of ['Neue Einrichtung', 'Guten Tag Dee', ...held]) expect(german).toContain(text)
  expect(await use().mails.list({ number: '604' })).toEqual([])

  const sent = await owner.post('/people/604/mails', { kind: 'set-up', language: 'de' })
  expect(sent.headers.location).toBe('/mails?done=queued')
  expect(await use().mails.list({ number: '604' })).toMatchObject([{ kind: 'set-up', language: 'de' }])

  expect((await owner.get('/people/605/mail')).text).toMatch(/Eve has no e-mail address[\s\S]* disabled>Send this mail/)
  const viewer = await bench.signedIn('viewer')
  expect((await viewer.get('/people/604/mail')).text).not.toContain('Send this mail')
  expect((await owner.get('/people/604/mail?kind=nonsense')).status).toBe(400)
})
