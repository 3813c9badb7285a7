import { Secret } from '../domain/secret.js'
import { type AccountTransport, numberOr, parseHostPort, type PhoneAccount, type PhoneKey } from './account.js'
import type { Entry } from './entry.js'

type Settings = (name: string, idx: number) => string | undefined

/** Identities of firmware 8.7 and 10; a pick-up code or transport is where Snom puts it. */
export function snomAccounts(entries: readonly Entry[]): PhoneAccount[] {
  const values = new Map<string, string>()
  const indexes = new Set<number>()
  for (const { name, attributes, value } of entries) {
    const idx = numberOr(attributes.idx, 0)
    if (!name.startsWith('user_') || idx < 1) continue
    values.set(`${name}#${idx}`, value)
    indexes.add(idx)
  }
  const setting: Settings = (name, idx) => values.get(`${name}#${idx}`)
  return [...indexes].sort((a, b) => a - b).map((idx) => readAccount(setting, idx))
}

/** `<fkey>`s, and the soft keys gui_fkey1 to 4, that are neither `none` nor an empty key event. */
export function snomKeys(entries: readonly Entry[]): PhoneKey[] {
  const keys = new Map<string, PhoneKey | undefined>()
  for (const { name, attributes, value } of entries) {
    const soft = /^gui_fkey([1-9])$/.exec(name)?.[1]
    if (name !== 'fkey' && soft === undefined) continue
    const position = soft === undefined ? numberOr(attributes.idx, 0) : Number(soft)
    keys.set(`${name}#${position}`, readKey(soft === undefined ? 'fkey' : 'gui_fkey', position, attributes, value))
  }
  return [...keys.values()].filter((key) => key !== undefined)
}

function readKey(
  bank: string,
  position: number,
  attributes: Readonly<Record<string, string>>,
  text: string,
): PhoneKey | undefined {
  const blank = text.indexOf(' ')
  const code = blank === -1 ? text : text.slice(0, blank)
  const rest = blank === -1 ? '' : text.slice(blank + 1)
  if (code === '' || code === 'none' || text === 'keyevent F_NONE') return undefined
  // Only behind a BLF the bar has a meaning: what follows is the pick-up code.
  const bar = code === 'blf' ? rest.lastIndexOf('|') : -1
  const pickup = bar === -1 ? '' : rest.slice(bar + 1)
  const account = numberOr(attributes.context, 0)
  return {
    bank,
    position,
    code,
    value: bar === -1 ? rest : rest.slice(0, bar),
    label: attributes.label ?? '',
    ...(account > 0 && { account }),
    ...(pickup && { pickup }),
  }
}

function readAccount(setting: Settings, idx: number): PhoneAccount {
  const of = (name: string): string => setting(name, idx) ?? ''
  const user = of('user_name')
  const { host, port } = parseHostPort(of('user_host'))
  // A second proxy may follow after a comma.
  const outbound = of('user_outbound').split(',', 1)[0] ?? ''
  const transport = transportOf(outbound)
  const standardPort = transport === 'tls' ? 5061 : 5060
  const proxy = parseHostPort(outbound)
  return {
    index: idx,
    active: of('user_active') !== 'off' && user !== '' && host !== '',
    user,
    authUser: of('user_pname') || user,
    password: new Secret(of('user_pass')),
    server: host,
    port: port ?? standardPort,
    transport,
    displayName: of('user_realname'),
    label: of('user_idle_text'),
    expiresSeconds: numberOr(of('user_expiry'), 3600),
    ...(proxy.host && { outboundProxy: { host: proxy.host, port: proxy.port ?? standardPort } }),
  }
}

/** Without `;transport=` the phone asks DNS. */
function transportOf(outbound: string): AccountTransport {
  const named = /;transport=(udp|tcp|tls)\b/i.exec(outbound)?.[1]?.toLowerCase()
  return (named as AccountTransport | undefined) ?? 'dns'
}
