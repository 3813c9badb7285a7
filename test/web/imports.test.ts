import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
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

/** Sends the form of the page with a file, or with pasted rows; gives the address of the import. */
async function sent(browser: Browser, content: { file?: Uint8Array; name?: string; text?: string }): Promise<string> {
  const session = browser.sessionId ?? ''
  const form = request(bench.app)
    .post('/import')
    .set('Cookie', `phoneboot=${session}`)
    .set('Accept-Language', 'en')
    .field('_csrf', csrfTokenOf(session))
    .field('text', content.text ?? '')
  const answer = await (content.file ? form.attach('file', Buffer.from(content.file), content.name ?? 'a.csv') : form)
  expect(answer.status).toBe(303)
  return answer.headers.location ?? ''
}

/** The page once the server has done what it does in the background. */
async function settled(browser: Browser, path: string): Promise<string> {
  const id = path.replace('/import/', '').replace(/\?.*/, '')
  await bench.parts.forSite([...bench.parts.snapshot.allSites()][0]?.id ?? '').bulk.settledImport(id)
  return (await browser.get(path)).text
}

describe('the import page', () => {
  test('a file is previewed, confirmed, told of, and undone', async () => {
    const csv = 'Nebenstelle;Name;E-Mail;Kostenstelle\r\n501;Jörg Müller;jm@example.com;4711\r\n502;"Berg, Anna";;\r\n'
    const path = await sent(owner, { file: Buffer.from(csv, 'latin1'), name: 'Büro.csv' })
    const preview = await settled(owner, path)
    expect(preview).toContain('Büro.csv')
    expect(preview).toContain('windows-1252')
    expect(preview).toContain('Jörg Müller')
    expect(preview).toContain('People: 2 new, 0 changed, 0 the same.')
    expect(preview).toContain(
      'Nobody gets a mail by this. Afterwards welcome mails can be sent: 1 person would get one.',
    )
    expect(preview).toContain('unknown')
    expect((await owner.get('/people?q=501')).text).toContain('Nothing found.')

    const confirmed = await owner.post(`${path}/confirm`, { token: hiddenField(preview, 'token') })
    expect([confirmed.status, confirmed.headers.location]).toEqual([303, path])
    const done = await settled(owner, path)
    expect(done).toContain('Imported')
    expect(done).toContain('imported.Kostenstelle')
    await bench.parts.refresh()
    expect((await owner.get('/people?q=501')).text).toContain('Jörg Müller')
    const id = path.replace('/import/', '')
    const result = await owner.get(`/api/v1/imports/${id}/result`)
    expect(result.text.split('\r\n').slice(0, 2)).toEqual([
      'row,number,mac,name,action,changes,message',
      '2,501,,Jörg Müller,new,imported.Kostenstelle:  -> 4711,',
    ])

    expect((await owner.get(`${path}/undo`)).text).toContain('Undo this import?')
    expect((await owner.post(`${path}/undo`)).headers.location).toBe(`${path}?done=importUndone`)
    expect((await owner.get(`${path}?done=importUndone`)).text).toContain('The import is undone.')
    await bench.parts.refresh()
    expect((await owner.get('/people?q=501')).text).toContain('Nothing found.')
    expect((await owner.get('/import')).text).toContain('undone')
  })

  test('many numbers at once are a form, previewed and undone as a file is', async () => {
    const opened = await owner.post('/import/range', { first: '531', last: '533', each: 'Room {number}' })
    expect(opened.status).toBe(303)
    const path = opened.headers.location ?? ''
    const preview = await settled(owner, path)
    expect(preview).toContain('People: 3 new, 0 changed, 0 the same.')
    expect(preview).toContain('Room 532')
    await owner.post(`${path}/confirm`, { token: hiddenField(preview, 'token') })
    expect(await settled(owner, path)).toContain('Imported')
    await bench.parts.refresh()
    expect((await owner.get('/people?q=Room 533')).text).toContain('533')
    await owner.post(`${path}/undo`)
    await bench.parts.refresh()
    expect((await owner.get('/people?q=Room 533')).text).toContain('Nothing found.')

    const backwards = await owner.post('/import/range', { first: '9', last: '1', each: '' })
    expect(await settled(owner, backwards.headers.location ?? '')).toMatch(/runs backwards/)
  })

  test('from the result one comes to the people of this import, and stays among them by search and order', async () => {
    const path = await sent(owner, { text: 'number,name\n541,Elif\n542,Emil\n54x,Bad\n' })
    await owner.post(path, { mode: 'rows' })
    await owner.post(`${path}/confirm`, { token: hiddenField(await settled(owner, path), 'token') })
    const link = /href="(\/people\?import=[^"]+)"/.exec(await settled(owner, path))?.[1] ?? ''
    await bench.parts.refresh()
    const people = (await owner.get(link)).text
    const numbers = (page: string): (string | undefined)[] =>
      [...page.matchAll(/data-label="Number" class="fw-medium">([^<]*)</g)].map(([, number]) => number)
    expect(numbers(people)).toEqual(['541', '542'])
    expect(people).toContain('Only people of the import of pasted rows.')
    expect(people).toMatch(/<input type="hidden" name="import" value="[^"]+">/)
    expect(numbers((await owner.get(`${link}&q=emil&sort=-name`)).text)).toEqual(['542'])
    expect((await owner.get('/people')).text).not.toContain('Only people of the import')
    expect((await owner.get('/people?import=gone')).status).toBe(404)
  })

  test('a file of 10 MB is taken, previewed and cancelled', async () => {
    const note = 'x'.repeat(5_200)
    const rows = Array.from({ length: 2_000 }, (_, n) => `${600_000 + n},Person ${n},${note}`)
    const file = Buffer.from(['number,name,Note', ...rows].join('\r\n'))
    expect(file.length).toBeGreaterThan(10_000_000)
    const path = await sent(owner, { file, name: 'large.csv' })
    expect(await settled(owner, path)).toContain('People: 2000 new, 0 changed, 0 the same.')
    expect((await owner.post(`${path}/cancel`)).status).toBe(303)
  }, 120_000)

  test('pasted rows with a mistake cannot be confirmed; another choice leaves the row out', async () => {
    const path = await sent(owner, { text: 'number\tname\n511\tCarla\n51x\tBad\n' })
    const preview = await settled(owner, path)
    expect(preview).toContain('pasted rows')
    expect(preview).toMatch(/row 3, column number: .*51x/)
    expect(preview).toMatch(/<button class="btn btn-primary" disabled>/)
    const refused = await owner.post(`${path}/confirm`, { token: hiddenField(preview, 'token') })
    expect(refused.status).toBe(422)
    await owner.post(path, { mode: 'rows' })
    const again = await settled(owner, path)
    expect(again).toContain('People: 1 new')
    expect((await settled(owner, `${path}?outcome=error`)).match(/<td data-label="Row">/g)).toHaveLength(1)
    expect((await owner.post(`${path}/confirm`, { token: hiddenField(again, 'token') })).status).toBe(303)
    expect(await settled(owner, path)).toContain('Imported')
  })

  test('columns that nobody knows are mapped by hand', async () => {
    const path = await sent(owner, { text: 'Platz,Wer\n521,Dora\n' })
    const preview = await settled(owner, path)
    expect(preview).toContain('no column is known to be the number')
    await owner.post(path, { 'column-0': 'number', 'column-1': 'name' })
    const mapped = await settled(owner, path)
    expect(mapped).toContain('People: 1 new')
    // A second change keeps the first.
    await owner.post(path, { strategy: 'skip', 'column-0': 'number', 'column-1': 'leave' })
    const left = await settled(owner, path)
    expect(left).toContain('People: 1 new')
    expect(left).not.toMatch(/data-label="Name" class="text-break">Dora/)
  })

  test('columns of a phone, its keys and its line are named in words', async () => {
    const header = 'mac,model,number,name,phone.language,line.transport,phoneKey.linekey@2'
    const path = await sent(owner, { text: `${header}\n805ec0000522,yealink/t21p-e2,522,Emil,de,tcp,blf:523\n` })
    const preview = await settled(owner, path)
    for (const name of [
      'Of the phone: Language of the phone',
      'Of the line: SIP transport',
      'Key of the phone: linekey 2',
    ]) {
      expect(preview).toContain(name)
    }
  })

  test('when somebody changed a person since the preview, the new preview is shown and nothing is imported', async () => {
    await owner.post('/people/new', { number: '531', name: 'Before' })
    const path = await sent(owner, { text: 'number,name\n531,From the file\n' })
    const preview = await settled(owner, path)
    const seen = hiddenField((await owner.get('/people/531')).text, '_seen')
    await owner.post('/people/531', { _seen: seen, name: 'By another', email: '', enabled: 'on' })
    const refused = await owner.post(`${path}/confirm`, { token: hiddenField(preview, 'token') })
    expect(refused.status).toBe(409)
    const again = await settled(owner, path)
    expect(again).toContain('extension 531')
    expect(again).toContain('By another')
    expect((await owner.get('/people/531')).text).toContain('By another')
    expect((await owner.post(`${path}/confirm`, { token: hiddenField(again, 'token') })).status).toBe(303)
    await settled(owner, path)
    await bench.parts.refresh()
    expect((await owner.get('/people/531')).text).toContain('From the file')
  })

  test('an import is not undone when somebody it added was changed since, who is named', async () => {
    const path = await sent(owner, { text: 'number,name\n541,Elif\n542,Farid\n' })
    await owner.post(`${path}/confirm`, { token: hiddenField(await settled(owner, path), 'token') })
    await settled(owner, path)
    await bench.parts.refresh()
    const seen = hiddenField((await owner.get('/people/542')).text, '_seen')
    await owner.post('/people/542', { _seen: seen, name: 'Farid Aziz', email: '', enabled: 'on' })
    const refused = await owner.post(`${path}/undo`)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('extension 542 was changed since')
    expect((await owner.get('/people?q=541')).text).toContain('Elif')
  })

  test('what cells hold is shown as text, in headers too', async () => {
    const path = await sent(owner, {
      text: '"number","<script>alert(1)</script>"\n551,"<img src=x onerror=alert(1)>"\n',
    })
    const preview = await settled(owner, path)
    expect(preview).not.toContain('<script>alert')
    expect(preview).not.toContain('<img src=x')
    expect(preview).toContain('&lt;script&gt;')
  })

  test('a cancelled import is gone, and nothing was written', async () => {
    const path = await sent(owner, { text: 'number,name\n561,Nobody\n' })
    await settled(owner, path)
    expect((await owner.post(`${path}/cancel`)).headers.location).toBe('/import')
    expect((await owner.get(path)).status).toBe(404)
  })

  test('nothing chosen is told; a file that is too large, or none at all, is refused', async () => {
    const session = owner.sessionId ?? ''
    const form = (): request.Test =>
      request(bench.app).post('/import').set('Cookie', `phoneboot=${session}`).set('Accept-Language', 'en')
    const none = await form().field('_csrf', csrfTokenOf(session)).field('text', '')
    expect(none.status).toBe(422)
    const large = await form()
      .field('_csrf', csrfTokenOf(session))
      .attach('file', Buffer.alloc(20 * 1024 * 1024 + 1), 'large.csv')
    expect(large.status).toBe(413)
    const stranger = await request(bench.app).post('/import').attach('file', Buffer.from('number\n1\n'), 'a.csv')
    expect([stranger.status, stranger.headers.location]).toEqual([303, '/sign-in'])
    const forged = await form().field('_csrf', 'wrong').field('text', 'number\n1\n')
    expect(forged.status).toBe(403)
  })

  test('passwords are exported to who may see them, and to nobody else; the audit log keeps whose were taken', async () => {
    const helpdesk = await bench.signedIn('viewer')
    const api = bench.as(await bench.tokenFor('owner'))
    await api.post('/extensions', { number: '590', name: 'Pat', password: 'Sehr-Geheim-77' })
    await bench.parts.refresh()
    const looks = async (): Promise<number> => {
      const { body } = await api.get('/audit?entity=extension&limit=500')
      return (body as { items: { action: string }[] }).items.filter(
        ({ action }) => action === 'extension.show-password',
      ).length
    }
    const before = await looks()
    expect((await helpdesk.post('/import/passwords')).status).toBe(403)
    const csv = await owner.post('/import/passwords', { scope: 'minimal' })
    expect(csv.headers['content-disposition']).toContain('attachment')
    expect(csv.text.split('\r\n')[0]).toContain('sip_secret')
    const plain = await owner.post('/import/export', { scope: 'minimal', from: '', to: '', q: '' })
    expect(plain.text.split('\r\n')[0]).toBe(csv.text.split('\r\n')[0])
    expect([csv.text.includes('Sehr-Geheim-77'), plain.text.includes('Sehr-Geheim-77')]).toEqual([true, false])
    expect((await looks()) - before).toBe(csv.text.trim().split('\r\n').length - 1)
    expect((await helpdesk.get('/import')).status).toBe(403)
  })
})

describe('values that stand for something here', () => {
  const FILE = [
    'entityid|firstname|phonenumber|context|protocol|profileclient|bosssecretary|username|enableclient|password',
    '1|Ada|5101|default|sip|Operator|boss|ada|1|x',
    '1|Bob|5102|default|sip||secretary|||',
    '2|Cleo|5103|default|sip|||||',
    '1|Dan|||||||||',
    '',
  ]
    .map((line) => line.split('|').slice(0, 10).join('|'))
    .join('\n')

  test('are asked for; keys of secretaries are proposed; who has no number waits for one', async () => {
    const path = await sent(owner, { text: FILE })
    const preview = await settled(owner, path)
    expect(preview).toContain('What values stand for')
    expect(preview).toContain('is site 2 (1 rows) this one, or another?')
    expect(preview).toMatch(/5101 and 5102/)
    const fields = [...preview.matchAll(/<label class="text-break" for="v-(\d+)">(\w+)</g)].map(([, n, value]) => [
      value,
      n,
    ])
    const field = (value: string): string => `value-${String(new Map(fields as [string, string][]).get(value))}`
    const columns = Object.fromEntries(
      [...preview.matchAll(/name="(column-\d+)">.*?<option value="([^"]*)" selected>/g)].map(([, n, is]) => [n, is]),
    )
    await owner.post(path, { ...columns, [field('1')]: 'here', [field('2')]: 'leave', secretaryKeys: 'on' })
    const again = await settled(owner, path)
    expect(again).not.toContain('or another?')
    expect(again).toContain('name="secretaryKeys" checked')
    expect(again).toContain('People: 3 new, 0 changed, 0 the same.')
    await owner.post(`${path}/confirm`, { token: hiddenField(again, 'token') })
    expect(await settled(owner, path)).toContain('Imported')
    await bench.parts.refresh()
    expect((await owner.get('/people/5101/keys')).text).toContain('5102')
    expect((await owner.get('/people/5102/keys')).text).toContain('5101')

    const people = (await owner.get('/people')).text
    expect(people).toContain('1 person has no number yet')
    const waiting = (await owner.get('/people/without-number')).text
    const id = /\/people\/without-number\/([^/]+)\/number/.exec(waiting)?.[1] ?? ''
    const refused = await owner.post(`/people/without-number/${id}/number`, { number: '5101' })
    expect(refused.status).toBe(422)
    const given = await owner.post(`/people/without-number/${id}/number`, { number: '5104' })
    expect([given.status, given.headers.location]).toEqual([303, '/people/5104?done=added'])
    await bench.parts.refresh()
    expect((await owner.get('/people/5104')).text).toContain('Dan')
    expect((await owner.get('/people')).text).not.toContain('has no number yet')
  })

  test('a role that a file names is a proposal on the page of accounts, and nothing else', async () => {
    const accounts = (await owner.get('/accounts')).text
    expect(accounts).toContain('Proposed accounts')
    const link =
      /href="(\/accounts\/new\?[^"]*)"/.exec(accounts)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=') ?? ''
    expect(Object.fromEntries(new URLSearchParams(link.split('?')[1]))).toEqual({
      name: 'ada',
      role: 'operator@default',
    })
    const form = (await owner.get(link)).text
    expect(form).toContain('value="ada"')
    expect(form).toMatch(/<option value="operator@default" selected>/)
    await owner.post('/accounts/new', { name: 'ada', role: 'operator@default' })
    expect((await owner.get('/accounts')).text).not.toContain('Proposed accounts')
  })

  test('somebody without a number can be forgotten', async () => {
    const path = await sent(owner, { text: 'entityid|firstname\n1|Zoe\n' })
    await owner.post(`${path}/confirm`, { token: hiddenField(await settled(owner, path), 'token') })
    await settled(owner, path)
    const waiting = (await owner.get('/people/without-number')).text
    const id = /\/people\/without-number\/([^/]+)\/remove/.exec(waiting)?.[1] ?? ''
    expect(waiting).toContain('Zoe')
    await owner.post(`/people/without-number/${id}/remove`, {})
    expect((await owner.get('/people/without-number')).text).toContain('Nobody waits for a number.')
  })
})
