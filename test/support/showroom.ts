import { request as httpRequest } from 'node:http'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { ALL_SITES, EVERY_RIGHT } from '../../src/accounts/permissions.js'
import type { Mac } from '../../src/domain/mac-address.js'
import { SEAL_CONTEXTS } from '../../src/secrets/contexts.js'
import { simulate, type Simulation } from '../../src/simulator/edge/simulate.js'
import { BY_TEST } from './accounts.js'
import { startMailSink } from './mail-sink.js'
import { openOffice, type Office } from './office.js'
import { registerAccount } from './served-phones.js'
import { eventually } from './server.js'

/** An office as one finds it on a working day: for looking at every page of it. */
export interface Showroom {
  office: Office
  admin: string
  /** Where people's own pages are. */
  own: string
  /** Ids that stand in addresses of pages. */
  ids: Readonly<Record<'account' | 'role' | 'webhook' | 'undecided' | 'imported', string>>
  /** Addresses that people are given: of their own page, not used yet; of a softphone's set-up, with and without values. */
  links: Readonly<Record<'unused' | 'code' | 'values', string>>
  /** Session of a person on his own page. */
  session: string
  close(): Promise<void>
}

/** Of everybody who signs in here. */
export const SHOWROOM_PASSWORD = 'Correct horse 9'

const NAMES =
  'Anna Berg,Jörg Müller,Zoë Lindström,Karim Haddad,Łucja Nowak,Tomás Ortega,Mei Lin,Maximiliane von Hohenstein-Wittelsbach,Reception,Workshop,' +
  'Sales,Ivan Petrov,Sofia Rossi,Niamh O’Connor,Ben Carter,Fatma Yılmaz,Warehouse gate 3,Meeting room Rhine,Lena Vogel,Pascal Dubois'
const PEOPLE = NAMES.split(',').map((name, index) => ({ number: String(101 + index), name }))

type Phone = readonly [mac: string, model: string, number: string, label: string]
const UP: readonly Phone[] = [
  ['805ec0000001', 'yealink/t21p-e2', '101', 'Front desk'],
  ['000413820002', 'snom/d120', '102', ''],
  ['c074ad000003', 'grandstream/gxp1628', '103', 'Room 12'],
  ['000413a30004', 'snom/d735', '104', 'Room 14'],
  ['c074ad000005', 'grandstream/gxp2170', '109', 'Switchboard'],
  ['805ec0000006', 'yealink/t21p-e2', '106', ''],
  ['805ec0000007', 'yealink/t28p', '107', 'Bench 2'],
  ['000413930008', 'snom/d385', '108', 'Head office, second floor, window'],
]
const DOWN: readonly Phone[] = [
  ['805ec0000011', 'yealink/t21p-e2', '110', 'Workshop'],
  ['000413820012', 'snom/d120', '111', ''],
  ['c074ad000013', 'grandstream/grp2614', '112', 'Inventory 4711'],
  ['805ec0000014', 'yealink/t19p-e2', '113', ''],
  ['805ec0000015', 'yealink/t21p-e2', '117', 'Gate 3'],
]
const [ASKED, , BLOCKED, LOST] = DOWN.map(([mac]) => mac)

const STRANGERS = [
  ['805ec0aa0001', 'Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:aa:00:01', '805ec0aa0001.cfg'],
  ['000413aa0002', 'Mozilla/4.0 (compatible; snomD735-SIP 10.1.54.13 000413AA0002)', 'snomD735-000413AA0002.htm'],
  ['c074adaa0003', 'Grandstream Model HW GXP2135 SW 1.0.11.64 DevId c074adaa0003', 'cfgc074adaa0003.xml'],
] as const

const CSV = [
  'Extension;Full name;Mobile;MAC;Model;Cost centre',
  '121;Greta Sommer;+49 171 5550121;80:5e:c0:00:00:21;T21P E2;4100',
  '122;Paul  Winter ;+49 171 5550122;805ec0000022;T21P E2;4100',
  '101;Anna Berg-Lindqvist;+49 171 5550101;;;4200',
  '123;Nora Falk;+49 171 5550123;80:5e:c0:00:00;T21P E2;4200',
  '109;Reception;;;;4300',
  '',
].join('\n')

/** The address a phone of the showroom has. */
const addressOf = (n: number): string => `127.168.10.${21 + n}`

export async function openShowroom(): Promise<Showroom> {
  const mail = await startMailSink()
  const office = await openOffice({
    PHONEBOOT_UNLIMITED_NETWORKS: '127.168.0.0/16,127.0.0.1/32',
    PHONEBOOT_MAX_REFUSALS: '20',
    PHONEBOOT_SELF_SERVICE: 'keys',
    PHONEBOOT_SMTP_URL: mail.url,
    PHONEBOOT_SMTP_FROM: 'phones@example.com',
    PHONEBOOT_PUBLISHED_ADDRESSES: 'Office=127.0.0.1',
  })
  const admin = `http://127.0.0.1:${office.ports.admin}`
  const own = `https://127.0.0.1:${office.ports.https}`
  let simulation: Simulation | undefined
  const close = async (): Promise<void> => {
    await simulation?.stop()
    await office.stop()
    await mail.stop()
  }
  try {
    const ids = await furnish(office, admin, mail)
    simulation = await bootPhones(office)
    await afterwards(office, admin)
    return { office, admin, own, ids, ...(await forPeople(office, own)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function furnish(
  office: Office,
  admin: string,
  mail: Awaited<ReturnType<typeof startMailSink>>,
): Promise<Showroom['ids']> {
  const { extensions, devices, groups, settings, webhooks, softphones, site, mails } = office.installation
  for (const [index, { number, name }] of PEOPLE.entries()) {
    const email = index % 4 === 3 ? {} : { email: `${mailbox(name)}@example.com` }
    await extensions.add('anna', { number, name, ...email })
    const place = {
      layer: 'extension',
      key: 'mobileNumber',
      owner: (await extensions.show(number)).extension.id,
    } as const
    if (index % 3 !== 2) await settings.set('anna', place, `+49 171 5550${number}`)
  }
  await extensions.update('anna', '120', { enabled: false })
  for (const [mac, model, number, name] of [...UP, ...DOWN]) {
    await devices.add('anna', { mac, model, ...(name === '' ? {} : { name }), lines: [{ extension: number }] })
  }
  await devices.addLine('anna', '805ec0000001', { extension: '109' })
  await devices.setState('anna', BLOCKED ?? '', 'blocked')
  await devices.reportLost('anna', LOST ?? '')
  await groups.add('anna', 'Reception')
  const hall = await groups.add('anna', 'Production hall, building 7')
  for (const mac of ['c074ad000005', '805ec0000001', '000413930008']) {
    await devices.update('anna', mac, { groupId: (await groups.find('Reception')).id })
  }
  await devices.update('anna', '805ec0000007', { groupId: hall.id })
  await groups.setKeys('anna', 'Reception', [
    { position: 1, kind: 'blf', value: '108' },
    { position: 2, kind: 'park', value: '700', label: 'Park' },
  ])
  const wanted = ['blf:102', 'blf:103', 'blf:104', 'blf:108', 'speed-dial:030123456:Taxi', 'park:700:Park'] as const
  for (const number of ['101', '107', '109']) await office.cli('extension', 'keys', number, ...wanted)
  await office.cli('device', 'keys', 'c074ad000003', 'mpk@8=blf:101:Front desk')
  await settings.set('anna', { layer: 'site', owner: site.id, key: 'language' }, 'de')
  await settings.set('anna', { layer: 'group', owner: hall.id, key: 'timezone' }, 'Europe/Berlin')
  await settings.set('anna', { layer: 'vendor', owner: 'yealink', key: 'dtmf' }, 'info')
  for (const number of ['118', '119']) await extensions.remove('anna', number, { force: true })
  const sent = await webhooks.add('anna', { url: 'https://pbx.example.com/hooks/phones', types: [] })
  await webhooks.test(sent.webhook.id)
  await webhooks.add('anna', { url: 'http://127.0.0.1:9/crm', types: ['extension.created'] })
  for (const app of ['linphone', 'telephone']) await softphones.create('anna', '102', { app, name: 'mobile' })
  for (const number of ['101', '102', '103']) await mails.send('anna', number)
  await eventually(async () => {
    if ((await mails.list()).some(({ state }) => state !== 'sent')) throw new Error('mails are under way')
  }, 60_000)
  mail.refuse({ code: 550, text: 'mailbox unavailable' })
  await mails.send('anna', '105')
  await eventually(async () => {
    if ((await mails.list()).every(({ state }) => state !== 'failed')) throw new Error('the mail is under way')
  }, 60_000)
  const found = await accountsOf(office)
  const imported = await imports(office, admin)
  return {
    ...found,
    ...imported,
    webhook: sent.webhook.id,
  }
}

function mailbox(name: string): string {
  const plain = name.normalize('NFKD').replace(/[^\w ]/g, '')
  return plain.trim().toLowerCase().replaceAll(/\W+/g, '.')
}

async function accountsOf({
  installation: { accounts, roles, site },
}: Office): Promise<Pick<Showroom['ids'], 'account' | 'role'>> {
  const create = (name: string, role: string, siteId: string, email?: string) =>
    accounts.create(BY_TEST, {
      name,
      grants: [{ siteId, role }],
      password: SHOWROOM_PASSWORD,
      ...(email ? { email } : {}),
    })
  const role = await roles.add(BY_TEST, {
    ...{ name: 'Night watch', siteId: site.id },
    permissions: ['phones.read', 'phones.state', 'people.read'],
  })
  const anna = await create('anna', 'owner', ALL_SITES, 'anna.berg@example.com')
  await create('bert', 'operator', site.id, 'bert@example.com')
  await create('night', 'Night watch', site.id)
  await create('viewer', 'viewer', site.id)
  await accounts.create(BY_TEST, { name: 'new.colleague', grants: [{ siteId: site.id, role: 'helpdesk' }] })
  const by = { actor: 'user:anna', rights: EVERY_RIGHT, userId: anna.id }
  await accounts.createToken(by, anna.id, { label: 'Inventory script', scopes: ['phones.read'], days: 90 })
  await accounts.createToken(by, anna.id, { label: 'CRM', days: 365 })
  return { account: (await accounts.show(BY_TEST, 'bert')).id, role: role.id }
}

async function forPeople({ installation }: Office, own: string): Promise<Pick<Showroom, 'links' | 'session'>> {
  const { extensions, ownAccess, softphones } = installation
  const { extension } = await extensions.show('102')
  const unused = await ownAccess.makeLink(extension.id)
  const used = await ownAccess.makeLink(extension.id)
  const session = await ownAccess.redeem(used.reveal())
  if (!session) throw new Error('the link of a person does not work')
  const code = async (): Promise<string> =>
    (await softphones.create('anna', '105', { app: 'telephone', uses: 20 })).url.reveal()
  return {
    links: { unused: `${own}/me/start/${unused.reveal()}`, code: await code(), values: await code() },
    session: session.reveal(),
  }
}

/** Asks the API as anna would from a script. */
async function api(
  office: Office,
  admin: string,
  method: string,
  path: string,
  body: unknown,
  type = 'application/json',
) {
  const { accounts } = office.installation
  const { id } = await accounts.show(BY_TEST, 'anna')
  const { token } = await accounts.createToken(BY_TEST, id, { label: 'Import at night' })
  const headers = { Authorization: `Bearer ${token.reveal()}`, 'Content-Type': type }
  const answer = await fetch(`${admin}/api/v1${path}`, {
    ...{ method, headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

async function imports(office: Office, admin: string): Promise<Pick<Showroom['ids'], 'undecided' | 'imported'>> {
  const open = async (fileName: string, csv: string): Promise<{ id: string; token: string }> => {
    const { id } = await api(office, admin, 'POST', `/imports?fileName=${fileName}`, csv, 'text/csv')
    return eventually(async () => {
      const found = await show(String(id))
      if (found.state !== 'preview') throw new Error(`the import is ${String(found.state)}`)
      return { id: String(id), token: String(found.token) }
    }, 30_000)
  }
  const token = await office.installation.accounts.createToken(
    BY_TEST,
    (await office.installation.accounts.show(BY_TEST, 'anna')).id,
    { label: 'reading' },
  )
  const show = async (id: string): Promise<Record<string, unknown>> => {
    const headers = { Authorization: `Bearer ${token.token.reveal()}` }
    return (await (await fetch(`${admin}/api/v1/imports/${id}`, { headers })).json()) as Record<string, unknown>
  }
  const good = await open(
    'new-starters.csv',
    'extension,name,email\n131,Clara Engel,clara@example.com\n132,Omar Aziz,omar@example.com\n',
  )
  await api(office, admin, 'POST', `/imports/${good.id}/confirm`, { token: good.token })
  await eventually(async () => {
    const { state } = await show(good.id)
    if (state !== 'done') throw new Error(`the import is ${String(state)}`)
  }, 30_000)
  const { id: undecided } = await open('people-2026.csv', CSV)
  return { undecided, imported: good.id }
}

async function bootPhones(office: Office): Promise<Simulation> {
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
  await eventually(() => registerAccount(account, ports.sip), 10_000)
}

/** What happens once phones are up: strangers call, somebody scans, names and settings change. */
async function afterwards(office: Office, admin: string): Promise<void> {
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
  await api(office, admin, 'POST', '/scheduled-changes', planned)
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
