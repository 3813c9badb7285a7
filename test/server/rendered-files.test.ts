import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually, SERVER_TEST_MS, type ServerProcess, TestInstallation } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const MAC = '001565aabbcc'
const READY = 'files of all phones are ready'

let installation: TestInstallation
let kept: string

beforeEach(async () => {
  installation = await TestInstallation.create()
  kept = join(installation.dataDir, 'phoneboot.rendered')
  await installation.runHere(['extension', 'add', '101', '--name', 'Anna Berg'])
  await installation.runHere(['device', 'add', MAC, '--model', 'yealink/t21p-e2', '--line', '101'])
})
afterEach(() => installation.remove())

/** Bytes and the time they were made at, in whole seconds. */
async function ask(server: ServerProcess): Promise<{ body: string; made: string | null; date: string }> {
  const answer = await fetch(`${server.http}/${MAC}.cfg`)
  expect(answer.status).toBe(200)
  return {
    body: await answer.text(),
    made: answer.headers.get('last-modified'),
    date: String(answer.headers.get('date')),
  }
}

const allReady = (server: ServerProcess): Promise<void> =>
  eventually(() => {
    if (!server.logs().some(({ msg }) => msg === READY)) throw new Error('not all files are ready')
  }, 60_000)

test('after a start a phone is given the file of before, sealed meanwhile; after a change or damage a new one', async () => {
  const first = await installation.serve()
  await ask(first)
  await allReady(first)
  // A file of this very second is announced as older than it is.
  const before = await eventually(async () => {
    const now = await ask(first)
    expect(Date.parse(now.date) - Date.parse(now.made ?? '')).toBeGreaterThanOrEqual(2_000)
    return now
  })
  await first.stop()
  expect((await stat(kept)).mode & 0o777).toBe(0o600)
  const password = /^account\.1\.password = (.+)$/m.exec(before.body)?.[1] ?? ''
  expect(password.length).toBeGreaterThan(8)
  expect(await readFile(kept, 'latin1')).not.toContain(password)

  const second = await installation.serve()
  expect(await ask(second)).toMatchObject({ body: before.body, made: before.made })
  await second.stop()

  await installation.runHere(['extension', 'update', '101', '--name', 'Bella Berg'])
  const third = await installation.serve()
  const changed = await ask(third)
  expect(changed.body).toContain('Bella Berg')
  expect(changed.made).not.toBe(before.made)
  await allReady(third)
  await third.stop()

  const bytes = await readFile(kept)
  await writeFile(kept, bytes.fill(0x55, 200))
  const fourth = await installation.serve()
  const damaged = await ask(fourth)
  expect(damaged.body).toBe(changed.body)
  await fourth.stop()
})
