import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

function calls(mac: string, userAgent: string, path = `/${mac}.cfg`): void {
  bench.live.event({
    at: bench.clock.now(),
    transport: 'http',
    path,
    peer: '192.0.2.7',
    mac: mac as Mac,
    userAgent,
    outcome: 'unknown-device',
    status: 404,
    bytes: 0,
    micros: 1,
  })
}

describe('people', () => {
  test('somebody is added, shown in the list, found without diacritics, and edited', async () => {
    const added = await owner.post('/people/new', { number: '201', name: 'Jörg Müller', email: 'jm@example.com' })
    expect([added.status, added.headers.location]).toEqual([303, '/people/201?done=added'])
    expect((await owner.get('/people/201?done=added')).text).toContain('Added.')
    const found = await owner.get('/people?q=muller')
    expect(found.text).toContain('Jörg Müller')
    expect((await owner.get('/people?q=nobody-has-this')).text).toContain('Nothing found.')
    const page = await owner.get('/people/201')
    const form = { _seen: hiddenField(page.text, '_seen'), name: 'Jörg Maier', email: '', enabled: 'on' }
    expect((await owner.post('/people/201', form)).headers.location).toBe('/people/201?done=saved')
    expect((await owner.get('/people/201')).text).toContain('Jörg Maier')
  })

  test('a number that is taken is told in words, and what was typed stays', async () => {
    await owner.post('/people/new', { number: '202', name: 'First' })
    const again = await owner.post('/people/new', { number: '202', name: 'Second' })
    expect(again.status).toBe(422)
    expect(again.text).toContain('Somebody has this number already.')
    expect(again.text).toContain('value="Second"')
  })

  test('when two save one person, the second sees what is stored and keeps what he typed', async () => {
    await owner.post('/people/new', { number: '203', name: 'Before' })
    const seen = hiddenField((await owner.get('/people/203')).text, '_seen')
    await owner.post('/people/203', { _seen: seen, name: 'By the first', email: '', enabled: 'on' })
    const second = await owner.post('/people/203', { _seen: seen, name: 'By the second', email: '', enabled: 'on' })
    expect(second.status).toBe(412)
    expect(second.text).toContain('Stored now: By the first')
    expect(second.text).toContain('value="By the second"')
    const again = { _seen: hiddenField(second.text, '_seen'), name: 'By the second', email: '', enabled: 'on' }
    expect((await owner.post('/people/203', again)).status).toBe(303)
    expect((await owner.get('/people/203')).text).toContain('By the second')
  })

  test('a form without what it starts from changes nothing', async () => {
    await owner.post('/people/new', { number: '204', name: 'Stays' })
    expect((await owner.post('/people/204', { name: 'Goes', email: '' })).status).toBe(428)
    expect((await owner.get('/people/204')).text).toContain('Stays')
  })

  test('deleting somebody lists what refers to him, and clears it', async () => {
    await owner.post('/people/new', { number: '205', name: 'Leaves' })
    await owner.post('/phones/new', { mac: '80:5e:c0:00:02:05', model: 'yealink/t21p-e2', number: '205' })
    const ask = await owner.get('/people/205/remove')
    expect(ask.text).toContain('line 1 of the phone 80:5e:c0:00:02:05')
    const form = { _seen: hiddenField(ask.text, '_seen'), uses: hiddenField(ask.text, 'uses') }
    expect((await owner.post('/people/205/remove', form)).headers.location).toBe('/people?done=removed')
    expect((await owner.get('/people/205')).status).toBe(404)
    expect((await owner.get('/phones/805ec0000205')).text).toContain('Nobody is on this phone yet.')
  })

  test('a phone that came to use a person since the question was shown stops the deletion', async () => {
    await owner.post('/people/new', { number: '206', name: 'Stays' })
    const ask = await owner.get('/people/206/remove')
    const form = { _seen: hiddenField(ask.text, '_seen'), uses: hiddenField(ask.text, 'uses') }
    await owner.post('/phones/new', { mac: '805ec0000206', model: 'yealink/t21p-e2', number: '206' })
    const refused = await owner.post('/people/206/remove', form)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('line 1 of the phone 80:5e:c0:00:02:06')
  })

  test('a new password is shown once to who may set it, and a stored one to who may see it', async () => {
    await owner.post('/people/new', { number: '207', name: 'Softphone' })
    const reset = await owner.post('/people/207/password')
    const password = /class="mono secret">([^<]+)</.exec(reset.text)?.[1]
    expect(password).toMatch(/^\S{8,}$/)
    expect((await owner.post('/people/207/password/reveal')).text).toContain(`secret">${password}<`)
    const helpdesk = await bench.signedIn('helpdesk')
    expect((await helpdesk.post('/people/207/password/reveal')).status).toBe(403)
    expect((await helpdesk.get('/people/207')).text).not.toContain('Show the password')
  })
})

describe('phones', () => {
  test('a phone typed in by MAC in any spelling is listed and found', async () => {
    await owner.post('/people/new', { number: '301', name: 'Berta Phone' })
    const form = { mac: '805E.C000.0301', model: 'yealink/t21p-e2', number: '301', name: 'Desk 7' }
    expect((await owner.post('/phones/new', form)).headers.location).toBe('/phones/805ec0000301?done=added')
    for (const q of ['80-5E-C0-00-03-01', '805ec0000301', 'desk 7', '301', 'berta']) {
      expect((await owner.get(`/phones?q=${encodeURIComponent(q)}`)).text).toContain('80:5e:c0:00:03:01')
    }
    expect((await owner.get('/phones/80:5E:C0:00:03:01')).headers.location).toBe('/phones/805ec0000301')
  })

  test('a mistyped MAC is told at its field', async () => {
    const refused = await owner.post('/phones/new', { mac: '805ec0', model: 'yealink/t21p-e2' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('This is no MAC address of a phone')
    expect(refused.text).toMatch(/id="f-mac"[^>]*aria-invalid="true"/)
  })

  test('blocking and removing ask first', async () => {
    await owner.post('/phones/new', { mac: '805ec0000302', model: 'yealink/t21p-e2' })
    expect((await owner.get('/phones/805ec0000302/block')).text).toContain('Block this phone?')
    await owner.post('/phones/805ec0000302/block')
    expect((await owner.get('/phones/805ec0000302')).text).toContain('data-state="blocked"')
    await owner.post('/phones/805ec0000302/approve')
    const ask = await owner.get('/phones/805ec0000302/remove')
    const removed = await owner.post('/phones/805ec0000302/remove', { _seen: hiddenField(ask.text, '_seen') })
    expect(removed.headers.location).toBe('/phones?done=removed')
    expect((await owner.get('/phones/805ec0000302')).status).toBe(404)
  })

  test('its files are shown with secrets masked', async () => {
    await owner.post('/phones/new', { mac: '805ec0000303', model: 'yealink/t21p-e2', number: '301' })
    const page = await owner.get('/phones/805ec0000303')
    expect(page.text).toContain('/phones/805ec0000303/files/805ec0000303.cfg')
    const file = await owner.get('/phones/805ec0000303/files/805ec0000303.cfg')
    expect(file.text).toMatch(/account\.1\.password &#x3D; \*{8}/)
  })

  test('the list goes on page by page, in the order asked for', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => 0x805ec0001000 + index).map((mac) => mac.toString(16))
    for (const mac of rows) await owner.post('/phones/new', { mac, model: 'yealink/t28p', name: 'paged' })
    const first = await owner.get('/phones?q=paged&sort=-mac')
    expect(first.text).toContain('60 entries')
    expect(first.text).toContain('80:5e:c0:00:10:3b')
    expect(first.text).not.toContain('80:5e:c0:00:10:00')
    const next = /href="([^"]+)" rel="next"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=')
    const second = await owner.get(next ?? '')
    expect(second.text).toContain('80:5e:c0:00:10:00')
    expect(second.text).not.toContain('80:5e:c0:00:10:3b')
  })

  test('the page tells what was asked and given, and what to do', async () => {
    await owner.post('/phones/new', { mac: '805ec0000304', model: 'yealink/t21p-e2', number: '301' })
    expect((await owner.get('/phones/805ec0000304')).text).toContain('It has never asked this server for anything.')
    const device = bench.parts.snapshot.deviceByMac('805ec0000304' as Mac)
    await bench.fresh.databases.events('provisioning_events').insert({
      ...{ at: bench.clock.now() - 600_000, transport: 'http', path: '/805ec0000304.cfg', peer: '192.0.2.9' },
      ...{ mac: '805ec0000304', device_id: device?.id, outcome: 'served', status: 200, bytes: 1234, micros: 5 },
      ...{ sha256: 'abcdef0123456789'.repeat(4), times: 1 },
    })
    const page = (await owner.get('/phones/805ec0000304')).text
    expect(page).toContain('Given 805ec0000304.cfg')
    expect(page).toContain('1,234 bytes')
    expect(page).toContain('abcdef012345…')
    expect(page).toContain('but has not registered since')
  })
})

describe('waiting phones', () => {
  test('a phone that called in is shown with what it said, and assigned in one step to somebody new', async () => {
    calls('805ec0000401', 'Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:00:04:01')
    const list = await owner.get('/pending')
    for (const text of ['80:5e:c0:00:04:01', 'Yealink SIP-T21P_E2 52.84.0.15', '192.0.2.7', '805ec0000401.cfg']) {
      expect(list.text).toContain(text)
    }
    const form = await owner.get('/pending/805ec0000401')
    expect(form.text).toMatch(/value="yealink\/t21p-e2" selected/)
    const fields = { who: 'new', newNumber: '401', personName: 'Nina Neu', model: 'yealink/t21p-e2' }
    const assigned = await owner.post('/pending/805ec0000401', fields)
    expect(assigned.headers.location).toBe('/phones/805ec0000401?done=assigned')
    expect((await owner.get('/phones/805ec0000401')).text).toContain('Nina Neu')
    expect((await owner.get('/pending')).text).not.toContain('80:5e:c0:00:04:01')
  })

  test('assigning to a number that nobody has is refused, and leaves nothing behind', async () => {
    calls('805ec0000402', 'Yealink SIP-T21P_E2 52.84.0.15')
    const fields = { who: 'existing', number: '499', model: 'yealink/t21p-e2' }
    const refused = await owner.post('/pending/805ec0000402', fields)
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('Nobody has this number.')
    expect(refused.text).toMatch(/id="f-number"[^>]*aria-invalid="true"/)
    expect((await owner.get('/phones/805ec0000402')).status).toBe(404)
  })

  test('somebody new is not left behind when the phone is refused', async () => {
    await owner.post('/phones/new', { mac: '805ec0000403', model: 'yealink/t21p-e2' })
    const fields = { who: 'new', newNumber: '403', personName: 'Would be', model: 'yealink/t21p-e2' }
    expect((await owner.post('/pending/805ec0000403', fields)).text).toContain('There is a phone with this MAC address')
    expect((await owner.get('/people/403')).status).toBe(404)
  })
})
