import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { MOST_BOOTS, SIDE_BY_SIDE } from '../../src/rehearsal/rehearsal.js'
import { eventually, SERVER_TEST_MS, type ServerProcess, TestInstallation } from '../support/server.js'

jest.setTimeout(2 * SERVER_TEST_MS)

/** A crowd: fewer are not rehearsed for. */
const PHONES = 60
const REHEARSED = 'rehearsed with made-up phones'

let installation: TestInstallation

// The limits are those of a fresh installation: no network is exempt.
beforeEach(async () => {
  installation = await TestInstallation.create({ PHONEBOOT_UNLIMITED_NETWORKS: 'none', PHONEBOOT_LOG_LEVEL: 'debug' })
})
afterEach(() => installation.remove())

async function serveWithPhones(count: number): Promise<ServerProcess> {
  const csv = await installation.run(['simulate', '--count', String(count), '--csv'])
  await installation.import(csv.stdout)
  return installation.serve()
}

const rehearsed = (server: ServerProcess) =>
  eventually(() => {
    const line = server.logs().find(({ msg }) => msg === REHEARSED)
    if (!line) throw new Error('the rehearsal is not over')
    return line as unknown as { boots: number; files: number; registered: number }
  }, SERVER_TEST_MS)

const metricsOf = async (server: ServerProcess): Promise<string[]> => {
  const answer = await fetch(`${server.admin}/metrics`)
  const lines = (await answer.text()).split('\n')
  expect(answer.status).toBe(200)
  return lines.filter((line) => line.startsWith('phoneboot_'))
}

/** Local ports of a process's sockets of this kind: for TCP those that listen. */
async function portsOf({ pid }: ServerProcess, kind: 'tcp' | 'udp'): Promise<Set<number>> {
  const files = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  const rows = (await readFile(`/proc/${pid}/net/${kind}`, 'utf8')).trim().split('\n').slice(1)
  const LISTEN = '0A'
  return new Set(
    rows.flatMap((row) => {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/)
      const isOpen = inodes.has(inode) && (kind === 'udp' || state === LISTEN)
      return isOpen ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
    }),
  )
}

test('a rehearsal leaves no trace: no event, sighting, registration, ban, file or socket, and nothing counted', async () => {
  const server = await serveWithPhones(PHONES)
  const before = await readdir(installation.dataDir)
  const done = await rehearsed(server)
  expect(done.boots).toBeGreaterThan(2 * SIDE_BY_SIDE)
  // They did what phones do; when the time is over, some are in the midst of it.
  const whole = done.boots - SIDE_BY_SIDE
  expect(done.files).toBeGreaterThanOrEqual(2 * whole)
  expect(done.registered).toBeGreaterThanOrEqual(whole)

  expect(await installation.cli('registrations')).toEqual([])
  expect(await installation.cli('bans', 'list')).toEqual([])
  expect(await installation.cli('strangers')).toEqual([])
  const phones = await installation.cli<{ lastSeenAt?: number; mac: string }[]>('device', 'list')
  expect(phones).toHaveLength(PHONES)
  expect(phones.filter(({ lastSeenAt, mac }) => lastSeenAt !== undefined || mac.startsWith('02'))).toEqual([])
  const counted = (await metricsOf(server)).filter((line) => /requests|registration|ban|refus/.test(line))
  expect(counted).toContain('phoneboot_registrations 0')
  expect(counted.filter((line) => !line.endsWith(' 0'))).toEqual([])
  const added = (await readdir(installation.dataDir)).filter((name) => !before.includes(name))
  expect(added.filter((name) => name !== 'admin-setup-link.txt')).toEqual([])
  const { http, https, tftp, sip, sips, admin } = server.ports
  expect(await portsOf(server, 'tcp')).toEqual(new Set([http, https, sip, sips, admin]))
  expect(await portsOf(server, 'udp')).toEqual(new Set([tftp, sip]))
  expect(server.logs().filter(({ msg }) => msg.startsWith('TFTP listens'))).toHaveLength(1)
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})

test('phones that come while it rehearses are served, and end it', async () => {
  const server = await serveWithPhones(PHONES)
  const ran = await installation.run(['simulate', '--count', String(PHONES), '--json'], { withinMs: SERVER_TEST_MS })
  expect(ran.code === 0 ? '' : ran.stdout.slice(0, 2000)).toBe('')
  expect(JSON.parse(ran.stdout)).toMatchObject({ phones: PHONES, registered: PHONES, failed: 0 })
  const { boots } = await rehearsed(server)
  expect(boots).toBeLessThan(MOST_BOOTS)
  const registrations = await installation.cli<{ aor: string }[]>('registrations')
  expect(registrations).toHaveLength(PHONES)
  expect(await installation.cli('bans', 'list')).toEqual([])
})

test('a server that is stopped in the midst of it ends at once, and cleanly', async () => {
  const server = await serveWithPhones(PHONES)
  expect(await server.stop()).toBe(0)
  expect(server.logs().filter(({ level }) => level === 'error')).toEqual([])
})
