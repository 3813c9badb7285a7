import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import request from 'supertest'
import { KnexBanStore } from '../../src/limits/edge/knex-ban-store.js'
import type { Log } from '../../src/observe/log.js'
import { DEFAULT_SITE } from '../support/admins.js'
import { adminBench, type AdminBench, type AdminClient } from '../support/admin-api.js'

let bench: AdminBench
let owner: AdminClient
let token: string
const logged: unknown[] = []
const note = (fields: unknown, message: string): void => void logged.push([fields, message])
const log: Log = { debug: note, info: note, warn: note, error: note }

beforeAll(async () => {
  bench = await adminBench({ log })
  token = await bench.tokenFor('owner')
  owner = bench.as(token)
})
afterAll(() => bench.remove())

const codeOf = ({ status, body }: request.Response): [number, string] => [status, (body as { code: string }).code]
const etagOf = ({ headers }: request.Response): string => String((headers as Record<string, string>).etag)

describe('people', () => {
  test('one is added with a password shown once, read, changed and removed', async () => {
    const made = await owner.post('/extensions', { number: '201', name: 'Anna', email: 'a@example.org' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ number: '201', name: 'Anna', password: expect.stringMatching(/^\w{20}$/) })
    expect(made.headers).toMatchObject({ location: '/api/v1/extensions/201', 'cache-control': 'no-store' })
    const read = await owner.get('/extensions/201')
    expect(read.body).not.toHaveProperty('password')
    const changed = await owner.patch('/extensions/201', { name: 'Anna Berg' }).set('If-Match', etagOf(read))
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining({ name: 'Anna Berg', revision: 2 })])
    expect((await owner.delete('/extensions/201').set('If-Match', etagOf(changed))).status).toBe(204)
    expect(codeOf(await owner.get('/extensions/201'))).toEqual([404, 'EXTENSION_NOT_FOUND'])
  })

  test('a wrong value is refused with field and reason', async () => {
    const short = await owner.post('/extensions', { number: 'abc', name: 'Anna' })
    expect([short.status, short.body]).toEqual([
      422,
      expect.objectContaining({ code: 'NUMBER_INVALID', field: 'number' }),
    ])
    expect(short.headers['content-type']).toMatch(/^application\/problem\+json/)
    const shape = await owner.post('/extensions', { number: 5, name: 'Anna', colour: 'red' })
    expect(codeOf(shape)).toEqual([400, 'REQUEST_INVALID'])
    const { problems } = shape.body as { problems: { column: string }[] }
    expect(problems.map(({ column }) => column).sort()).toEqual(['body', 'number'])
    expect(JSON.stringify(shape.body)).toContain('colour')
  })

  test('the password is shown to whoever may see it, and the audit log keeps who did', async () => {
    await owner.post('/extensions', { number: '202', name: 'Bert', password: 'Secret-Word-202' })
    const shown = await owner.post('/extensions/202/password/reveal')
    expect(shown.body).toEqual({ password: 'Secret-Word-202' })
    const audit = await owner.get('/audit?entity=extension&limit=1')
    expect(audit.body).toMatchObject({ items: [{ action: 'extension.show-password', site: 'default' }] })
    expect((audit.body as { items: { actor: string }[] }).items[0]?.actor).toMatch(/^admin:owner-\d+ \(token test\)$/)
    const all = await owner.get('/audit?limit=500')
    expect(JSON.stringify(all.body)).not.toContain('Secret-Word-202')
  })
})

describe('changes by several', () => {
  test('a change must name what it starts from: 428 without, 412 when somebody was faster, nothing is lost', async () => {
    await owner.post('/extensions', { number: '210', name: 'Carol' })
    const seen = etagOf(await owner.get('/extensions/210'))
    expect(codeOf(await owner.patch('/extensions/210', { name: 'X' }))).toEqual([428, 'REVISION_NEEDED'])
    expect((await owner.patch('/extensions/210', { name: 'First' }).set('If-Match', seen)).status).toBe(200)
    const second = await owner.patch('/extensions/210', { name: 'Second' }).set('If-Match', seen)
    expect(codeOf(second)).toEqual([412, 'REVISION_CONFLICT'])
    expect(codeOf(await owner.delete('/extensions/210').set('If-Match', seen))).toEqual([412, 'REVISION_CONFLICT'])
    expect((await owner.get('/extensions/210')).body).toMatchObject({ name: 'First' })
    expect((await owner.patch('/extensions/210', { name: 'Any' }).set('If-Match', '*')).status).toBe(200)
  })

  test('the tag of one that was removed and added again does not fit', async () => {
    await owner.post('/extensions', { number: '211', name: 'Old' })
    const old = etagOf(await owner.get('/extensions/211'))
    await owner.delete('/extensions/211').set('If-Match', '*')
    await owner.post('/extensions', { number: '211', name: 'New' })
    expect(codeOf(await owner.delete('/extensions/211').set('If-Match', old))).toEqual([412, 'REVISION_CONFLICT'])
  })

  test('phones, groups, settings, admins and roles alike', async () => {
    await owner.post('/groups', { name: 'Hall' })
    await owner.post('/devices', { mac: '001565000010', model: 'yealink/t21p-e2' })
    await owner.post('/admins', { name: 'temp', roles: [{ role: 'viewer', site: 'default' }] })
    const role = await owner.post('/roles', { name: 'importer', permissions: ['bulk.import'] })
    const rolePath = `/roles/${(role.body as { id: string }).id}`
    const attempts: [string, (path: string) => request.Test][] = [
      ['/groups/Hall', (path) => owner.patch(path, { name: 'Hall 2' })],
      ['/devices/001565000010', (path) => owner.patch(path, { name: 'Desk' })],
      ['/admins/temp', (path) => owner.patch(path, { email: 'temp@example.org' })],
      [rolePath, (path) => owner.put(path, { permissions: [] })],
      ['/settings/site/-', (path) => owner.put(`${path}/language`, { value: 'de' })],
    ]
    for (const [path, change] of attempts) {
      const seen = etagOf(await owner.get(path))
      expect([path, (await change(path)).status]).toEqual([path, 428])
      expect([path, (await change(path).set('If-Match', seen)).status]).toEqual([path, 200])
      const stale = await change(path === '/groups/Hall' ? '/groups/Hall 2' : path).set('If-Match', seen)
      expect([path, stale.status]).toEqual([path, 412])
    }
  })
})

describe('a request sent twice', () => {
  test('does its work once when it carries a key, and gets the same answer', async () => {
    const send = (name: string, key = 'k-1') =>
      owner.post('/extensions', { number: '220', name }).set('Idempotency-Key', key)
    const first = await send('Dora')
    const again = await send('Dora')
    expect([again.status, again.body, again.headers.etag]).toEqual([201, first.body, first.headers.etag])
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(codeOf(await send('Other'))).toEqual([409, 'IDEMPOTENCY_KEY_REUSED'])
    expect(codeOf(await send('Dora', 'k-2'))).toEqual([409, 'EXTENSION_EXISTS'])
    // What failed is not kept: mended, it may be sent again with its key.
    await owner.delete('/extensions/220').set('If-Match', '*')
    expect((await send('Dora', 'k-2')).status).toBe(201)
    const stored = JSON.stringify(await bench.fresh.databases.main('idempotency_keys'))
    expect(stored).not.toContain((first.body as { password: string }).password)
  })

  test('keys are everybody’s own and end after a day', async () => {
    const body = { number: '221', name: 'Emil' }
    await owner.post('/extensions', body).set('Idempotency-Key', 'k-3')
    const other = bench.as(await bench.tokenFor('owner'))
    expect(codeOf(await other.post('/extensions', body).set('Idempotency-Key', 'k-3'))).toEqual([
      409,
      'EXTENSION_EXISTS',
    ])
    bench.clock.advance(86_400_001)
    expect(codeOf(await owner.post('/extensions', body).set('Idempotency-Key', 'k-3'))).toEqual([
      409,
      'EXTENSION_EXISTS',
    ])
  })
})

describe('phones', () => {
  test('one is added with its line, gets keys, is blocked, moved and removed', async () => {
    await owner.post('/extensions', { number: '230', name: 'Fritz' })
    const made = await owner.post('/devices', {
      mac: '00:15:65:00:00:20',
      model: 'yealink/t21p-e2',
      name: 'Desk',
      lines: [{ extension: '230' }],
    })
    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({ mac: '001565000020', registered: false, state: 'approved' }),
    ])
    const keys = [{ bank: 'linekey', position: 2, kind: 'blf', value: '230', label: 'Fritz' }]
    const keyed = await owner.put('/devices/001565000020/keys', keys).set('If-Match', etagOf(made))
    expect(keyed.body).toMatchObject({ keys: [{ kind: 'blf', value: '230' }] })
    const refused = await owner.put('/devices/001565000020/keys', [{ ...keys[0], position: 99 }]).set('If-Match', '*')
    expect(codeOf(refused)).toEqual([422, 'KEY_INVALID'])
    expect((await owner.post('/devices/001565000020/block')).body).toMatchObject({ state: 'blocked' })
    const moved = await owner.post('/devices/001565000020/move', { mac: '001565000021' })
    expect(moved.body).toMatchObject({ mac: '001565000021', lines: [{ extension: '230' }], name: 'Desk' })
    expect((await owner.delete('/devices/001565000021').set('If-Match', '*')).status).toBe(204)
    expect(codeOf(await owner.get('/devices/001565000021'))).toEqual([404, 'DEVICE_NOT_FOUND'])
  })

  test('the file it would get is shown with masked secrets, and where each setting comes from', async () => {
    await owner.post('/extensions', { number: '231', name: 'Greta', password: 'Secret-Word-231' })
    const mac = '001565000030'
    await owner.post('/devices', { mac, model: 'yealink/t21p-e2', lines: [{ extension: '231' }] })
    const file = await owner.get(`/devices/${mac}/files/${mac}.cfg`)
    expect(file.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(file.text).toContain('account.1.password = ********')
    const names = (await owner.get(`/devices/${mac}/files`)).body as { items: { name: string }[] }
    expect(names.items.map(({ name }) => name)).toContain(`${mac}.cfg`)
    expect(codeOf(await owner.get(`/devices/${mac}/files/etc%2Fpasswd`))).toEqual([404, 'FILE_NOT_FOUND'])
    await owner.put(`/settings/device/${mac}/language`, { value: 'de' }).set('If-Match', '*')
    const explained = (await owner.get(`/devices/${mac}/settings`)).body as { items: { key: string }[] }
    expect(explained.items.find(({ key }) => key === 'language')).toMatchObject({
      value: 'de',
      origin: { layer: 'device' },
    })
  })

  test('registered contacts show at person and phone', async () => {
    await owner.post('/extensions', { number: '232', name: 'Hans' })
    const mac = '001565000031'
    await owner.post('/devices', { mac, model: 'yealink/t21p-e2', lines: [{ extension: '232' }] })
    const device = bench.parts.snapshot.deviceByMac(mac as never)
    bench.bindings.push({
      aor: '232@phoneboot',
      extensionId: device?.lines[0]?.extensionId ?? '',
      lineId: device?.lines[0]?.id ?? '',
      bindingKey: 'k',
      contactUri: 'sip:232@192.0.2.7:5060',
      received: '192.0.2.7:5060',
      transport: 'udp',
      path: [],
      q: 1000,
      callId: 'c',
      cseq: 1,
      registeredAt: bench.clock.now(),
      expiresAt: bench.clock.now() + 60_000,
      userAgent: '<script>alert(1)</script>',
    })
    expect((await owner.get('/extensions/232')).body).toMatchObject({ registrations: 1 })
    const registered = await owner.get('/devices?registered=true')
    expect(registered.body).toMatchObject({
      total: 1,
      items: [{ mac, registered: true, lines: [{ registered: true }] }],
    })
    const found = await owner.get('/registrations?q=script')
    expect(found.body).toMatchObject({ items: [{ extension: '232', mac, line: 1, received: '192.0.2.7:5060' }] })
    expect(found.headers).toMatchObject({ 'x-content-type-options': 'nosniff' })
  })
})

describe('many at once', () => {
  test('a CSV file is tried, imported whole or not at all, and exported as it can be imported again', async () => {
    const csv = 'mac,model,extension,name\n001565000040,yealink/t21p-e2,240,Ida\n'
    const send = (text: string, query = '') => owner.post(`/import${query}`).set('Content-Type', 'text/csv').send(text)
    expect((await send(csv, '?dryRun=true')).body).toMatchObject({ dryRun: true, people: { added: 1 } })
    expect(codeOf(await owner.get('/extensions/240'))).toEqual([404, 'EXTENSION_NOT_FOUND'])
    expect((await send(csv)).body).toMatchObject({ dryRun: false, people: { added: 1 }, phones: { added: 1 } })
    const wrong = await send('extension,name\n241,Jan\nx,Karl\n')
    expect([codeOf(wrong), (wrong.body as { problems: object[] }).problems]).toEqual([
      [422, 'CSV_INVALID'],
      [expect.objectContaining({ row: 3, column: 'extension' })],
    ])
    expect(codeOf(await owner.get('/extensions/241'))).toEqual([404, 'EXTENSION_NOT_FOUND'])
    const exported = await owner.get('/export')
    expect(exported.headers['content-disposition']).toMatch(
      /^attachment; filename="phoneboot-default-\d{4}-\d\d-\d\d\.csv"$/,
    )
    expect(exported.text).toContain('240')
    expect((await send(exported.text)).body).toMatchObject({ people: { added: 0, changed: 0 } })
    expect(exported.text).not.toContain('password')
    expect((await owner.post('/export/passwords')).text).toContain('password')
  })

  test('rows of JSON, as one: a mistake in one undoes all', async () => {
    const rows = [
      { extension: '250', name: 'Lena' },
      { extension: '251', name: 'Max', mac: '001565000050', model: 'yealink/t21p-e2' },
    ]
    const wrong = await owner.post('/bulk/rows', [...rows, { extension: '252', name: 'a\u0000b' }])
    expect([codeOf(wrong), (wrong.body as { problems: object[] }).problems]).toEqual([
      [422, 'CSV_INVALID'],
      [expect.objectContaining({ row: 3, column: 'name' })],
    ])
    expect(codeOf(await owner.get('/extensions/250'))).toEqual([404, 'EXTENSION_NOT_FOUND'])
    expect((await owner.post('/bulk/rows', rows)).body).toMatchObject({ people: { added: 2 }, phones: { added: 1 } })
  })

  test('phones are changed in a list, and each is told for itself', async () => {
    const answer = await owner.post('/bulk/devices', { action: 'block', macs: ['001565000050', '001565ffffff'] })
    expect(answer.body).toMatchObject({
      items: [
        { mac: '001565000050', done: true },
        { done: false, code: 'DEVICE_NOT_FOUND' },
      ],
    })
  })
})

describe('what arrives broken', () => {
  test.each([
    ['no JSON', 400, 'REQUEST_INVALID', (sent: request.Test) => sent.set('Content-Type', 'application/json').send('{')],
    ['another type', 415, 'BODY_TYPE_REFUSED', (sent: request.Test) => sent.type('form').send('a=b')],
    ['too large', 413, 'BODY_TOO_LARGE', (sent: request.Test) => sent.send({ name: 'x'.repeat(3_000_000) })],
    ['no body', 400, 'REQUEST_INVALID', (sent: request.Test) => sent],
    ['__proto__', 400, 'REQUEST_INVALID', (sent: request.Test) => sent.type('json').send('{"__proto__": {"a": 1}}')],
  ])('%s is refused', async (_what, status, code, send) => {
    expect(codeOf(await send(owner.post('/extensions')))).toEqual([status, code])
  })

  test.each([
    '/extensions?limit=0',
    '/extensions?limit=9999',
    '/extensions?sort=password',
    '/extensions?cursor=zzz',
    '/extensions?colour=red',
    '/devices?state=broken',
  ])('GET %s is refused with the field', async (path) => {
    expect(codeOf(await owner.get(path))).toEqual([400, 'REQUEST_INVALID'])
  })

  test('an address that is none is a problem, too; line breaks reach no header', async () => {
    expect(codeOf(await owner.get('/nothing'))).toEqual([404, 'ROUTE_NOT_FOUND'])
    expect(codeOf(await owner.get('/devices/%0d%0aSet-Cookie:x'))).toEqual([422, 'MAC_INVALID'])
    expect((await owner.get('/devices/%E0%A4%A')).status).toBe(400)
    const outside = await request(bench.app).get('/index.html')
    expect(codeOf(outside)).toEqual([404, 'ROUTE_NOT_FOUND'])
  })

  test('a bug tells nothing but the number under which it stands in the log', async () => {
    bench.parts.bindings = () => {
      throw new Error('secret inner state')
    }
    const answer = await owner.get('/extensions')
    bench.parts.bindings = () => bench.bindings
    expect([answer.status, answer.body]).toEqual([
      500,
      {
        type: 'about:blank',
        title: 'Internal Server Error',
        status: 500,
        detail: 'internal error',
        code: 'INTERNAL',
        requestId: expect.any(String),
      },
    ])
    const { requestId } = answer.body as { requestId: string }
    expect(answer.headers['x-request-id']).toBe(requestId)
    expect(logged.some((line) => JSON.stringify(line).includes(requestId))).toBe(true)
  })
})

describe('sites', () => {
  test('each has its own people of the same number; an admin of one sees one', async () => {
    const site = await owner.post('/sites', { slug: 'branch', name: 'Branch', sipDomain: 'branch.example.org' })
    expect(site.status).toBe(201)
    expect(codeOf(await owner.post('/sites', { slug: 'branch', name: 'Again' }))).toEqual([409, 'SITE_EXISTS'])
    const { id } = site.body as { id: string }
    await owner.post('/extensions', { number: '301', name: 'Here' })
    expect((await owner.post('/extensions?site=branch', { number: '301', name: 'There' })).status).toBe(201)
    const branch = bench.as(await bench.tokenFor('admin', id))
    expect((await branch.get('/extensions')).body).toMatchObject({ total: 1, items: [{ name: 'There' }] })
    expect((await branch.get('/sites')).body).toMatchObject({ items: [{ slug: 'branch' }] })
    expect(codeOf(await branch.get('/extensions?site=default'))).toEqual([404, 'SITE_NOT_FOUND'])
    const settings = await branch.put('/settings/global/-/language', { value: 'de' }).set('If-Match', '*')
    expect(codeOf(settings)).toEqual([403, 'FORBIDDEN'])
    expect((await branch.put('/settings/site/-/language', { value: 'de' }).set('If-Match', '*')).status).toBe(200)
    // A phone of another site is no phone, and its MAC address is taken all the same.
    await owner.post('/devices', { mac: '001565000060', model: 'yealink/t21p-e2' })
    expect(codeOf(await branch.get('/devices/001565000060'))).toEqual([404, 'DEVICE_NOT_FOUND'])
    expect(codeOf(await branch.get('/devices/001565000060/events'))).toEqual([404, 'DEVICE_NOT_FOUND'])
    expect(codeOf(await branch.get('/settings/device/001565000060'))).toEqual([404, 'DEVICE_NOT_FOUND'])
    const taken = await branch.post('/devices', { mac: '001565000060', model: 'yealink/t21p-e2' })
    expect(codeOf(taken)).toEqual([409, 'DEVICE_EXISTS'])
    const stolen = await branch
      .post('/import')
      .set('Content-Type', 'text/csv')
      .send('mac,model,extension,name\n001565000060,yealink/t21p-e2,302,X\n')
    expect(codeOf(stolen)).toEqual([422, 'CSV_INVALID'])
    const audit = (await branch.get('/audit?limit=500')).body as { items: { site?: string }[] }
    expect(new Set(audit.items.map(({ site: of }) => of))).toEqual(new Set(['branch']))
    expect(bench.parts.snapshot.deviceByMac('001565000060' as never)?.siteId).toBe(DEFAULT_SITE)
  })
})

describe('bans', () => {
  test('are listed with their reason, and lifted by whoever may, for the whole server', async () => {
    const now = bench.clock.now()
    await new KnexBanStore(bench.fresh.databases.live).save([
      {
        who: '192.0.2.66',
        scope: 'all',
        username: '',
        kind: 'malformed',
        evidence: 'INVITE <script>',
        count: 9,
        times: 1,
        since: now,
        until: now + 60_000,
      },
    ])
    expect((await owner.get('/bans')).body).toMatchObject({
      items: [{ address: '192.0.2.66', kind: 'malformed', reason: expect.any(String), evidence: 'INVITE <script>' }],
    })
    const helpdesk = bench.as(await bench.tokenFor('helpdesk'))
    expect((await helpdesk.get('/bans')).status).toBe(200)
    expect(codeOf(await helpdesk.post('/bans/lift', { address: '192.0.2.66' }))).toEqual([403, 'FORBIDDEN'])
    expect((await owner.post('/bans/lift', { address: '::ffff:192.0.2.66' })).body).toMatchObject({
      items: [{ address: '192.0.2.66', liftedBy: expect.stringMatching(/^admin:owner/) }],
    })
    expect((await owner.get('/bans')).body).toEqual({ items: [] })
    expect(codeOf(await owner.post('/bans/lift', { address: '192.0.2.66' }))).toEqual([404, 'BAN_NOT_FOUND'])
  })
})

describe('metrics', () => {
  test('are there for this machine and for a token with the right, for nobody else', async () => {
    const local = await request(bench.app).get('/metrics')
    expect(local.status).toBe(200)
    expect(local.text).toContain('phoneboot_provisioning_requests_total{outcome="served"} 3')
    expect(local.text).toMatch(/^phoneboot_extensions \d+$/m)
    expect(local.text).toMatch(/phoneboot_api_request_seconds_bucket\{.*route="addExtension"/)
    const proxied = request(bench.app).get('/metrics').set('X-Forwarded-For', '192.0.2.9')
    expect(codeOf(await proxied)).toEqual([401, 'SIGNED_OUT'])
    const rebound = request(bench.app).get('/metrics').set('Host', 'evil.example.org')
    expect((await rebound).status).toBe(401)
    const remote = () => request(bench.app).get('/metrics').set('X-Forwarded-For', '192.0.2.9')
    expect((await remote().set('Authorization', `Bearer ${token}`)).status).toBe(200)
    const viewer = await bench.tokenFor('viewer')
    expect((await remote().set('Authorization', `Bearer ${viewer}`)).status).toBe(403)
  })
})
