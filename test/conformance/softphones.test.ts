import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openOffice, type Office } from '../support/office.js'
import { describeWithClients } from '../support/real-clients.js'
import { TestCertificates } from '../support/test-certificates.js'
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
    // Certificates are for names: by an address linphonec takes none.
    office = await openOffice({ PHONEBOOT_PUBLISHED_ADDRESSES: 'office=127.0.0.1, internet=localhost' })
    await office.cli('extension', 'add', '101', '--name', 'Ann "Äther" <Ö> & Söhne')
  })

  afterAll(() => office.stop())

  async function bindings(): Promise<string[]> {
    const found = await office.cli<{ lineId?: string; transport: string }[]>('registrations')
    return found.map(({ transport }) => transport)
  }

  /** A code for TLS by the published name, taken in by the server. */
  async function tlsCode(app: string, ...more: string[]): Promise<Code> {
    const args = ['101', '--app', app, '--transport', 'tls', '--address', 'internet', ...more]
    const code = await office.cli<Code>('softphone', 'qr', ...args)
    await eventually(async () => {
      await exec('curl', ['-sSfkI', code.url])
    })
    return code
  }

  /** As the operator hands it to devices. */
  async function ownCa(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${office.ports.http}/phoneboot-ca.crt`)).text()
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

  test('linphonec fetches by HTTPS and registers by TLS, with a certificate it has proof of', async () => {
    const png = join(office.folder, 'tls.png')
    const code = await tlsCode('linphone', '--png', png)
    const url = await textOfPicture(png)
    expect(url).toBe(code.url)
    expect(url).toMatch(/^https:\/\/localhost:/)
    let seen: string[] = []
    const { registered, output } = await runLinphonecFrom(
      url,
      async () => {
        seen = await bindings()
      },
      await ownCa(),
    )
    expect(registered ? '' : output).toBe('')
    expect(seen).toEqual(['tls'])
  })

  test('linphonec that trusts somebody else gets no account, and uses nothing up', async () => {
    const { id, url } = await tlsCode('linphone')
    const { ca } = await TestCertificates.make()
    expect(await runLinphonecFrom(url, undefined, ca)).toMatchObject({ registered: false })
    const [listed] = (await office.cli<Listed[]>('softphone', 'list', '101')).filter((one) => one.id === id)
    expect(listed).toMatchObject({ codes: [{ usesLeft: 2 }] })
  })

  test('baresip, which looks into no certificate, registers by TLS with the line it is given', async () => {
    const { url } = await tlsCode('baresip', '--address', 'office')
    const { stdout: line } = await exec('curl', ['-sSfk', url])
    expect(line).toContain(`outbound="sip:127.0.0.1:${office.ports.sips};transport=tls"`)
    let seen: string[] = []
    const { registered, output } = await runBaresipLine(line, async () => {
      seen = await bindings()
    })
    expect(registered ? '' : output).toBe('')
    expect(seen).toEqual(['tls'])
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
