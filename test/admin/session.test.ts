import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { ALL_SITES } from '../../src/accounts/permissions.js'
import { BY_TEST } from '../support/accounts.js'
import { PASSWORD, adminBench, type AdminBench } from '../support/admin-api.js'

let bench: AdminBench
beforeAll(async () => {
  bench = await adminBench()
  await bench.accounts.create(BY_TEST, {
    name: 'anna',
    email: 'anna@example.org',
    password: PASSWORD,
    grants: [{ siteId: ALL_SITES, role: 'owner' }],
  })
})
afterAll(() => bench.remove())

const api = (method: 'get' | 'post' | 'put' | 'delete', path: string): request.Test =>
  request(bench.app)[method](`/api/v1${path}`)
const codeOf = ({ status, body }: request.Response): [number, string] => [status, (body as { code: string }).code]

interface Browser {
  cookie: string
  csrf: string
  response: request.Response
}

function cookieOf(response: request.Response): string {
  const [cookie = ''] = response.headers['set-cookie'] as unknown as string[]
  return cookie
}

async function enter(cookie?: string): Promise<Browser> {
  const sent = api('post', '/session').send({ login: 'anna', password: PASSWORD })
  if (cookie !== undefined) void sent.set('Cookie', cookie)
  const response = await sent
  const [pair = ''] = cookieOf(response).split(';')
  return { cookie: pair, csrf: (response.body as { csrfToken: string }).csrfToken, response }
}

describe('a session', () => {
  test('begins with a cookie that scripts cannot read and other sites do not send', async () => {
    const { response } = await enter()
    expect(response.status).toBe(201)
    expect(cookieOf(response)).toMatch(/^phoneboot=[0-9a-z]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800$/)
    expect(response.body).toMatchObject({ name: 'anna', totp: false, sites: [{ slug: 'default' }] })
    expect(JSON.stringify(response.body)).not.toContain('scrypt')
  })

  test('by HTTPS is for this host and HTTPS alone', async () => {
    const secure = await adminBench({ proxied: true })
    try {
      await secure.accounts.create(BY_TEST, { name: 'anna', password: PASSWORD, grants: [] })
      const sent = request(secure.app).post('/api/v1/session').send({ login: 'anna', password: PASSWORD })
      const response = await sent.set('X-Forwarded-For', '192.0.2.1').set('X-Forwarded-Proto', 'https')
      expect(cookieOf(response)).toMatch(
        /^__Host-phoneboot=[0-9a-z]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure$/,
      )
    } finally {
      await secure.remove()
    }
  })

  test('never goes on with an id that was there before signing in', async () => {
    const forged = `phoneboot=${'a'.repeat(32)}`
    const { cookie, response } = await enter(forged)
    expect(cookie).not.toBe(forged)
    expect((await api('get', '/session').set('Cookie', forged)).status).toBe(401)
    // Signing in again ends the session before.
    const next = await enter(cookie)
    expect((await api('get', '/session').set('Cookie', cookie)).status).toBe(401)
    expect((await api('get', '/session').set('Cookie', next.cookie)).status).toBe(200)
    expect(response.headers['cache-control']).toBe('no-store')
  })

  test('ends on signing out, at the server too', async () => {
    const { cookie, csrf } = await enter()
    const out = await api('delete', '/session').set('Cookie', cookie).set('X-CSRF-Token', csrf)
    expect([out.status, cookieOf(out)]).toEqual([204, expect.stringMatching(/^phoneboot=; .*Max-Age=0$/)])
    expect((await api('get', '/session').set('Cookie', cookie)).status).toBe(401)
  })

  test('a wrong password tells no more than an unknown name', async () => {
    const send = (login: string, password: string) => api('post', '/session').send({ login, password })
    const [wrong, unknown] = [await send('anna', 'wrong'), await send('nobody', 'wrong')]
    const without = ({ body }: request.Response): object => ({ ...(body as object), requestId: '' })
    expect(codeOf(wrong)).toEqual([401, 'SIGN_IN_FAILED'])
    expect(without(wrong)).toEqual(without(unknown))
    expect(wrong.headers).not.toHaveProperty('set-cookie')
  })
})

describe('a forged request', () => {
  const body = { number: '777', name: 'Forged' }
  const send = (cookie: string, headers: Record<string, string>) =>
    api('post', '/extensions').set('Cookie', cookie).set(headers).send(body)

  test('changes nothing: without the token of the session, with another one, from another origin', async () => {
    const { cookie, csrf } = await enter()
    const other = await enter()
    const forged: Record<string, string>[] = [
      {},
      { 'X-CSRF-Token': '' },
      { 'X-CSRF-Token': other.csrf },
      { 'X-CSRF-Token': csrf, Origin: 'https://evil.example.org' },
      { 'X-CSRF-Token': csrf, Origin: 'null' },
      { 'X-CSRF-Token': csrf, 'Sec-Fetch-Site': 'cross-site' },
      { 'X-CSRF-Token': csrf, 'Sec-Fetch-Site': 'same-site' },
    ]
    for (const headers of forged) expect(codeOf(await send(cookie, headers))).toEqual([403, 'ORIGIN_REFUSED'])
    expect(bench.parts.snapshot.counts().extensions).toBe(0)
    expect((await send(cookie, { 'X-CSRF-Token': csrf })).status).toBe(201)
  })

  test('signs nobody in from another page, and no form can', async () => {
    const good = { login: 'anna', password: PASSWORD }
    const foreign = api('post', '/session').set('Origin', 'https://evil.example.org').send(good)
    expect(codeOf(await foreign)).toEqual([403, 'ORIGIN_REFUSED'])
    expect(codeOf(await api('post', '/session').type('form').send(good))).toEqual([415, 'BODY_TYPE_REFUSED'])
    const text = api('post', '/session').set('Content-Type', 'text/plain').send(JSON.stringify(good))
    expect(codeOf(await text)).toEqual([415, 'BODY_TYPE_REFUSED'])
  })

  test('with its own origin passes; reading needs no token', async () => {
    const { cookie, csrf } = await enter()
    const server = bench.app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      const { port } = server.address() as { port: number }
      const origin = `http://127.0.0.1:${port}`
      const answer = await fetch(`${origin}/api/v1/groups`, {
        method: 'POST',
        headers: { cookie, origin, 'x-csrf-token': csrf, 'content-type': 'application/json' },
        body: '{"name":"Hall"}',
      })
      expect(answer.status).toBe(201)
      expect((await fetch(`${origin}/api/v1/groups`, { headers: { cookie } })).status).toBe(200)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })
})

describe('pages and answers', () => {
  test('carry a policy without inline script and without frames', async () => {
    for (const path of ['/api/v1/docs', '/api/v1/openapi.json', '/nothing']) {
      const { headers } = await request(bench.app).get(path)
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|\*/)
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
      expect(headers).not.toHaveProperty('x-powered-by')
    }
  })
})

describe('one’s own account', () => {
  const change = (browser: Browser, method: 'post' | 'put' | 'delete', path: string): request.Test =>
    api(method, path).set('Cookie', browser.cookie).set('X-CSRF-Token', browser.csrf)

  test('makes tokens with no more rights than it has, which cannot make mightier ones or change the password', async () => {
    const browser = await enter()
    const made = await change(browser, 'post', '/session/tokens').send({ label: 'reader', scopes: ['people.read'] })
    expect(made.status).toBe(201)
    const { token, id } = made.body as { token: string; id: string }
    const withToken = bench.as(token)
    expect((await withToken.get('/extensions')).status).toBe(200)
    expect((await withToken.get('/devices')).status).toBe(403)
    expect((await withToken.get('/session')).body).toMatchObject({ permissions: ['people.read'] })
    expect(codeOf(await withToken.post('/session/tokens', { label: 'more' }))).toEqual([403, 'FORBIDDEN'])
    const password = { old: PASSWORD, password: 'Another horse 9' }
    expect(codeOf(await withToken.put('/session/password', password))).toEqual([403, 'FORBIDDEN'])
    expect((await change(browser, 'delete', `/session/tokens/${id}`)).status).toBe(204)
    expect((await withToken.get('/extensions')).status).toBe(401)
  })

  test('a new password ends the other sessions', async () => {
    const [browser, other] = [await enter(), await enter()]
    const done = await change(browser, 'put', '/session/password').send({ old: PASSWORD, password: 'Another horse 9' })
    expect(done.status).toBe(200)
    expect((await api('get', '/session').set('Cookie', other.cookie)).status).toBe(401)
    const next: Browser = {
      cookie: cookieOf(done).split(';')[0] ?? '',
      csrf: (done.body as { csrfToken: string }).csrfToken,
      response: done,
    }
    expect(
      (await change(next, 'put', '/session/password').send({ old: 'Another horse 9', password: PASSWORD })).status,
    ).toBe(200)
  })

  test('SIP password and sign-in password open nothing of each other', async () => {
    const browser = await enter()
    const sip = 'Sip-Secret-Word-1'
    await change(browser, 'post', '/extensions').send({ number: '401', name: 'Max', password: sip })
    await change(browser, 'post', '/admins').send({
      name: '401',
      password: 'Sign-In-Word-1',
      roles: [{ role: 'user' }],
    })
    const send = (password: string) => api('post', '/session').send({ login: '401', password })
    expect(codeOf(await send(sip))).toEqual([401, 'SIGN_IN_FAILED'])
    const user = await send('Sign-In-Word-1')
    expect(user.body).toMatchObject({ name: '401', permissions: [] })
    const cookie = cookieOf(user).split(';')[0] ?? ''
    expect(codeOf(await api('get', '/extensions').set('Cookie', cookie))).toEqual([403, 'FORBIDDEN'])
    const shown = await change(browser, 'post', '/extensions/401/password/reveal')
    expect(shown.body).toEqual({ password: sip })
  })

  test('a new admin sets his password by a link, once; without a role he is a user', async () => {
    const browser = await enter()
    const made = await change(browser, 'post', '/admins').send({ name: 'newcomer' })
    expect(made.body).toMatchObject({ roles: [{ role: 'user' }], password: false })
    const link = await change(browser, 'post', `/admins/${(made.body as { id: string }).id}/password-link`)
    const { token, path } = link.body as { token: string; path: string }
    expect(path).toBe(`/password#${token}`)
    const use = () => api('post', '/session/password-link').send({ token, password: 'My own word 1' })
    expect((await use()).body).toMatchObject({ name: 'newcomer', permissions: [] })
    expect(codeOf(await use())).toEqual([410, 'LINK_INVALID'])
  })
})
