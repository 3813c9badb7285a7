import { afterEach, expect, jest, test } from '@jest/globals'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describeOverPostgres, freshPostgres, type FreshDatabase } from '../support/databases.js'
import { SERVER_TEST_MS, TestInstallation, eventually, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let installation: TestInstallation | undefined
let server: ServerProcess
let token: string
let postgres: FreshDatabase | undefined
afterEach(async () => {
  await installation?.remove()
  await postgres?.remove()
  postgres = undefined
})

interface Job {
  id: string
  state: string
  token?: string
  error?: string
  obstacles?: { message: string }[]
}

async function start(settings: Record<string, string> = {}): Promise<void> {
  installation = await TestInstallation.create(settings)
  server = await installation.serve()
  await installation.cli('admin', 'create', 'importer', '--role', 'owner')
  token = (await installation.cli<{ token: string }>('admin', 'token', 'importer')).token
}

async function ask<T>(path: string, init: { method?: string; body?: string; type?: string } = {}): Promise<T> {
  const { type = 'application/json', ...rest } = init
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': type }
  const answer = await fetch(`${server.admin}/api/v1${path}`, { ...rest, headers })
  return { status: answer.status, ...((await answer.json()) as object) } as T
}

const open = (csv: string): Promise<Job> => ask('/imports', { method: 'POST', body: csv, type: 'text/csv' })
const until = (id: string, state: string): Promise<Job> =>
  eventually(async () => {
    const job = await ask<Job>(`/imports/${id}`)
    expect(job.state).toBe(state)
    return job
  }, 30_000)
const macOf = (n: number): string => `0015650${n.toString(16).padStart(5, '0')}`
const people = (count: number, from: number): string =>
  ['number,name', ...Array.from({ length: count }, (_, n) => `${from + n},Person ${n}`)].join('\n')

/** Threads of the server with a lower priority than the one that answers phones (field 19 of stat: nice). */
function threadsBeside(): number {
  const tasks = `/proc/${server.pid}/task`
  return readdirSync(tasks).filter((task) => {
    const fields = readFileSync(`${tasks}/${task}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ')
    return Number(fields[16]) > 0
  }).length
}

test('an import is worked out and written in a thread of lower priority, which goes when nothing is open', async () => {
  await start()
  expect(threadsBeside()).toBe(0)
  const { id } = await open(people(300, 1000))
  const preview = await until(id, 'preview')
  expect(threadsBeside()).toBeGreaterThan(0)
  expect(await ask(`/imports/${id}/rows?outcome=new&limit=2`)).toMatchObject({ total: 300, nextCursor: '2' })
  const confirmed = { method: 'POST', body: JSON.stringify({ token: preview.token }) }
  expect(await ask(`/imports/${id}/confirm`, { ...confirmed, body: '{"token":"another"}' })).toMatchObject({
    ...{ status: 409, code: 'IMPORT_CHANGED' },
  })
  expect(await ask(`/imports/${id}/confirm`, confirmed)).toMatchObject({ status: 202, state: 'running' })
  await until(id, 'done')
  await eventually(() => expect(threadsBeside()).toBe(0))
  expect(await ask(`/imports/${id}/rows?limit=1`)).toMatchObject({ total: 300 })
  await eventually(async () => expect(await ask('/extensions?limit=1')).toMatchObject({ total: 300 }))
  expect(await ask(`/imports/${id}/undo`, { method: 'POST' })).toMatchObject({ state: 'undone' })
  await eventually(async () => expect(await ask('/extensions?limit=1')).toMatchObject({ total: 0 }))
})

describeOverPostgres('over PostgreSQL', () => {
  test('a file, too, is imported in that thread, its phones are served, and it is undone', async () => {
    postgres = await freshPostgres({ migrated: false })
    await start({ PHONEBOOT_DATABASE_URL: postgres.url ?? '' })
    const rows = Array.from(
      { length: 400 },
      (_, n) => `${macOf(n)},yealink/t28p,${2000 + n},Person ${n},blf:${2000 + n}:Myself`,
    )
    const { id } = await open(['mac,model,extension,name,key1', ...rows].join('\n'))
    const preview = await until(id, 'preview')
    expect(threadsBeside()).toBeGreaterThan(0)
    await ask(`/imports/${id}/confirm`, { method: 'POST', body: JSON.stringify({ token: preview.token }) })
    await until(id, 'done')
    const last = `${server.http}/${macOf(399)}.cfg`
    const file = await eventually(async () => {
      const answer = await fetch(last)
      expect(answer.status).toBe(200)
      return answer.text()
    }, 30_000)
    expect(file).toContain('2399')
    expect(await ask(`/imports/${id}/undo`, { method: 'POST' })).toMatchObject({ state: 'undone' })
    await eventually(async () => expect((await fetch(last)).status).toBe(404), 30_000)
    expect(await ask('/extensions?limit=1')).toMatchObject({ total: 0 })
    await eventually(() => expect(threadsBeside()).toBe(0))
  })
})

test('mistakes of a file come over from that thread, one by one', async () => {
  await start()
  const wrong = await ask('/import', { method: 'POST', body: 'number,name\n12x4,Anna\n101,Bob\n', type: 'text/csv' })
  expect(wrong).toMatchObject({ status: 422, code: 'CSV_INVALID', problems: [{ row: 2, column: 'number' }] })
  const { id } = await open('number,name\n12x4,Anna\n')
  expect((await until(id, 'preview')).obstacles).toHaveLength(1)
  expect(await ask(`/imports/${id}/cancel`, { method: 'POST' })).toMatchObject({ state: 'cancelled' })
  await eventually(() => expect(threadsBeside()).toBe(0))
})

test('a preview that is cancelled is let go at once, and still seen as cancelled', async () => {
  await start()
  const { id } = await open(people(20_000, 10_000))
  await ask(`/imports/${id}/cancel`, { method: 'POST' })
  await until(id, 'cancelled')
  await eventually(() => expect(threadsBeside()).toBe(0))
  expect((await ask<Job>(`/imports/${id}`)).state).toBe('cancelled')
})

test('a server that is stopped cancels its imports and ends cleanly; nothing of them is written', async () => {
  await start()
  const { id } = await open(people(3_000, 10_000))
  const { token: confirmation } = await until(id, 'preview')
  await ask(`/imports/${id}/confirm`, { method: 'POST', body: JSON.stringify({ token: confirmation }) })
  expect(await server.stop()).toBe(0)
  const [job] = (await installation?.cli<Job[]>('import', 'list')) ?? []
  const stored = (await installation?.cli<unknown[]>('extension', 'list')) ?? []
  // It may have been written before the signal came: then all of it.
  expect([job?.state, stored.length]).toEqual(job?.state === 'done' ? ['done', 3_000] : ['cancelled', 0])
})

test('a thread of another version than the server does nothing and says so', async () => {
  const launcher = new URL('../../dist/phoneboot.js', import.meta.url)
  const worker = new Worker(launcher, { workerData: { config: {}, program: 'the one before' } })
  const ended = once(worker, 'exit')
  const [message] = (await once(worker, 'message')) as unknown[]
  expect(message).toMatchObject({ kind: 'unopened', error: { code: 'PROGRAM_REPLACED' } })
  await ended
})
