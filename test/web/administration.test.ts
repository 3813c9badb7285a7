import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Secret as TotpSecret, TOTP } from 'otpauth'
import { PASSWORD } from '../support/admin-api.js'
import { hiddenField, webBench, type Browser, type WebBench } from '../support/web-pages.js'

let bench: WebBench
let owner: Browser

beforeAll(async () => {
  bench = await webBench()
  owner = await bench.signedIn('owner')
})
afterAll(() => bench.remove())

const linkIn = (html: string): string => /value="\/password#(\w+)"/.exec(html)?.[1] ?? ''

/** Adds an account in the browser, sets its password by the link, and gives its own browser. */
async function newcomer(name: string, role: string): Promise<{ browser: Browser; path: string }> {
  const link = await owner.post('/accounts/new', { name, role })
  expect(link.status).toBe(200)
  const browser = bench.stranger()
  const set = await browser.post('/password', { token: linkIn(link.text), password: 'Correct horse 9' })
  expect([set.status, set.headers.location]).toEqual([303, '/'])
  return { browser, path: /href="(\/accounts\/[^"]+)"[^>]*>Back/.exec(link.text)?.[1] ?? '' }
}

describe('accounts', () => {
  test('one is added, opens by a link that works once, and sees what its role may', async () => {
    const { browser, path } = await newcomer('petra', 'viewer@default')
    expect((await browser.get('/people')).status).toBe(200)
    expect((await browser.get('/people/new')).status).toBe(403)
    expect((await browser.get('/accounts')).status).toBe(403)
    expect((await browser.get('/people')).text).not.toContain('href="/administration"')
    const list = (await owner.get('/accounts')).text
    expect(list).toContain('petra')
    expect(list).toContain('Viewer in default')
    const again = await owner.post(`${path}/link`)
    const token = linkIn(again.text)
    await bench.stranger().post('/password', { token, password: 'Another horse 9' })
    const second = await bench.stranger().post('/password', { token, password: 'Third horse 99' })
    expect([second.status, second.text.includes('was used already')]).toEqual([422, true])
  })

  test('a locked account is out at once, and comes back when unlocked', async () => {
    const { browser, path } = await newcomer('quentin', 'viewer')
    const page = (await owner.get(path)).text
    await owner.post(`${path}/lock`, { _seen: hiddenField(page, '_seen'), enabled: 'false' })
    expect((await browser.get('/people')).headers.location).toMatch(/^\/sign-in/)
    const refused = await bench.stranger().post('/sign-in', { login: 'quentin', password: PASSWORD })
    expect(refused.status).toBe(401)
    expect((await owner.get('/accounts')).text).toContain('Locked')
    const locked = (await owner.get(path)).text
    await owner.post(`${path}/lock`, { _seen: hiddenField(locked, '_seen'), enabled: 'true' })
    expect((await bench.stranger().post('/sign-in', { login: 'quentin', password: PASSWORD })).status).toBe(303)
  })

  test('roles are taken away and given', async () => {
    const { browser, path } = await newcomer('rosa', 'viewer')
    const seen = hiddenField((await owner.get(path)).text, '_seen')
    const saved = await owner.post(path, { _seen: seen, email: 'rosa@example.org', role: 'operator@default' })
    expect(saved.headers.location).toBe(`${path}?done=saved`)
    expect((await owner.get(path)).text).toContain('Operator in default')
    expect((await browser.get('/people')).headers.location).toMatch(/^\/sign-in/)
    const stale = await owner.post(path, { _seen: seen, email: 'x@example.org' })
    expect(stale.status).toBe(412)
  })

  test('the last owner, and the last admin of a site, stay', async () => {
    const site = await bench.parts.sites.add('test', { slug: 'shop', name: 'Shop' })
    await bench.parts.refresh()
    await bench.signedIn('admin', site.id)
    const [admin] = (
      await bench.parts.accounts.list({ actor: 'test', rights: new Map([['', new Set(['accounts.read'] as const)]]) })
    ).filter(({ grants }) => grants.some(({ siteId }) => siteId === site.id))
    const path = `/accounts/${admin?.id}`
    const ask = async (): Promise<{ status: number; text: string }> =>
      owner.post(`${path}/remove`, { _seen: hiddenField((await owner.get(path)).text, '_seen'), sure: 'on' })
    const refused = await ask()
    expect([refused.status, refused.text.includes('Nobody would be left')]).toEqual([422, true])
    await bench.signedIn('admin', site.id)
    expect((await ask()).status).toBe(303)
  })

  test('a site’s admin gives no rights beyond the own', async () => {
    const site = await bench.parts.sites.add('test', { slug: 'small', name: 'Small' })
    await bench.parts.refresh()
    const admin = await bench.signedIn('admin', site.id)
    expect((await admin.get('/accounts/new')).text).not.toContain('of all sites')
    const refused = await admin.post('/accounts/new', { name: 'sneaky', role: 'owner' })
    expect(refused.status).toBe(403)
  })
})

describe('signing in with the domain of the site', () => {
  test('one name in two sites is two accounts; a wrong domain looks like a wrong password', async () => {
    await newcomer('anna@acme.example', 'viewer')
    await newcomer('anna@other.example', 'operator')
    const enter = (domain: string, password = PASSWORD) =>
      bench.stranger().post('/sign-in', { login: 'Anna', domain, password })
    expect((await enter('acme.example')).status).toBe(303)
    expect((await enter('OTHER.example')).status).toBe(303)
    const wrong = await Promise.all([enter('nowhere.example'), enter('acme.example', 'Wrong horse 9'), enter('')])
    const told = wrong.map(({ status, text }) => [status, /role="alert">[^]*?<\/div><\/div>/.exec(text)?.[0]])
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1)
    expect(told[0]?.[0]).toBe(401)
    expect((await enter('nowhere.example')).text).toContain('value="nowhere.example"')
  })

  test('in two steps: the domain, then name and password; a domain that nobody has looks like a wrong password', async () => {
    await newcomer('anna@steps.example', 'viewer')
    bench.parts.domainFirst = true
    try {
      const first = (await bench.stranger().get('/sign-in?to=%2Fpeople')).text
      expect(first).toContain('name="domain"')
      expect(first).not.toContain('name="password"')
      expect(first).toContain('Type the domain that you were given')
      // As long as the other, so that pages can be compared byte by byte.
      const domains = ['steps.example', 'nowhr.example'] as const
      const compare = async (ask: (domain: string) => Promise<{ status: number; text: string }>): Promise<string> => {
        const [known, unknown] = await Promise.all(domains.map(async (domain) => ({ ...(await ask(domain)), domain })))
        const bytes = (one: typeof known): string => (one?.text ?? '').replaceAll(one?.domain ?? '', '-')
        expect([unknown?.status, bytes(unknown)]).toEqual([known?.status, bytes(known)])
        return known?.text ?? ''
      }
      const asked = async (domain: string) => {
        const { status, text } = await bench.stranger().get(`/sign-in?domain=${domain}&to=%2Fpeople`)
        return { status, text }
      }
      const second = await compare(asked)
      expect(second).toContain('type="hidden" name="domain" value="steps.example"')
      expect(second).toContain('name="password"')
      const wrong = async (domain: string) => {
        const form = { login: 'anna', domain, password: 'Wrong horse 9', to: '/people' }
        const { status, text } = await bench.stranger().post('/sign-in', form)
        return { status, text }
      }
      expect(await compare(wrong)).toContain('role="alert"')
      const form = { login: 'anna', domain: 'steps.example', password: PASSWORD, to: '/people' }
      const right = await bench.stranger().post('/sign-in', form)
      expect([right.status, right.headers.location]).toEqual([303, '/people'])
    } finally {
      bench.parts.domainFirst = false
    }
  })
})

describe('an administrator of all sites', () => {
  test('is told in which one he acts, once there are several; who belongs to one is not', async () => {
    const everywhere = await bench.signedIn('owner')
    await owner.post('/sites', { name: 'Hall Two', slug: 'hall-two', sipDomain: 'hall2.example.com' })
    const answer = await everywhere.post('/view', { to: '/people', site: 'hall-two' })
    expect(answer.status).toBe(303)
    expect((await everywhere.get('/people')).text).toContain('You act in the site Hall Two')
    const { browser } = await newcomer('rita', 'operator@default')
    expect((await browser.get('/people')).text).not.toContain('You act in the site')
  })
})

describe('roles of one’s own', () => {
  test('a role that may only see bans lets somebody see these and nothing else', async () => {
    const made = await owner.post('/roles/new', { name: 'watchman', 'may.bans.read': 'on' })
    expect(made.headers.location).toBe('/roles?done=added')
    const { browser } = await newcomer('walter', 'watchman')
    expect((await browser.get('/bans')).status).toBe(200)
    for (const path of ['/people', '/phones', '/audit', '/accounts', '/roles']) {
      expect([path, (await browser.get(path)).status]).toEqual([path, 403])
    }
    const path = /href="(\/roles\/[^"]+)"[^>]*><span>watchman/.exec((await owner.get('/roles')).text)?.[1] ?? ''
    const form = (await owner.get(path)).text
    expect(form).toMatch(/name="may\.bans\.read" checked/)
    const seen = { _seen: hiddenField(form, '_seen') }
    expect((await owner.post(`${path}/remove`, seen)).text).toContain('Somebody still has this role.')
    await owner.post(path, { ...seen, 'may.people.read': 'on' })
    expect((await browser.get('/people')).status).toBe(200)
    expect((await browser.get('/bans')).status).toBe(403)
  })
})

describe('the own account', () => {
  test('a token is shown once, works within its rights, and ends when revoked', async () => {
    const made = await owner.post('/me/tokens', { label: 'script', days: '7', 'may.people.read': 'on' })
    const token = /pbt_\w+/.exec(made.text)?.[0] ?? ''
    const asScript = bench.as(token)
    expect((await asScript.get('/extensions')).status).toBe(200)
    expect((await asScript.get('/devices')).status).toBe(403)
    const page = (await owner.get('/me')).text
    expect(page).not.toContain(token)
    const path = /action="(\/me\/tokens\/[^"]+\/revoke)"/.exec(page)?.[1] ?? ''
    await owner.post(path)
    expect((await asScript.get('/extensions')).status).toBe(401)
  })

  test('an authenticator app is set up with a picture, asked for, and taken away again', async () => {
    const { browser } = await newcomer('theo', 'viewer')
    const shown = (await browser.post('/me/totp')).text
    expect(shown).toContain('<svg')
    const secret = /mono secret">([A-Z2-7]+)</.exec(shown)?.[1] ?? ''
    expect((await browser.post('/me/totp/confirm', { code: '000000' })).status).toBe(422)
    const code = new TOTP({ secret: TotpSecret.fromBase32(secret) }).generate({ timestamp: bench.clock.now() })
    expect((await browser.post('/me/totp/confirm', { code })).status).toBe(303)
    const without = await bench.stranger().post('/sign-in', { login: 'theo', password: PASSWORD })
    expect([without.status, without.text.includes('name="code"')]).toEqual([401, true])
    expect((await browser.post('/me/totp/drop', { dropPassword: 'wrong' })).status).toBe(422)
    expect((await browser.post('/me/totp/drop', { dropPassword: PASSWORD })).status).toBe(303)
    expect((await bench.stranger().post('/sign-in', { login: 'theo', password: PASSWORD })).status).toBe(303)
  })

  test('the password is changed, and the other sessions end', async () => {
    const { browser } = await newcomer('ute', 'viewer')
    const other = bench.stranger()
    await other.post('/sign-in', { login: 'ute', password: PASSWORD })
    expect((await browser.post('/me/password', { old: 'wrong', password: 'Brand new 77' })).status).toBe(422)
    expect((await browser.post('/me/password', { old: PASSWORD, password: 'Brand new 77' })).status).toBe(303)
    expect((await browser.get('/me')).status).toBe(200)
    expect((await other.get('/me')).headers.location).toMatch(/^\/sign-in/)
  })
})

describe('what happened', () => {
  test('the audit log tells who changed what, before and after, by what is asked for', async () => {
    await owner.post('/people/new', { number: '301', name: 'Before <b>' })
    const seen = hiddenField((await owner.get('/people/301')).text, '_seen')
    await owner.post('/people/301', { _seen: seen, name: 'After', email: '', enabled: 'on' })
    await owner.post('/people/301/password', { password: 'Secret-301-word' })
    const all = (await owner.get('/audit')).text
    expect(all).toContain('<del>Before &lt;b&gt;</del> <ins>After</ins>')
    expect(all).not.toContain('Secret-301-word')
    const only = (await owner.get('/audit?action=extension.update')).text
    expect(only).toContain('extension.update')
    expect(only).not.toContain('>extension.add<')
    const day = new Date(bench.clock.now()).toISOString().slice(0, 10)
    expect((await owner.get(`/audit?from=${day}&to=${day}`)).text).toContain('extension.update')
    expect((await owner.get('/audit?to=2001-01-01')).text).toContain('Nothing found.')
    expect((await owner.get('/audit?actor=nobody')).text).toContain('Nothing found.')
  })

  test('bans are listed with the reason, and lifted', async () => {
    const now = bench.clock.now()
    await bench.fresh.databases.live('bans').insert({
      ...{
        who: '203.0.113.5',
        scope: 'sip',
        username: '',
        kind: 'wrong-password',
        evidence: '<b>guess</b>',
        count: 5,
        times: 1,
      },
      ...{ since_at: now - 1_000, until_at: now + 3_600_000 },
    })
    const page = (await owner.get('/bans')).text
    expect(page).toContain('203.0.113.5')
    expect(page).toContain('&lt;b&gt;guess')
    expect((await owner.post('/bans/lift', { address: '203.0.113.5' })).headers.location).toBe('/bans?done=lifted')
    expect((await owner.get('/bans')).text).toContain('Nobody is banned.')
    expect((await owner.get('/bans?all=true')).text).toContain('lifted by admin:')
    expect((await owner.post('/bans/lift', { address: '203.0.113.5' })).status).toBe(422)
  })

  test('sites are listed and added by whoever may', async () => {
    expect(
      (await owner.post('/sites', { slug: 'harbour', name: 'Harbour', sipDomain: 'harbour.example' })).status,
    ).toBe(303)
    expect((await owner.get('/sites')).text).toContain('harbour.example')
    expect((await owner.post('/sites', { slug: 'harbour', name: 'Twice' })).text).toContain(
      'this short name or domain already',
    )
    const admin = await bench.signedIn('admin')
    expect((await admin.get('/sites')).status).toBe(403)
  })
})
