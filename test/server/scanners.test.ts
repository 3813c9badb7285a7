import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeWithClients } from '../support/real-clients.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

const SCAN_MS = 40_000

/** A port that was free a moment ago; 5060, the tools' own choice, is where answers of other tests arrive. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** Runs a tool of SIPVicious in a folder that vanishes with its sessions. Whatever it is told, it asks from 127.0.0.1. */
async function scan(tool: string, args: readonly string[]): Promise<string> {
  const port = String(await freePort())
  const home = await mkdtemp(join(tmpdir(), 'phoneboot-scan-'))
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(tool, ['-x', '127.0.0.1', '-P', port, ...args], {
        cwd: home,
        env: { ...process.env, HOME: home },
      })
      const timer = setTimeout(() => child.kill('SIGKILL'), SCAN_MS)
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += String(data)))
      child.on('error', reject)
      child.on('close', () => {
        clearTimeout(timer)
        resolve(said)
      })
    })
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const CLIENTS = { svmap: 'sipvicious', svwar: 'sipvicious', svcrack: 'sipvicious' }
const METHODS = ['REGISTER', 'OPTIONS', 'INVITE']

/** Rows of the tools' tables that name a user or a server. */
const rows = (said: string): string[] => said.split('\n').filter((line) => /^\|\s*\d/.test(line))

interface Scanned {
  sip: string
  /** The kinds of the bans that the scan brought; lifted after. */
  bannedFor(): Promise<string[]>
}

describeWithClients('SIPVicious', CLIENTS, () => {
  describeServer('that calls itself by its name', {}, (server) => {
    test('svmap finds no SIP server, and is banned', async () => {
      // It asks an address once and goes on.
      for (let run = 0; run < 2; run += 1) {
        expect(rows(await scan('svmap', ['-p', server().sip, '127.0.0.1']))).toEqual([])
      }
      expect(await server().bannedFor()).toEqual(['scanner'])
    })

    test.each(METHODS)('svwar finds no user by %s, and is banned', async (method) => {
      // Without any answer it gives up after a request or two.
      for (let run = 0; run < 2; run += 1) {
        const said = await scan('svwar', ['-p', server().sip, '--force', '-m', method, '-e', '95-115', '127.0.0.1'])
        expect(rows(said)).toEqual([])
      }
      expect(await server().bannedFor()).toEqual(['scanner'])
    })
  })

  describeServer('under another name', { PHONEBOOT_SIP_SCANNERS: 'none' }, (server) => {
    test.each(METHODS)('svwar finds no user by %s: all users are answered alike', async (method) => {
      const said = await scan('svwar', ['-p', server().sip, '--force', '-m', method, '-e', '95-115', '127.0.0.1'])
      expect(rows(said)).toEqual([])
    })

    test('svcrack finds no password, and is banned', async () => {
      expect(rows(await scan('svcrack', ['-p', server().sip, '-u', '101', '-r', '1-100', '127.0.0.1']))).toEqual([])
      expect(await server().bannedFor()).toContain('wrong-password')
    })
  })
})

function describeServer(title: string, env: Record<string, string>, tests: (server: () => Scanned) => void): void {
  describe(title, () => {
    let installation: TestInstallation
    let server: ServerProcess
    beforeAll(async () => {
      installation = await TestInstallation.create({ PHONEBOOT_UNLIMITED_NETWORKS: 'none', ...env })
      await installation.import('mac,model,extension,name\n805ec0000001,yealink/t21p-e2,101,Anna\n')
      server = await installation.serve()
    })
    afterAll(() => installation.remove())
    tests(() => ({ sip: String(server.ports.sip), bannedFor: () => bannedFor(installation, server) }))
  })
}

async function bannedFor(installation: TestInstallation, server: ServerProcess): Promise<string[]> {
  const kinds = await eventually(async () => {
    const bans = await installation.cli<{ address: string; kind: string }[]>('bans', 'list')
    if (bans.length === 0) throw new Error('nobody is banned')
    expect(new Set(bans.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']))
    return bans.map(({ kind }) => kind)
  })
  const lifted = (): number => server.logs().filter(({ msg }) => msg === 'a ban was lifted').length
  const before = lifted()
  await installation.cli('bans', 'lift', '--all')
  await eventually(() => expect(lifted()).toBeGreaterThan(before))
  return kinds
}
