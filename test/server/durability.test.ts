import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { join } from 'node:path'
import { describeOverPostgres, freshPostgres } from '../support/databases.js'
import { describeWithClients } from '../support/real-clients.js'
import { fetchAccounts, loadPhones, RegisterLoad } from '../support/register-load.js'
import { SERVER_TEST_MS, TestInstallation } from '../support/server.js'
import { committedBefore, onDiskBefore, readTrace, traced, type SystemCall } from '../support/system-calls.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation
let trace: string

beforeEach(async () => {
  installation = await TestInstallation.create()
  trace = join(installation.folder, 'trace')
})
afterEach(() => installation.remove())

/** So few at once that what is stored for all of them together fits into one page of a database: a trace shows it in one piece. */
const PHONES = 5

/** The calls of a server at which phones register. */
async function registered(where: TestInstallation): Promise<SystemCall[]> {
  const { csv, files } = loadPhones(PHONES)
  await where.import(csv)
  const server = await where.serve({ through: traced(trace) })
  const load = new RegisterLoad(await fetchAccounts(server.http, files))
  await load.run(server.ports.sip, 60)
  process.kill(Number(server.ready.pid), 'SIGTERM')
  expect(await server.ended).toBe(0)
  return readTrace(trace)
}

/** Where bindings were granted. */
function grantedIn(calls: readonly SystemCall[]): { call: SystemCall; callId: string }[] {
  const granted = calls.flatMap((call) => {
    const [, callId] = /SIP\/2\.0 200 OK.*Call-ID: (load-\d+-\d+)\\r/.exec(call.text) ?? []
    return callId !== undefined && call.text.includes('Contact: <') ? [{ call, callId }] : []
  })
  expect(granted.length).toBeGreaterThan(30)
  return granted
}

describeWithClients('a power cut', { strace: 'strace' }, () => {
  test('no 200 to a REGISTER leaves before the sync that covers its binding', async () => {
    const calls = await registered(installation)
    const granted = grantedIn(calls)
    const early = granted.filter(({ call, callId }) => !onDiskBefore(calls, callId, 'phoneboot-live.sqlite-wal', call))
    expect(early.map(({ callId }) => callId)).toEqual([])
  })

  test('no answer of the API tells of a change before the sync that covers it', async () => {
    const server = await installation.serve({ through: traced(trace) })
    await installation.cli('admin', 'create', 'anna')
    const { token } = await installation.cli<{ token: string }>('admin', 'token', 'anna')
    const answer = await fetch(`${server.admin}/api/v1/extensions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ number: '901', name: 'Durable Dora' }),
    })
    expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining('Durable Dora')])
    process.kill(Number(server.ready.pid), 'SIGTERM')
    expect(await server.ended).toBe(0)

    const calls = readTrace(trace)
    const [told] = calls.filter(({ text }) => text.includes('HTTP/1.1 201'))
    if (!told) throw new Error('the answer is not in the trace')
    expect(onDiskBefore(calls, 'Durable Dora', 'phoneboot.sqlite-wal', told)).toBe(true)
  })

  test('no command tells of a change before the sync that covers it', async () => {
    await installation.run(['migrate'])
    const command = ['extension', 'add', '901', '--name', 'Durable Dora']
    const { code, stdout } = await installation.run(command, { through: traced(trace) })
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('901') })
    const calls = readTrace(trace)
    const [told] = calls.filter(({ name, text }) => /^writev?$/.test(name) && /^1</.test(text) && text.includes('901'))
    if (!told) throw new Error('the answer of the command is not in the trace')
    expect(onDiskBefore(calls, 'Durable Dora', 'phoneboot.sqlite-wal', told)).toBe(true)
  })

  describeOverPostgres('over PostgreSQL', () => {
    test('no 200 to a REGISTER leaves before the COMMIT that covers its binding is confirmed', async () => {
      const database = await freshPostgres({ migrated: false })
      const onPostgres = await TestInstallation.create({ PHONEBOOT_DATABASE_URL: database.url ?? '' })
      try {
        const calls = await registered(onPostgres)
        const early = grantedIn(calls).filter(({ call, callId }) => !committedBefore(calls, callId, call))
        expect(early.map(({ callId }) => callId)).toEqual([])
      } finally {
        await onPostgres.remove()
        await database.remove()
      }
    })
  })
})
