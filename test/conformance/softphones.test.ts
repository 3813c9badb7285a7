import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openOffice, type Office } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { eventually } from '../support/server.js'
import { runBaresipLine, runLinphonecFrom } from '../support/sip-clients.js'

const exec = promisify(execFile)
const CLIENTS = { linphonec: 'linphone-cli', zbarimg: 'zbar-tools', baresip: 'baresip', curl: 'curl' }

/** What `softphone qr --json` tells. */
interface Code {
  id: string
  url: string
  text: string
}

interface Listed {
  id: string
  fetchedAt?: string
  codes: { usesLeft: number }[]
}

async function textOfPicture(file: string): Promise<string> {
  return (await exec('zbarimg', ['-q', '--raw', file])).stdout.trim()
}

describeWithClients('softphones set up by the picture of a code', CLIENTS, () => {
  let office: Office

  beforeAll(async () => {
    office = await openOffice()
    await office.cli('extension', 'add', '101', '--name', 'Ann "Äther" <Ö> & Söhne')
  })

  afterAll(() => office.stop())

  async function bindings(): Promise<string[]> {
    const found = await office.cli<{ lineId?: string; transport: string }[]>('registrations')
    return found.map(({ transport }) => transport)
  }

  test.each(['udp', 'tcp'])('linphonec fetches what the picture says and registers by %s', async (transport) => {
    const png = join(office.folder, `${transport}.png`)
    const args = ['101', '--app', 'linphone', '--transport', transport, '--http', '--png', png]
    const code = await office.cli<Code>('softphone', 'qr', ...args)
    const url = await textOfPicture(png)
    expect(url).toBe(code.url)
    // The server takes in what the command wrote.
    await eventually(async () => expect((await fetch(url, { method: 'HEAD' })).status).toBe(200))
    let seen: string[] = []
    const { registered, output } = await runLinphonecFrom(url, async () => {
      seen = await bindings()
    })
    expect(registered ? '' : output).toBe('')
    expect(seen).toEqual([transport])
    const [listed] = (await office.cli<Listed[]>('softphone', 'list', '101')).filter(({ id }) => id === code.id)
    expect(listed).toMatchObject({ codes: [{ usesLeft: 1 }] })
    expect(listed?.fetchedAt).toBeDefined()
  })

  test.each(['udp', 'tcp'])('baresip registers by %s with the line it is given', async (transport) => {
    const svg = join(office.folder, `${transport}.svg`)
    const args = ['101', '--app', 'baresip', '--transport', transport, '--http', '--svg', svg]
    const code = await office.cli<Code>('softphone', 'qr', ...args)
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg /)
    await eventually(async () => expect((await fetch(code.url, { method: 'HEAD' })).status).toBe(200))
    const { stdout: line } = await exec('curl', ['-sSf', code.url])
    let seen: string[] = []
    const { registered, output } = await runBaresipLine(line, async () => {
      seen = await bindings()
    })
    expect(registered ? '' : output).toBe('')
    expect(seen).toEqual([transport])
  })
})
