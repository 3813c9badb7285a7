import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { wallTime } from '../../src/settings/local-time.js'
import { WEEKDAYS } from '../../src/settings/personal-rules.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser
const MAC = '805ec0000001'

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
  await owner.post('/people/new', { number: '101', name: 'Anna' })
  await owner.post('/phones/new', { mac: MAC, model: 'yealink/t21p-e2', number: '101' })
  await bench.parts.forSite((await bench.parts.sites.list())[0]?.id ?? '').groups.add('cli:test', 'Hall')
  await bench.parts.refresh()
})
afterAll(() => bench.remove())

const LANGUAGE = '/settings/global/-/language'

/** Types a value and looks what it changes; returns the page. */
async function preview(path: string, fields: Record<string, string>): Promise<string> {
  const page = await owner.post(`${path}/preview`, fields)
  expect(page.status).toBe(200)
  return page.text
}

describe('settings', () => {
  test('every layer is a page with what is told to phones, what the server does and what the PBX does, apart', async () => {
    const overview = await owner.get('/settings')
    for (const text of ['All sites', 'This site', 'Maker Yealink', 'Group Hall', 'T21'])
      expect(overview.text).toContain(text)
    const layer = await owner.get('/settings/site/-')
    const at = ['Told to phones', 'Acted on by this server', 'Handled by your PBX'].map((text) =>
      layer.text.indexOf(text),
    )
    expect(at.every((place) => place > 0)).toBe(true)
    expect(at).toEqual([...at].sort((a, b) => a - b))
  })

  test('a list is searched by name and by meaning', async () => {
    const found = await owner.get('/settings/global/-?q=daylight')
    expect(found.text).toContain('timezone')
    expect(found.text).not.toContain('>dtmf<')
    expect((await owner.get('/settings/global/-?q=nothing-like-it')).text).toContain('Nothing found.')
  })

  test('before saving it is shown how many phones change and what becomes different', async () => {
    const page = await preview(LANGUAGE, { value: 'de' })
    expect(page).toContain('1 phone gets another file.')
    expect(page).toContain('None of them restarts for it.')
    expect(page).toMatch(/diff-new[^]*German/)
    expect(page).toContain('Save and tell the phones')
    expect(page).toContain('<form method="post" action="/settings/global/-/language">')
    expect((await owner.get(LANGUAGE)).text).toContain('Now: en')
  })

  test('saving keeps the value, and the origin is shown below', async () => {
    const page = await preview(LANGUAGE, { value: 'de' })
    const saved = await owner.post(LANGUAGE, { _seen: hiddenField(page, '_seen'), value: 'de' })
    expect([saved.status, saved.headers.location]).toEqual([303, '/settings/global/-?done=saved'])
    const group = await owner.get('/settings/group/Hall/language')
    expect(group.text).toContain('Without a value here: de (All sites)')
    expect((await owner.get('/settings/global/-?only=set')).text).toContain('set here')
    expect((await owner.get(`/phones/${MAC}`)).status).toBe(200)
  })

  test('saved with "tell the phones", just the phones that change are asked', async () => {
    const page = await preview('/settings/group/Hall/language', { value: 'fr' })
    expect(page).toContain('No phone gets another file by this.')
    const wide = await preview('/settings/vendor/yealink/transport', { value: 'tcp' })
    const form = { _seen: hiddenField(wide, '_seen'), value: 'tcp', tell: 'yes' }
    expect((await owner.post('/settings/vendor/yealink/transport', form)).headers.location).toContain('done=told')
    const [asked] = await bench.parts.resync.ofPhone(MAC as never, 5)
    expect(asked).toMatchObject({ kind: 'resync' })
  })

  test('taking a value away shows what holds then', async () => {
    const page = await preview('/settings/vendor/yealink/transport', { reset: 'yes' })
    expect(page).toContain('The value here is taken away')
    const form = { _seen: hiddenField(page, '_seen'), reset: 'yes' }
    expect((await owner.post('/settings/vendor/yealink/transport', form)).headers.location).toContain('done=reset')
    expect((await owner.get('/settings/vendor/yealink?only=set')).text).toContain('Nothing found.')
  })

  test('a value that does not fit is told in words, and what was typed stays', async () => {
    const refused = await owner.post('/settings/global/-/vlanId/preview', { value: '99999' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('This value does not fit.')
    expect(refused.text).toContain('value="99999"')
  })

  test('when two save one layer, the second is told', async () => {
    const seen = hiddenField(await preview('/settings/site/-/dtmf', { value: 'info' }), '_seen')
    await owner.post('/settings/site/-/dtmf', { _seen: seen, value: 'info' })
    const second = await owner.post('/settings/site/-/dtmf', { _seen: seen, value: 'inband' })
    expect(second.status).toBe(412)
    expect((await owner.get('/settings/site/-/dtmf')).text).toContain('Now: info')
  })

  test("a maker's own parameter is set by its name", async () => {
    const named = await owner.get('/settings/vendor/yealink?key=raw.yealink.phone_setting.backlight_time')
    expect(named.headers.location).toBe('/settings/vendor/yealink/raw.yealink.phone_setting.backlight_time')
    const page = await preview('/settings/vendor/yealink/raw.yealink.phone_setting.backlight_time', { value: '60' })
    expect(page).toContain('1 phone gets another file.')
  })

  test('an operator changes his site and sees, but does not change, what concerns all', async () => {
    const operator = await bench.signedIn('operator')
    expect((await operator.get('/settings/global/-')).status).toBe(200)
    expect((await operator.post('/settings/global/-/language/preview', { value: 'de' })).status).toBe(403)
    const viewer = await bench.signedIn('viewer')
    expect((await viewer.get('/settings/site/-/language')).text).not.toContain('See what changes')
    expect((await viewer.post('/settings/site/-/language/preview', { value: 'de' })).status).toBe(403)
  })
})

describe('changes that wait, and those that are planned', () => {
  test('a change waits for the end of office hours, and the page tells when that is', async () => {
    const path = '/settings/site/-/clock24'
    expect((await owner.post(`${path}/plan`, { value: 'false', at: 'closed' })).text).toContain('needs office hours')
    const zone = 'Pacific/Auckland'
    const wall = wallTime(zone, bench.clock.now())
    const day = new Date(wall.slice(0, 10)).getUTCDay()
    const hours = { [WEEKDAYS[(day + 6) % 7] ?? 'mon']: [{ from: '00:00', to: '23:59' }] }
    const { settings } = bench.parts.forSite(DEFAULT_SITE)
    for (const [key, value] of Object.entries({ timezone: zone, officeHours: hours })) {
      await settings.set('test', { layer: 'site', owner: DEFAULT_SITE, key }, value)
    }
    await bench.parts.refresh()
    const next = new Date(Date.parse(wall.slice(0, 10)) + 86_400_000).toISOString().slice(0, 10)
    expect(await preview(path, { value: 'false' })).toContain(`closes at ${next} 00:00`)
    expect((await owner.post(`${path}/plan`, { value: 'false', at: 'closed' })).headers.location).toContain('planned')
    expect((await owner.get('/planned')).text).toContain(`${next} 00:00`)
    const today = [{ name: 'Founding day', from: wall.slice(0, 10) }]
    await settings.set('test', { layer: 'site', owner: DEFAULT_SITE, key: 'holidays' }, today)
    await bench.parts.refresh()
    expect(await preview(path, { value: 'false' })).not.toContain('closes at')
    for (const key of ['timezone', 'officeHours', 'holidays']) {
      await settings.unset('test', { layer: 'site', owner: DEFAULT_SITE, key })
    }
    await bench.parts.refresh()
  })

  test('a change is planned for a time by the clocks of the site, listed, and cancelled', async () => {
    const path = '/settings/group/Hall/clock24'
    const page = await preview(path, { value: 'false' })
    expect(page).toContain('By the clocks of Etc/UTC')
    const day = new Date(bench.clock.now() + 3 * 86_400_000).toISOString().slice(0, 10)
    const planned = await owner.post(`${path}/plan`, { value: 'false', at: `${day}T03:15` })
    expect(planned.headers.location).toBe('/planned?done=planned')
    const list = (await owner.get('/planned')).text
    for (const text of [`${day} 03:15`, 'clock24', 'Group Hall', 'waits']) expect(list).toContain(text)
    const [, id] = /\/planned\/([a-z0-9]+)\/cancel/.exec(list) ?? []
    const cancelled = await owner.post(`/planned/${id}/cancel`, { _seen: hiddenField(list, '_seen') })
    expect(cancelled.headers.location).toBe('/planned?done=cancelled')
    expect((await owner.get('/planned')).text).toContain('cancelled')
  })

  test('a time that is past is refused in words', async () => {
    const refused = await owner.post('/settings/group/Hall/clock24/plan', { value: 'false', at: '2001-01-01T00:00' })
    expect(refused.status).toBe(422)
    expect(refused.text).toContain('within the year ahead')
  })

  test('nothing waits for phones that never asked', async () => {
    const page = await owner.get('/changes')
    expect(page.text).toContain('Every phone has what it would get.')
    expect(page.text).toContain('1 phone has not asked yet.')
  })
})
