import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { Mac } from '../../src/domain/mac-address.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import type { Office } from './office.js'
import { registerAccount } from './served-phones.js'
import { eventually } from './server.js'
import type { AskApi } from './showroom.js'

type Phone = readonly [mac: string, model: string, number: string, label: string]
/** Phones that register. */
export const UP: readonly Phone[] = [
  ['805ec0000001', 'yealink/t21p-e2', '101', 'Front desk'],
  ['000413820002', 'snom/d120', '102', ''],
  ['c074ad000003', 'grandstream/gxp1628', '103', 'Room 12'],
  ['000413a30004', 'snom/d735', '104', 'Room 14'],
  ['c074ad000005', 'grandstream/gxp2170', '109', 'Switchboard'],
  ['805ec0000006', 'yealink/t21p-e2', '106', ''],
  ['805ec0000007', 'yealink/t28p', '107', 'Bench 2'],
  ['000413930008', 'snom/d385', '108', 'Head office, second floor, window'],
]
/** Phones that do not. */
export const DOWN: readonly Phone[] = [
  ['805ec0000011', 'yealink/t21p-e2', '110', 'Workshop'],
  ['000413820012', 'snom/d120', '111', ''],
  ['c074ad000013', 'grandstream/grp2614', '112', 'Inventory 4711'],
  ['805ec0000014', 'yealink/t19p-e2', '113', ''],
  ['805ec0000015', 'yealink/t21p-e2', '117', 'Gate 3'],
]
export const [ASKED = '', , BLOCKED = '', LOST = ''] = DOWN.map(([mac]) => mac)

const STRANGERS = [
  ['805ec0aa0001', 'Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:aa:00:01', '805ec0aa0001.cfg'],
  ['000413aa0002', 'Mozilla/4.0 (compatible; snomD735-SIP 10.1.54.13 000413AA0002)', 'snomD735-000413AA0002.htm'],
  ['c074adaa0003', 'Grandstream Model HW GXP2135 SW 1.0.11.64 DevId c074adaa0003', 'cfgc074adaa0003.xml'],
] as const

/** The address a phone of the showroom has. */
const addressOf = (n: number): string => `127.168.10.${21 + n}`

/** Switches the phones on, and waits until they are registered. */
export async function bootPhones(office: Office): Promise<Simulation> {
  const { http, tftp } = office.ports
  const simulation = simulate({
    phones: UP.map(([mac, model], n) => ({
      mac: mac as Mac,
      model,
      transport: 'http' as const,
      localAddress: addressOf(n),
    })),
    server: { address: '127.0.0.1', httpPort: http, tftpPort: tftp },
    keepRegistered: true,
  })
  const summary = await simulation.settled
  if (simulation.phones().some(({ state }) => state !== 'registered')) throw new Error(JSON.stringify(summary))
  await setUpSoftphone(office)
  return simulation
}

/** A person with a desk phone and an app that is registered beside it. */
async function setUpSoftphone({ installation, ports }: Office): Promise<void> {
  const { softphone } = await installation.softphones.create('anna', '103', { app: 'linphone', name: 'mobile' })
  const kept = (await installation.softphones.list('103')).find(({ id }) => id === softphone.id)
  if (!kept) throw new Error('the softphone is not there')
  const password = installation.secrets.open(kept.sealedPassword, SEAL_CONTEXTS.softphonePassword(kept.id))
  const account = { user: '103', authUser: kept.authUsername, password, server: '127.0.0.1' }
  const registration = await eventually(() => registerAccount(account, ports.sip), 10_000)
  registration.close()
}

/** What happens once phones are up: strangers call, somebody scans, names and settings change. */
export async function afterwards(office: Office, api: AskApi): Promise<void> {
  const { extensions, devices } = office.installation
  const { http } = office.ports
  for (const [n, [, userAgent, file]] of STRANGERS.entries()) await get(http, `/${file}`, userAgent, addressOf(40 + n))
  await get(http, `/${ASKED}.cfg`, `Yealink SIP-T21P_E2 52.84.0.125 ${ASKED}`, addressOf(30))
  for (const guess of ['/../../etc/passwd', '/..%2f..%2fetc/shadow', '/%2e%2e/%2e%2e/x']) {
    await get(http, guess, 'curl/8.1', '127.66.6.6').catch(() => undefined)
  }
  await scan(office.ports.sip, '127.66.6.7')
  await extensions.update('anna', '104', { name: 'Karim Haddad-Stein' })
  await devices.update('anna', '805ec0000006', { name: 'Reserve' })
  const at = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)
  const planned = { layer: 'vendor', owner: 'snom', key: 'registrationExpiry', value: 1800, at }
  await api('POST', '/scheduled-changes', planned)
}

async function get(port: number, path: string, userAgent: string, localAddress: string): Promise<void> {
  const request = httpRequest({ host: '127.0.0.1', port, path, localAddress, headers: { 'User-Agent': userAgent } })
  request.end()
  const [response] = (await once(request, 'response')) as [{ resume(): void }]
  response.resume()
}

/** What scanners of SIP servers send all day. */
async function scan(port: number, localAddress: string): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, localAddress)
  await once(socket, 'listening')
  const text = [
    `OPTIONS sip:100@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP ${localAddress}:5060;branch=z9hG4bK1`,
    ...['From: <sip:100@127.0.0.1>;tag=1', 'To: <sip:100@127.0.0.1>', 'Call-ID: scan', 'CSeq: 1 OPTIONS'],
    ...['Max-Forwards: 70', 'User-Agent: friendly-scanner', 'Content-Length: 0', '', ''],
  ].join('\r\n')
  await new Promise<void>((resolve) => socket.send(text, port, '127.0.0.1', () => resolve()))
  socket.close()
}
