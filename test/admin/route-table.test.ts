import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { ROLES, ROLE_NAMES, type RoleName } from '../../src/accounts/permissions.js'
import type { Route } from '../../src/admin/route.js'
import { ROUTES } from '../../src/admin/routes.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { BY_TEST } from '../support/accounts.js'
import { adminBench, type AdminBench } from '../support/admin-api.js'

let bench: AdminBench
let otherSite: string
/** What stands in the default site, by parameter: nobody of another site may meet it. */
let existing: Record<string, string>
const tokens = new Map<string, string>()

beforeAll(async () => {
  bench = await adminBench()
  otherSite = (await bench.parts.sites.add('cli:test', { slug: 'other', name: 'Other' })).id
  await bench.parts.refresh()
  const use = bench.parts.forSite(DEFAULT_SITE)
  await use.extensions.add('cli:test', { number: '101', name: 'Anna' })
  await use.devices.add('cli:test', { mac: '001565000001', model: 'yealink/t21p-e2', lines: [{ extension: '101' }] })
  const { id: groupId } = await use.groups.add('cli:test', 'Hall')
  await use.devices.update('cli:test', '001565000001', { groupId })
  const user = await bench.accounts.create(BY_TEST, {
    name: 'someone',
    grants: [{ siteId: DEFAULT_SITE, role: 'viewer' }],
  })
  await bench.parts.refresh()
  existing = {
    number: '101',
    mac: '001565000001',
    name: 'Hall',
    id: user.id,
    position: '1',
    layer: 'extension',
    owner: '101',
    key: 'language',
  }
  for (const role of ROLE_NAMES) {
    tokens.set(role, await bench.tokenFor(role))
    tokens.set(`${role} there`, await bench.tokenFor(role, otherSite))
  }
})

afterAll(() => bench.remove())

/** A request that would do its work, as far as the table can tell; bodies are empty, which is refused late. */
function ask(route: Route, token: string | undefined, site?: string): request.Test {
  const path = route.path.replace(/\{(\w+)\}/g, (_match, name: string) => encodeURIComponent(existing[name] ?? 'x'))
  const sent = request(bench.app)[route.method](`/api/v1${path}${site === undefined ? '' : `?site=${site}`}`)
  void sent.set('If-Match', '"guessed.999"')
  return token === undefined ? sent : sent.set('Authorization', `Bearer ${token}`)
}

const named = (routes: readonly Route[]): [string, Route][] =>
  routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route])
const guarded = ROUTES.filter(({ access }) => access !== 'public')
const withRight = guarded.filter(({ access }) => access !== 'self')

function mayUse(role: RoleName, { access }: Route): boolean {
  const permissions: readonly string[] = ROLES[role]
  return permissions.includes(access)
}

describe('the table of routes', () => {
  test('has each name and each address once', () => {
    const ids = ROUTES.map(({ id }) => id)
    const addresses = named(ROUTES).map(([address]) => address)
    expect([new Set(ids).size, new Set(addresses).size]).toEqual([ids.length, addresses.length])
    expect(ROUTES.length).toBeGreaterThan(60)
  })

  test('lets nobody in unasked but to sign in', () => {
    expect(ROUTES.filter(({ access }) => access === 'public').map(({ id }) => id)).toEqual([
      'signIn',
      'setUp',
      'usePasswordLink',
    ])
  })

  test('asks for a revision wherever something that exists is changed or removed', () => {
    const unconditional = ROUTES.filter(
      ({ method, conditional }) => ['put', 'patch', 'delete'].includes(method) && !conditional,
    )
    expect(unconditional.map(({ id }) => id).sort()).toEqual([
      // Previews in memory, which nobody else has.
      'changeImport',
      'changeMoveIn',
      'changePassword',
      'confirmTotp',
      // A refreshed one is another: what is named is thrown out, or it is gone.
      'dropRegistration',
      // Nobody changes people without a number: they are given one, or forgotten.
      'removeUnnumbered',
      'revokeToken',
      'revokeTokenOfAdmin',
      'signOut',
    ])
  })

  test('reads by GET and changes by everything else', () => {
    const reading = ROUTES.filter(({ method }) => method === 'get').map(({ access }) => access)
    expect(reading.filter((access) => !/\.read$|^self$|^bulk\.(ex|im)port$/.test(access))).toEqual([])
  })
})

describe.each(named(guarded))('%s', (_address, route) => {
  test('a stranger, a wrong token and an ended session get 401 and nothing else', async () => {
    const wrong = `pbt_${'0'.repeat(32)}`
    for (const answer of [await ask(route, undefined), await ask(route, wrong)]) {
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([401, 'SIGNED_OUT'])
    }
    const cookie = await ask(route, undefined).set('Cookie', `phoneboot=${'0'.repeat(32)}`)
    expect([cookie.status, Object.keys(cookie.body as object).sort()]).toEqual([
      401,
      ['code', 'detail', 'requestId', 'status', 'title', 'type'],
    ])
  })
})

describe.each(named(withRight))('%s', (_address, route) => {
  test('is forbidden to every role without the right, and open to the others', async () => {
    for (const role of ROLE_NAMES) {
      if (mayUse(role, route) && route.method !== 'get') continue
      const answer = await ask(route, tokens.get(role))
      const { code } = answer.body as { code?: string }
      if (!mayUse(role, route)) expect([role, answer.status, code]).toEqual([role, 403, 'FORBIDDEN'])
      // A role or file with the guessed name does not exist.
      else expect([role, code ?? 'NOT_FOUND']).toEqual([role, expect.stringMatching(/NOT_FOUND$/)])
    }
  })

  test("another site's owner gets nothing of this one, named or guessed", async () => {
    const token = tokens.get('owner there')
    const here = await ask(route, token, 'default')
    if (route.scope === 'server') expect([403, 404]).toContain(here.status)
    else expect([here.status, (here.body as { code: string }).code]).toEqual([404, 'SITE_NOT_FOUND'])
    const guessed = await ask(route, token)
    const text = JSON.stringify(guessed.body) + guessed.text
    expect(text).not.toMatch(/Anna|someone|"Hall"|00156500000[1]"/)
    if (route.path.includes('{')) expect([400, 403, 404, 412, 415, 422]).toContain(guessed.status)
  })
})

test('no attempt of all these changed anything', async () => {
  const token = tokens.get('owner') ?? ''
  const person = await bench.as(token).get('/extensions/101')
  expect(person.body).toMatchObject({ name: 'Anna', revision: 1 })
  expect((await bench.as(token).get('/devices/001565000001')).body).toMatchObject({ state: 'approved' })
  expect((await bench.as(token).get('/groups/Hall')).body).toMatchObject({ name: 'Hall', revision: 1 })
})
