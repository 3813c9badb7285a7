import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, jest, test } from '@jest/globals'
import { describeAsRoot } from '../support/as-root.js'
import { failing } from '../support/failing-disk.js'
import { describeWithClients } from '../support/real-clients.js'
import { loadPhones } from '../support/register-load.js'
import { fetchUrl } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const PHONES = 3
const HOUR_MS = 3_600_000
const NO_SMTP_SERVER = { PHONEBOOT_SMTP_URL: 'smtp://127.0.0.1:9', PHONEBOOT_SMTP_FROM: 'phones@example.com' }

let installation: TestInstallation
let server: ServerProcess
let files: string[]
let token: string

afterEach(() => installation.remove())

async function start(env: Record<string, string> = {}): Promise<void> {
  installation = await TestInstallation.create({ ...NO_SMTP_SERVER, ...env })
  const phones = loadPhones(PHONES)
  files = phones.files
  await installation.import(phones.csv)
  server = await installation.serve()
  await installation.cli('admin', 'create', 'anna')
  token = (await installation.cli<{ token: string }>('admin', 'token', 'anna')).token
}

async function api(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; code?: string; id?: string }> {
  const isText = typeof body === 'string'
  const response = await fetch(`${server.admin}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': isText ? 'text/csv' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const told = (await response.json().catch(() => ({}))) as { code?: string; id?: string }
  return { ...told, status: response.status }
}

/** What an admin saves, each by another part of the program. */
const writes = (round: string): [string, () => Promise<{ status: number; code?: string }>][] => [
  [
    'a person',
    () => api('POST', '/extensions', { number: `7${round}`, name: 'Ben', email: `ben${round}@example.com` }),
  ],
  ['a group', () => api('POST', '/groups', { name: `Floor ${round}` })],
  ['a planned change', () => api('POST', '/scheduled-changes', planned('fr', HOUR_MS))],
  ['a webhook', () => api('POST', '/webhooks', { url: 'http://127.0.0.1:9/hook' })],
  ['a softphone', () => api('POST', '/extensions/200/softphones', { app: 'linphone' })],
  ['a mail', () => api('POST', '/extensions/71/mails', { kind: 'welcome' })],
  ['an import', () => api('POST', '/import', `extension,name\n8${round},Carl\n`)],
]
const planned = (value: string, inMs: number) => ({
  ...{ layer: 'site', owner: '-', key: 'language', value, resync: false },
  at: new Date(Date.now() + inMs).toISOString(),
})

async function expectSaved(round: string): Promise<void> {
  for (const [what, save] of writes(round)) expect([what, Math.floor((await save()).status / 100)]).toEqual([what, 2])
}

const fileBytes = (): Promise<string[]> =>
  Promise.all(
    files.map(async (file) => {
      const { status, body } = await fetchUrl(`${server.http}/${file}`)
      expect(status).toBe(200)
      return body.toString('latin1')
    }),
  )

/**
 * While `outage` lasts nothing is saved and each attempt is told so, phones get what they got before, what was planned
 * waits; after it all works by itself, and what was refused has left no half behind.
 */
async function expectHonest(begin: () => Promise<() => unknown>, { mayRead }: { mayRead: boolean }): Promise<void> {
  await expectSaved('1')
  const due = await api('POST', '/scheduled-changes', planned('it', 1_500))
  const before = await fileBytes()
  const end = await begin()
  for (const [what, save] of writes('2')) {
    const { status, code } = await save()
    expect([what, status, code]).toEqual([what, 503, 'DATABASE_UNUSABLE'])
  }
  if (mayRead) expect((await api('GET', '/devices')).status).toBe(200)
  expect(await fileBytes()).toEqual(before)
  await end()
  await eventually(async () => {
    expect(await api('GET', `/scheduled-changes/${due.id}`)).toMatchObject({ status: 200, state: 'done' })
  }, 30_000)
  await expectSaved('2')
  await eventually(async () => expect((await fileBytes())[0]).not.toBe(before[0]), 10_000)
  expect(await server.stop()).toBe(0)
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
}

describeAsRoot('a disk that fails under an admin', () => {
  describeWithClients('made to fail by strace', { strace: 'strace' }, () => {
    test.each([
      ['is full', ['pwrite64:error=ENOSPC']],
      ['became read-only', ['pwrite64:error=EROFS']],
    ])('it %s: nothing is saved and that is told; all may still be looked at', async (_, faults) => {
      await start()
      await expectHonest(() => failing(server.pid, faults), { mayRead: true })
    })
  })
})

describeWithClients('PostgreSQL under an admin', { pg_ctlcluster: 'postgresql' }, () => {
  const script = fileURLToPath(new URL('../support/postgres.sh', import.meta.url))

  test('it crashes and comes back: nothing is saved and that is told, all by itself after it', async () => {
    const folder = await TestInstallation.create()
    const env = { ...process.env, PHONEBOOT_TEST_POSTGRES_DIR: join(folder.folder, 'postgres') }
    const postgres = (action: string): string => execFileSync(script, [action], { env, encoding: 'utf8' }).trim()
    try {
      await start({ PHONEBOOT_DATABASE_URL: postgres('start') })
      await expectHonest(
        async () => {
          await Promise.resolve(postgres('pause'))
          return () => postgres('resume')
        },
        { mayRead: false },
      )
    } finally {
      await installation.remove()
      postgres('stop')
      await folder.remove()
    }
  })
})
