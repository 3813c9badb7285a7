import { ALL_SITES, EVERY_RIGHT } from '../../src/accounts/permissions.js'
import type { Simulation } from '../../src/simulator/edge/simulate.js'
import { BY_TEST } from './accounts.js'
import { startMailSink } from './mail-sink.js'
import { openOffice, type Office } from './office.js'
import { eventually } from './server.js'
import { afterwards, BLOCKED, bootPhones, DOWN, LOST, UP } from './showroom-life.js'

/** An office as one finds it on a working day: for looking at every page of it. */
export interface Showroom {
  office: Office
  admin: string
  /** Where people's own pages are. */
  own: string
  /** The pages of a server that asks admins for their domain first. */
  domainFirst: string
  /** Ids that stand in addresses of pages. */
  ids: Readonly<Record<'account' | 'role' | 'webhook' | 'undecided' | 'imported' | 'registration', string>>
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

const CSV = [
  'Extension;Full name;Mobile;MAC;Model;Cost centre',
  '121;Greta Sommer;+49 171 5550121;80:5e:c0:00:00:21;T21P E2;4100',
  '122;Paul  Winter ;+49 171 5550122;805ec0000022;T21P E2;4100',
  '101;Anna Berg-Lindqvist;+49 171 5550101;;;4200',
  '123;Nora Falk;+49 171 5550123;80:5e:c0:00:00;T21P E2;4200',
  '109;Reception;;;;4300',
  '',
].join('\n')

const STARTERS = 'extension,name,email\n131,Clara Engel,clara@example.com\n132,Omar Aziz,omar@example.com\n'

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
  const other = await openOffice({ PHONEBOOT_ADMIN_SIGN_IN: 'domain-first' })
  await other.cli('admin', 'create', 'anna', '--role', 'owner')
  const domainFirst = `http://127.0.0.1:${other.ports.admin}`
  let simulation: Simulation | undefined
  const close = async (): Promise<void> => {
    await simulation?.stop()
    await Promise.all([office.stop(), other.stop()])
    await mail.stop()
  }
  try {
    const furnished = await furnish(office, mail)
    const api = await apiOf(office, admin)
    const ids = { ...furnished, ...(await imports(api)) }
    simulation = await bootPhones(office)
    await afterwards(office, api)
    const { items } = await api('GET', '/registrations?limit=1')
    const [{ id: registration }] = items as [{ id: string }]
    return { office, admin, own, domainFirst, ids: { ...ids, registration }, ...(await forPeople(office, own)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function furnish(
  office: Office,
  mail: Awaited<ReturnType<typeof startMailSink>>,
): Promise<Pick<Showroom['ids'], 'account' | 'role' | 'webhook'>> {
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
  await devices.setState('anna', BLOCKED, 'blocked')
  await devices.reportLost('anna', LOST)
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
  return {
    ...found,
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
export type AskApi = (method: string, path: string, body?: unknown, type?: string) => Promise<Record<string, unknown>>

async function apiOf({ installation: { accounts } }: Office, admin: string): Promise<AskApi> {
  const { id } = await accounts.show(BY_TEST, 'anna')
  const { token } = await accounts.createToken(BY_TEST, id, { label: 'Import at night' })
  return async (method, path, body, type = 'application/json') => {
    const answer = await fetch(`${admin}/api/v1${path}`, {
      ...{ method, headers: { Authorization: `Bearer ${token.reveal()}`, 'Content-Type': type } },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }
}

async function imports(api: AskApi): Promise<Pick<Showroom['ids'], 'undecided' | 'imported'>> {
  /** The import once it is there, as told by the API. */
  const reached = (id: string, wanted: string): Promise<{ id: string; token: string }> =>
    eventually(async () => {
      const { state, token } = await api('GET', `/imports/${id}`)
      if (state !== wanted) throw new Error(`the import is ${String(state)}`)
      return { id, token: String(token) }
    }, 30_000)
  const open = async (fileName: string, csv: string): Promise<{ id: string; token: string }> => {
    const { id } = await api('POST', `/imports?fileName=${fileName}`, csv, 'text/csv')
    return reached(String(id), 'preview')
  }
  const { id: imported, token } = await open('new-starters.csv', STARTERS)
  await api('POST', `/imports/${imported}/confirm`, { token })
  await reached(imported, 'done')
  const { id: undecided } = await open('people-2026.csv', CSV)
  return { undecided, imported }
}
