import { Secret } from '../domain/secret.js'
import { type AccountTransport, numberOr, type PhoneAccount, type PhoneKey, type PhoneTraits } from './account.js'
import type { Entry } from './entry.js'

const TRANSPORTS: Readonly<Record<string, AccountTransport>> = { '0': 'udp', '1': 'tcp', '2': 'tls', '3': 'dns' }
const KEY_TYPE = /^((linekey|memorykey|programablekey)|(expansion_module\.\d+)\.key)\.(\d+)\.type$/
const UNUSED = '0'

type Parameters = (name: string) => string | undefined

/** Accounts of V70 to V87 files; transport is read from the name that the generation knows. */
export function yealinkAccounts(entries: readonly Entry[], { generation }: PhoneTraits): PhoneAccount[] {
  const parameter = lookup(entries)
  return accountIndexes(entries).map((index) => readAccount(parameter, index, generation))
}

/** Line keys, memory keys, programable keys and keys of expansion modules whose type is not 0 (N/A). */
export function yealinkKeys(entries: readonly Entry[]): PhoneKey[] {
  const parameter = lookup(entries)
  const keys: PhoneKey[] = []
  for (const name of new Set(entries.map((entry) => entry.name))) {
    const match = KEY_TYPE.exec(name)
    const code = parameter(name)
    if (!match || code === undefined || code === UNUSED || code === '') continue
    const prefix = `${match[1]}.${match[4]}`
    const account = numberOr(parameter(`${prefix}.line`), 0)
    const pickup = parameter(`${prefix}.extension`) ?? parameter(`${prefix}.pickup_value`)
    keys.push({
      bank: match[2] ?? match[3] ?? '',
      position: Number(match[4]),
      code,
      value: parameter(`${prefix}.value`) ?? '',
      label: parameter(`${prefix}.label`) ?? '',
      ...(account > 0 && { account }),
      ...(pickup && { pickup }),
    })
  }
  return keys
}

/** The last mention wins, as when the common file is followed by the phone's own; `%NULL%` is the factory default. */
function lookup(entries: readonly Entry[]): Parameters {
  const values = new Map(entries.map(({ name, value }) => [name, value]))
  return (name) => {
    const value = values.get(name)
    return value === '%NULL%' ? undefined : value
  }
}

function accountIndexes(entries: readonly Entry[]): number[] {
  const indexes = entries
    .map(({ name }) => /^account\.(\d{1,2})\./.exec(name)?.[1])
    .filter((text) => text !== undefined)
  return [...new Set(indexes.map(Number))].sort((a, b) => a - b)
}

function readAccount(parameter: Parameters, index: number, generation: number | undefined): PhoneAccount {
  const of = (name: string): string | undefined => parameter(`account.${index}.${name}`)
  const user = of('user_name') ?? ''
  const outboundProxy = of('outbound_proxy_enable') === '1' ? readProxy(of) : undefined
  return {
    index,
    active: of('enable') === '1',
    user,
    authUser: of('auth_name') || user,
    password: new Secret(of('password') ?? ''),
    server: of('sip_server.1.address') ?? of('sip_server_host') ?? '',
    port: numberOr(of('sip_server.1.port') ?? of('sip_server_port'), 5060) || 5060,
    transport: TRANSPORTS[transportCode(of, generation)] ?? 'udp',
    displayName: of('display_name') ?? '',
    label: of('label') ?? '',
    expiresSeconds: numberOr(of('sip_server.1.expires') ?? of('expires'), 3600),
    ...(outboundProxy && { outboundProxy }),
  }
}

/** V70 to V73 read `account.X.transport`, V80 and later `account.X.sip_server.1.transport_type`; each ignores the other. */
function transportCode(of: Parameters, generation: number | undefined): string {
  const older = of('transport')
  const newer = of('sip_server.1.transport_type')
  if (generation === undefined) return newer ?? older ?? '0'
  return (generation >= 80 ? newer : older) ?? '0'
}

function readProxy(of: Parameters): { host: string; port: number } | undefined {
  const host = of('outbound_proxy.1.address') ?? of('outbound_host')
  if (!host) return undefined
  return { host, port: numberOr(of('outbound_proxy.1.port') ?? of('outbound_port'), 5060) || 5060 }
}
