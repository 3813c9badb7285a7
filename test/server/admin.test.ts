import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ROUTES } from '../../src/admin/routes.js'
import { OpenApiClient } from '../support/openapi-client.js'
import { SERVER_TEST_MS, TestInstallation, eventually, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const MAC = '001565aabbcc'
let installation: TestInstallation
let server: ServerProcess

beforeAll(async () => {
  installation = await TestInstallation.create()
  server = await installation.serve()
})
afterAll(() => installation.remove())

test('a first owner is made by the link of the first start, once; it stands in no log', async () => {
  const file = join(installation.dataDir, 'admin-setup-link.txt')
  await eventually(() => expect(existsSync(file)).toBe(true))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const link = new URL((await readFile(file, 'utf8')).trim())
  expect([link.port, link.pathname]).toEqual([String(server.ports.admin), '/setup'])
  const token = link.hash.slice(1)
  expect(token).toMatch(/^[0-9a-z]{32}$/)
  expect(server.stderr).not.toContain(token)
  const setUp = () =>
    fetch(`${server.admin}/api/v1/session/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, name: 'first', password: 'Correct horse 9' }),
    })
  expect((await setUp()).status).toBe(201)
  expect((await setUp()).status).toBe(410)
  expect(await installation.cli('admin', 'list')).toMatchObject([{ name: 'first', roles: [{ role: 'owner' }] }])
})

test('the story: a person, a phone, its file and its events, by a client made from the description', async () => {
  await installation.cli('admin', 'create', 'script', '--role', 'owner')
  const { token } = await installation.cli<{ token: string }>('admin', 'token', 'script')
  const client = await OpenApiClient.load(server.admin, token)
  expect([...client.operations()].sort()).toEqual(ROUTES.map(({ id }) => id).sort())

  const person = await client.call<{ password: string }>('addExtension', {
    body: { number: '101', name: 'Anna Berg', email: 'anna@example.org' },
    headers: { 'Idempotency-Key': 'story-1' },
  })
  expect(person.body.password).toMatch(/^\w{20}$/)
  await client.call('addDevice', { body: { mac: MAC, model: 'yealink/t21p-e2', lines: [{ extension: '101' }] } })
  const { body: list } = await client.call<{ items: { mac: string }[]; total: number }>('listDevices', {
    query: { q: '00:15:65:AA:BB:CC' },
  })
  expect(list).toMatchObject({ total: 1, items: [{ mac: MAC, lines: [{ extension: '101' }] }] })

  // The phone comes and gets its file; what the API shows is that file, without its secrets.
  const config = await (await fetch(`${server.http}/${MAC}.cfg`)).text()
  expect(config).toContain('account.1.label = Anna Berg')
  const shown = await client.call<string>('showDeviceFile', {
    path: { mac: MAC, name: `${MAC}.cfg` },
    query: { host: '127.0.0.1' },
  })
  const withoutSecrets = (text: string): string[] =>
    text.split('\n').filter((line) => !/password|\*{8}|token|url/i.test(line))
  expect(withoutSecrets(shown.body)).toEqual(withoutSecrets(config))
  await eventually(async () => {
    const { body } = await client.call<{ items: object[] }>('listDeviceEvents', { path: { mac: MAC } })
    expect(body.items[0]).toMatchObject({ path: `/${MAC}.cfg`, outcome: 'served', status: 200 })
  })

  // Two change the same person: the second is told.
  const { etag } = await client.call('showExtension', { path: { number: '101' } })
  const rename = (name: string) =>
    client.call('updateExtension', { path: { number: '101' }, body: { name }, headers: { 'If-Match': etag } })
  await rename('Anna Adler')
  await expect(rename('Anna Beck')).rejects.toThrow(/412/)
  const changed = await (await fetch(`${server.http}/${MAC}.cfg`)).text()
  expect(changed).toContain('account.1.label = Anna Adler')

  // The command line sees what the API did, and the other way round.
  expect(await installation.cli('extension', 'show', '101')).toMatchObject({ displayName: 'Anna Adler' })
  await installation.cli('extension', 'add', '102', '--name', 'Bruno')
  expect((await client.call('showExtension', { path: { number: '102' } })).body).toMatchObject({ name: 'Bruno' })
  const { body: audit } = await client.call<{ items: { actor: string }[] }>('listAudit', {
    query: { entity: 'extension' },
  })
  expect(audit.items.map(({ actor }) => actor)).toEqual([
    expect.stringMatching(/^cli:/),
    'admin:script (token command line)',
    'admin:script (token command line)',
  ])
})

test('the examples of docs/api.md run as they stand', async () => {
  await installation.cli('admin', 'create', 'examples', '--role', 'operator')
  const { token } = await installation.cli<{ token: string }>('admin', 'token', 'examples')
  const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/^```sh run\n([^]*?)^```$/gm)].map(([, block = '']) => block)
  expect(blocks.length).toBeGreaterThan(6)
  const env = { ...process.env, API: `${server.admin}/api/v1`, TOKEN: token }
  for (const block of blocks) {
    const ran = await new Promise<{ code: unknown; output: string }>((resolve) => {
      execFile('bash', ['-euo', 'pipefail', '-c', block], { env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` }),
      )
    })
    expect([ran.code, block, ran.output]).toEqual([0, block, expect.not.stringMatching(/"code":/)])
  }
})

test('no admin address answers on the phones’ ports, and no phone’s file on the admins’', async () => {
  for (const path of ['/api/v1/session', '/api/v1/openapi.json', '/healthz', '/readyz', '/metrics']) {
    expect([path, (await fetch(`${server.http}${path}`)).status]).toEqual([path, 404])
  }
  for (const path of [`/${MAC}.cfg`, '/y000000000052.cfg', '/ca.crt', '/snomD120.htm']) {
    expect([path, (await fetch(`${server.admin}${path}`)).status]).toEqual([path, 404])
  }
})

test('health, readiness and metrics answer on the admin port', async () => {
  expect((await fetch(`${server.admin}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${server.admin}/readyz`)).json()).toEqual({ ready: true, parts: { database: 'ok' } })
  const metrics = await (await fetch(`${server.admin}/metrics`)).text()
  expect(metrics).toMatch(/^phoneboot_provisioning_requests_total\{outcome="served"\} [1-9]/m)
  expect(metrics).toMatch(/^phoneboot_devices [1-9]$/m)
})
