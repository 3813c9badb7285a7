import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { FORM_NAMES } from '../../src/web/pages/person-fields.js'
import { loadPhones } from '../support/phone-catalog.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

const values = async (number: string): Promise<Record<string, unknown>> => {
  const { extension } = await bench.parts.forSite(bench.parts.snapshot.defaultSite().id).extensions.show(number)
  const found = await bench.parts.forSite(extension.siteId).settings.list('extension', extension.id)
  return Object.fromEntries(found.map(({ key, value }) => [key, value]))
}
/** The part of a page that is one form. */
const formIn = (html: string, name: string): string =>
  html.slice(html.indexOf(`id="form-${name}"`)).split('</form>')[0] ?? ''
const save = async (number: string, form: string, fields: Record<string, string>): ReturnType<Browser['post']> => {
  const html = (await owner.get(`/people/${number}`)).text
  return owner.post(`/people/${number}/fields/${form}`, { _seen: hiddenField(formIn(html, form), '_seen'), ...fields })
}

describe("a person's page", () => {
  test('has a field for each setting of a person, with a name, help and what is inherited', async () => {
    await owner.post('/people/new', { number: '201', name: 'Anna' })
    const { text } = await owner.get('/people/201')
    const { vocabulary } = loadPhones()
    for (const [key, { layers }] of vocabulary) {
      if (!layers.includes('extension')) continue
      expect([key, text.split(`id="p-${key}"`).length - 1]).toEqual([key, 1])
      expect(text).not.toContain(`for="p-${key}">${key}`)
    }
    expect(FORM_NAMES.map((name) => formIn(text, name) !== '')).toEqual(FORM_NAMES.map(() => true))
    expect(formIn(text, 'pbx')).toContain('Handled by your PBX')
    expect(formIn(text, 'pbx')).toContain('does nothing with them itself')
    expect(formIn(text, 'phone')).not.toContain('recordCalls')
  })

  test('saves a form with only what was changed; an empty field goes back to what is inherited', async () => {
    await owner.post('/people/new', { number: '202', name: 'Bert' })
    const saved = await save('202', 'phone', { language: 'de', forwardBusy: '201', transport: '' })
    expect([saved.status, saved.headers.location]).toEqual([303, '/people/202?done=saved'])
    expect(await values('202')).toEqual({ language: 'de', forwardBusy: '201' })
    await save('202', 'phone', { language: '', forwardBusy: '201' })
    expect(await values('202')).toEqual({ forwardBusy: '201' })
    await save('202', 'contact', { firstName: 'Bert', lastName: '', mobileNumber: '+49 171 5' })
    await save('202', 'pbx', {
      recordCalls: 'true',
      followMe: '[{"number":"201"}]',
      manualAcl: '[acl]\r\ndeny=0.0.0.0/0',
    })
    await save('202', 'rules', { allowedNetworks: '192.168.1.0/24 10.0.0.5', maxRegistrations: '3' })
    expect(await values('202')).toEqual({
      ...{ forwardBusy: '201', firstName: 'Bert', mobileNumber: '+49 171 5', recordCalls: true },
      ...{ followMe: [{ number: '201' }], manualAcl: '[acl]\ndeny=0.0.0.0/0', maxRegistrations: 3 },
      allowedNetworks: ['192.168.1.0/24', '10.0.0.5/32'],
    })
    const audit = await bench.parts.audit({ entity: 'setting', limit: 100 })
    await save('202', 'pbx', {
      recordCalls: 'true',
      followMe: '[{"number":"201"}]',
      manualAcl: '[acl]\r\ndeny=0.0.0.0/0',
    })
    await save('202', 'phone', { forwardBusy: '201', firstName: 'of another form' })
    const after = await bench.parts.audit({ entity: 'setting', limit: 101 })
    // A structure is laid out anew in the form, and means the same.
    expect(after.length - audit.length).toBeLessThanOrEqual(1)
    expect(await values('202')).toMatchObject({ firstName: 'Bert' })
    await bench.parts.refresh()
    expect((await owner.get('/people?q=%2B49+171')).text).toContain('+49 171 5')
  })

  test('a secret field never shows its value; blank keeps it, and it can be taken away', async () => {
    await owner.post('/people/new', { number: '203', name: 'Carol' })
    await save('203', 'pbx', { voicemailPin: '48151623' })
    expect(await values('203')).toEqual({ voicemailPin: '[secret]' })
    const { text } = await owner.get('/people/203')
    expect(text).not.toContain('48151623')
    expect(text).toContain('Is set.')
    await save('203', 'pbx', { voicemailPin: '', recordCalls: 'true' })
    expect(await values('203')).toEqual({ voicemailPin: '[secret]', recordCalls: true })
    await save('203', 'pbx', { voicemailPin: '', recordCalls: 'true', 'remove.voicemailPin': 'on' })
    expect(await values('203')).toEqual({ recordCalls: true })
  })

  test('a wrong value is told at its field, and everything typed stays', async () => {
    await owner.post('/people/new', { number: '204', name: 'Dora' })
    const refused = await save('204', 'pbx', { voicemailEmail: 'nobody', callerIdName: 'Dora & <Co>' })
    expect(refused.status).toBe(422)
    const form = formIn(refused.text, 'pbx')
    expect(form).toMatch(/is-invalid" id="p-voicemailEmail"[^>]*value="nobody"/)
    expect(form).toContain('value="Dora &amp; &lt;Co&gt;"')
    expect(await values('204')).toEqual({})
  })

  test('when two save the same form, the second sees both values of each field and loses nothing', async () => {
    await owner.post('/people/new', { number: '205', name: 'Emil' })
    const seen = hiddenField(formIn((await owner.get('/people/205')).text, 'contact'), '_seen')
    const first = { _seen: seen, firstName: 'Emil', jobTitle: 'Porter' }
    expect((await owner.post('/people/205/fields/contact', first)).status).toBe(303)
    const mine = { _seen: seen, firstName: 'Emilio', jobTitle: 'Porter', lastName: 'Berg' }
    const second = await owner.post('/people/205/fields/contact', mine)
    expect(second.status).toBe(412)
    const form = formIn(second.text, 'contact')
    expect(form).toContain('value="Emilio"')
    expect(form).toContain('Stored now: Emil<')
    expect(form).toContain('value="Berg"')
    expect(form.match(/Stored now/g)).toHaveLength(2)
    expect(await values('205')).toEqual({ firstName: 'Emil', jobTitle: 'Porter' })
    const again = { ...mine, _seen: hiddenField(form, '_seen') }
    expect((await owner.post('/people/205/fields/contact', again)).status).toBe(303)
    expect(await values('205')).toEqual({ firstName: 'Emilio', jobTitle: 'Porter', lastName: 'Berg' })
  })

  test('a viewer sees the fields and cannot change them', async () => {
    const viewer = await bench.signedIn('viewer')
    const { text } = await viewer.get('/people/205')
    expect(formIn(text, 'contact')).toContain('readonly')
    expect(formIn(text, 'phone')).toMatch(/<select[^>]* disabled/)
    expect(text).not.toContain('Copy without showing')
    expect((await viewer.post('/people/205/fields/contact', { firstName: 'X' })).status).toBe(403)
  })

  test('the number is both hidden and always shown: that is told', async () => {
    await owner.post('/people/new', { number: '206', name: 'Fritz' })
    await save('206', 'pbx', { callerIdAnonymous: 'true', callerIdAlways: 'true' })
    expect((await owner.get('/people/206')).text).toContain('both hidden and always shown')
  })

  test('a forward to a number outside needs a trunk of the PBX, and rules are looked through: that is told', async () => {
    await owner.post('/people/new', { number: '207', name: 'Gül' })
    await save('207', 'phone', { forwardBusy: '201', forwardNoAnswer: '+49171555' })
    const { text } = await owner.get('/people/207')
    expect(formIn(text, 'phone')).toContain('a number outside. Your PBX needs a trunk and a route for it.')
    expect(formIn(text, 'phone').split('a number outside').length).toBe(2)
    const rules = [
      { status: 'away', action: 'forward', target: { kind: 'external', number: '+4930123' } },
      { status: 'lunch', condition: 'busy', action: 'ring' },
    ]
    await save('207', 'pbx', { forwardingRules: JSON.stringify(rules) })
    const form = formIn((await owner.get('/people/207')).text, 'pbx')
    expect(form).toContain('a number outside. Your PBX needs a trunk and a route for it.')
    expect(form).toContain('no rule says what becomes of calls for available, do-not-disturb, business-trip, off-work')
    const plain = { condition: 'busy', action: 'forward', target: { kind: 'extension', number: '201' } }
    await save('207', 'pbx', { forwardingRules: JSON.stringify([plain]) })
    expect(formIn((await owner.get('/people/207')).text, 'pbx')).toContain('by the setting behind it: 1 (forwardBusy)')
  })
})

describe('what is done with people', () => {
  test('after adding one, the page says what comes next', async () => {
    const added = await owner.post('/people/new', { number: '210', name: 'Gerda' })
    const { text } = await owner.get(added.headers.location ?? '')
    expect(text).toContain('What next?')
    expect(text).toContain('href="/phones/new?number=210"')
    expect(text).toContain('href="/people/210/keys"')
    expect((await owner.get('/people/210')).text).not.toContain('What next?')
  })

  test('the SIP user name is made as the site wants it, or typed', async () => {
    const { settings } = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
    const site = { layer: 'site', owner: bench.parts.snapshot.defaultSite().id } as const
    await settings.set('test', { ...site, key: 'sipUserNames' }, 'prefix')
    await settings.set('test', { ...site, key: 'sipUserPrefix' }, 'acme')
    expect((await owner.get('/people/new')).text).toContain('Empty: acme and the number. Letters')
    await owner.post('/people/new', { number: '230', name: 'Ida', authUser: '' })
    await owner.post('/people/new', { number: '231', name: 'Jo', authUser: 'sip.jo' })
    expect((await owner.get('/people/230')).text).toContain('acme-230')
    expect((await owner.get('/people/231')).text).toContain('sip.jo')
    const refused = await owner.post('/people/new', { number: '232', name: 'Kim', authUser: 'sip jo' })
    expect(refused.status).toBe(422)
    expect(refused.text).toMatch(/id="f-authUser"[^>]*value="sip jo"[^>]*aria-invalid="true"/)
    for (const key of ['sipUserNames', 'sipUserPrefix']) await settings.unset('test', { ...site, key })
  })

  test('copied, given a new number, deleted and brought back', async () => {
    await owner.post('/people/new', { number: '220', name: 'Hans' })
    await save('220', 'phone', { language: 'fr' })
    const copied = await owner.post('/people/220/duplicate', { number: '221', name: 'Like Hans', email: '' })
    expect(copied.headers.location).toBe('/people/221?done=added')
    expect(await values('221')).toEqual({ language: 'fr' })
    const form = (await owner.get('/people/221/renumber')).text
    const taken = await owner.post('/people/221/renumber', { _seen: hiddenField(form, '_seen'), number: '220' })
    expect([taken.status, taken.text.includes('Somebody has this number already.')]).toEqual([422, true])
    expect(taken.text).toContain('action="/people/221/renumber"')
    const moved = await owner.post('/people/221/renumber', { _seen: hiddenField(form, '_seen'), number: '222' })
    expect(moved.headers.location).toBe('/people/222?done=saved')
    const ask = (await owner.get('/people/222/remove')).text
    await owner.post('/people/222/remove', { _seen: hiddenField(ask, '_seen'), uses: hiddenField(ask, 'uses') })
    const removed = (await owner.get('/people/removed')).text
    expect(removed).toContain('Like Hans')
    const path = /action="(\/people\/removed\/[^"]+)"/.exec(removed)?.[1] ?? ''
    expect((await owner.post(path)).headers.location).toBe('/people/222?done=restored')
    expect(await values('222')).toEqual({ language: 'fr' })
  })

  test('deleting lists forwards of others', async () => {
    await owner.post('/people/new', { number: '230', name: 'Ida' })
    await save('220', 'phone', { language: 'fr', forwardBusy: '230' })
    expect((await owner.get('/people/230/remove')).text).toContain('1 forward of somebody else')
  })

  test('the form for a new person proposes a number and measures the password by the rules of the site', async () => {
    const { settings } = bench.parts.forSite(bench.parts.snapshot.defaultSite().id)
    const owners = { layer: 'site' as const, owner: bench.parts.snapshot.defaultSite().id }
    await settings.setAll('test', owners, {
      numberRanges: ['200-299'],
      passwordMinLength: 9,
      passwordClasses: ['digit'],
    })
    const { text } = await owner.get('/people/new')
    expect(text).toMatch(/name="number"[^>]*value="200"/)
    expect(text).toContain('One of 200-299.')
    expect(text).toContain('Empty: the number. Letters')
    expect(text).toMatch(/data-least="9" data-classes="digit"/)
    const weak = await owner.post('/people/new', { number: '240', name: 'Jan', password: 'abcdefghij' })
    expect([weak.status, weak.text.includes('needs a digit')]).toEqual([422, true])
    await settings.setAll('test', owners, {
      numberRanges: undefined,
      passwordMinLength: undefined,
      passwordClasses: undefined,
    })
  })
})
