import { Secret } from '../domain/secret.js'
import { type AccountTransport, numberOr, parseHostPort, type PhoneAccount, type PhoneKey } from './account.js'
import type { Entry } from './entry.js'

/** P numbers of account 1, and what is added to the base of an account 2 to 6. */
const FIELDS = {
  active: [271, 1],
  server: [47, 2],
  proxy: [48, 3],
  user: [35, 4],
  authUser: [36, 5],
  password: [34, 6],
  displayName: [3, 7],
  register: [31, 10],
  expires: [32, 12],
  label: [270, 17],
  transport: [130, 48],
} as const
type Field = keyof typeof FIELDS

const BASES = [400, 500, 600, 1700, 1800]

const ITEMS: Readonly<Record<Field, string>> = {
  active: 'enable',
  server: 'sip.server.1.address',
  proxy: 'sip.outboundProxy.1.address',
  user: 'sip.userid',
  authUser: 'sip.subscriber.userid',
  password: 'sip.subscriber.password',
  displayName: 'sip.subscriber.name',
  register: 'sip.registration',
  expires: 'sip.registerExpiration',
  label: 'name',
  transport: 'sip.transport',
}

const TRANSPORTS: Readonly<Record<string, AccountTransport>> = {
  '0': 'udp',
  '1': 'tcp',
  '2': 'tls',
  UDP: 'udp',
  TCP: 'tcp',
  TlsOrTcp: 'tls',
}

type Values = ReadonlyMap<string, string>

/** Accounts 1 to 6 by P number, or any by name (version 2). */
export function grandstreamAccounts(entries: readonly Entry[]): PhoneAccount[] {
  const values: Values = new Map(entries.map(({ name, value }) => [name, value]))
  const accounts: PhoneAccount[] = []
  for (let index = 1; index <= 6; index += 1) {
    const nameOf = (field: Field): string => pNumber(field, index)
    if ((['active', 'server', 'user'] as const).some((field) => values.has(nameOf(field)))) {
      accounts.push(readAccount(values, nameOf, index))
    }
  }
  for (const index of namedAccounts(entries)) {
    accounts.push(readAccount(values, (field) => `account.${index}.${ITEMS[field]}`, index))
  }
  return accounts
}

function pNumber(field: Field, index: number): string {
  const [first, offset] = FIELDS[field]
  return index === 1 ? `P${first}` : `P${(BASES[index - 2] ?? 0) + offset}`
}

function namedAccounts(entries: readonly Entry[]): number[] {
  const found = entries.map(({ name }) => /^account\.([1-9]\d?)\./.exec(name)?.[1]).filter((text) => text !== undefined)
  return [...new Set(found.map(Number))].sort((a, b) => a - b)
}

function readAccount(values: Values, nameOf: (field: Field) => string, index: number): PhoneAccount {
  const of = (field: Field): string => values.get(nameOf(field)) ?? ''
  const user = of('user')
  const transport = TRANSPORTS[of('transport')] ?? 'udp'
  const standardPort = transport === 'tls' ? 5061 : 5060
  const { host, port } = parseHostPort(of('server'))
  const proxy = parseHostPort(of('proxy'))
  return {
    index,
    active: isOn(of('active')) && !isOff(of('register')),
    user,
    authUser: of('authUser') || user,
    password: new Secret(of('password')),
    server: host,
    port: port ?? standardPort,
    transport,
    displayName: of('displayName'),
    label: of('label'),
    expiresSeconds: numberOr(of('expires'), 60) * 60,
    ...(proxy.host && { outboundProxy: { host: proxy.host, port: proxy.port ?? standardPort } }),
  }
}

function isOn(text: string): boolean {
  return text === '1' || text === 'Yes'
}

function isOff(text: string): boolean {
  return text === '0' || text === 'No'
}

/** Mode, account, label and value of a key by P number. */
type Slot = readonly [number, number, number, number]

const following = (base: number): Slot => [base, base + 1, base + 2, base + 3]

const BANKS: readonly { bank: string; count: number; slot(n: number): Slot }[] = [
  {
    bank: 'vpk',
    count: 48,
    slot: (n) =>
      n <= 6
        ? [1363 + 2 * (n - 1), 1364 + 2 * (n - 1), 1465 + 2 * (n - 1), 1466 + 2 * (n - 1)]
        : following(23800 + 4 * (n - 7)),
  },
  {
    bank: 'mpk',
    count: 24,
    slot: (n) => {
      if (n <= 7) return [322 + n, 301 + 3 * (n - 1), 302 + 3 * (n - 1), 303 + 3 * (n - 1)]
      return following(n <= 18 ? 353 + 4 * (n - 8) : 1440 + 4 * (n - 19))
    },
  },
  // Five numbers a key: the fifth has no known use.
  { bank: 'ext', count: 160, slot: (n) => following(23000 + 5 * (n - 1)) },
]

/**
 * Virtual (vpk; on GXP16xx the line keys), multi-purpose (mpk) and extension-board (ext) keys. Not in the list: mode
 * -1 or None, and a speed dial without a number, which is how a GXP16xx multi-purpose key is cleared.
 */
export function grandstreamKeys(entries: readonly Entry[]): PhoneKey[] {
  const values: Values = new Map(entries.map(({ name, value }) => [name, value]))
  const keys: PhoneKey[] = []
  for (const { bank, count, slot } of BANKS) {
    for (let position = 1; position <= count; position += 1) {
      const [mode, account, label, value] = slot(position).map((number) => values.get(`P${number}`))
      keys.push(...keyOf(bank, position, { mode, account: zeroBased(account), label, value }))
    }
  }
  for (const { name } of entries) {
    const match = /^pks\.(vpk|mpk|ext)\.([1-9]\d{0,2})\.keyMode$/.exec(name)
    if (!match) continue
    const of = (field: string): string | undefined => values.get(name.replace('keyMode', field))
    const [bank = '', position] = [match[1], Number(match[2])]
    const account = /^Account(\d+)$/.exec(of('account') ?? '')?.[1]
    keys.push(
      ...keyOf(bank, position, {
        mode: of('keyMode'),
        account: account === undefined ? zeroBased(of('account')) : Number(account),
        label: of('description'),
        value: of('value'),
      }),
    )
  }
  return keys
}

function zeroBased(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,2}$/.test(text) ? Number(text) + 1 : undefined
}

interface KeyFields {
  mode: string | undefined
  account: number | undefined
  label: string | undefined
  value: string | undefined
}

function keyOf(bank: string, position: number, { mode, account, label = '', value = '' }: KeyFields): PhoneKey[] {
  if (mode === undefined || mode === '' || mode === '-1' || mode === 'None') return []
  const isEmptySpeedDial = value === '' && ((mode === '0' && bank !== 'vpk') || mode === 'SpeedDial')
  if (isEmptySpeedDial) return []
  return [{ bank, position, code: mode, value, label, ...(account !== undefined && { account }) }]
}
