import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { fetchByTftp } from '../../src/simulator/edge/tftp-client.js'
import { fetchAccounts, loadPhones, RegisterLoad } from '../support/register-load.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const PHONES = 4
const YEAR_MS = 365 * 86_400_000

let installation: TestInstallation
let server: ServerProcess
const { csv, files } = loadPhones(PHONES)

beforeEach(async () => {
  installation = await TestInstallation.create()
  await installation.import(csv)
})
afterEach(() => installation.remove())

const clockFile = (): string => join(installation.folder, 'clock')

/** A server whose clock is so far ahead of the machine's. */
async function start(aheadMs: number): Promise<void> {
  await writeFile(clockFile(), String(aheadMs))
  const preload = new URL('../support/clock-preload.mjs', import.meta.url).href
  const env = { NODE_OPTIONS: `--import=${preload}`, PHONEBOOT_TEST_CLOCK_FILE: clockFile() }
  server = await installation.serve({ env })
}

/** Somebody sets the clock of the server. */
async function set(aheadMs: number): Promise<void> {
  await writeFile(clockFile(), String(aheadMs))
  server.signal('SIGUSR2')
  await eventually(async () => expect(await readFile(`${clockFile()}.taken`, 'utf8')).toBe(String(aheadMs)))
}

/** The files of all phones: by TFTP the same bytes as by HTTP. */
async function served(): Promise<string[]> {
  return Promise.all(
    files.map(async (file) => {
      const response = await fetch(`${server.http}/${file}`)
      expect(response.status).toBe(200)
      const text = await response.text()
      const local = { serverAddress: '127.0.0.1', localAddress: '127.0.0.1', timeoutMs: 10_000 }
      expect((await fetchByTftp({ ...local, serverPort: server.ports.tftp, file })).toString()).toBe(text)
      return text
    }),
  )
}

test('a clock that jumps a year ahead and back: phones get the same files, register, and hear of changes', async () => {
  await start(0)
  const before = await served()
  const load = new RegisterLoad(await fetchAccounts(server.http, files))
  for (const aheadMs of [YEAR_MS, 0, -YEAR_MS, 0]) {
    await set(aheadMs)
    expect(await served()).toEqual(before)
    await load.run(server.ports.sip, PHONES)
    const name = `Named ${aheadMs}`
    await installation.cli('extension', 'update', '200', '--name', name)
    await eventually(async () => expect((await served())[0]).toContain(name))
    await installation.cli('extension', 'update', '200', '--name', 'Load 0')
    await eventually(async () => expect(await served()).toEqual(before))
  }
  const present = [...load.known.values()].filter(({ granted }) => granted.present).length
  expect(await installation.cli<unknown[]>('registrations')).toHaveLength(present)
  expect([...load.refused]).toEqual([])
  expect(await server.stop()).toBe(0)
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})

test.each([YEAR_MS, -YEAR_MS])(
  'a server that starts %i ms off and is put right serves and registers',
  async (aheadMs) => {
    await start(aheadMs)
    const before = await served()
    const load = new RegisterLoad(await fetchAccounts(server.http, files))
    await load.run(server.ports.sip, PHONES)
    await set(0)
    expect(await served()).toEqual(before)
    await load.run(server.ports.sip, PHONES)
    expect([...load.refused]).toEqual([])
    expect(await server.stop()).toBe(0)
    expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
  },
)
