import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError } from './domain/errors.js'
import { plainIssue } from './domain/plain-issue.js'
import { LOG_LEVELS, type LogLevel } from './observe/log.js'
import { parsePublished, type GivenAddress } from './softphones/published.js'

/** Settings of the server itself. Ports: 0 means any free port. Generated table: docs/operations.md. */
export interface Config {
  databaseUrl?: string
  dataDir: string
  firmwareDir: string
  /** The operator's own phones, laid over device-templates/. */
  templatesDir?: string
  bind: 'all' | string[]
  /** Name or address that phones are told; undefined: the address the phone reached. */
  host?: string
  httpPort: number
  httpsPort: number
  tftpPort: number
  /** 69 was not asked for by hand, so 6969 may stand in for it. */
  tftpPortIsDefault: boolean
  /** Ports of TFTP transfers; undefined: any. */
  tftpTransferPorts?: { from: number; to: number }
  sipPort: number
  /** SIP over TLS. */
  sipsPort: number
  /** Origins of web pages that may speak SIP over WebSocket, beside the server's own; `all`: any. */
  webSocketOrigins: 'all' | string[]
  sipDomain?: string
  sipNonceSeconds: number
  trustedNetworks?: string
  trustedProxies?: string
  /** Beside public addresses, what webhooks may call. */
  webhookNetworks?: string
  unlimitedNetworks?: string
  /** Points for refused requests that an address may gather in ten minutes. */
  maxRefusals: number
  /** Length of a first ban. */
  banMinutes: number
  /** User-Agents that get no SIP answer, parted by commas; undefined: the built-in list. */
  sipScanners?: string
  /** Admin page and REST API. */
  adminPort: number
  /** 3000 was not asked for by hand, so a free port may stand in for it. */
  adminPortIsDefault: boolean
  /** Addresses of the admin listener; beyond loopback it speaks HTTPS. */
  adminBind: 'all' | string[]
  /** Whether set-ups of softphones are served, and to whom by HTTP. */
  softphones: 'off' | 'https' | 'http-trusted' | 'http'
  /** Addresses that people reach the server by, with names. */
  published: readonly GivenAddress[]
  /** `smtp://user:password@host:587`; undefined: mails are kept as not sent. */
  smtpUrl?: string
  /** Sender of mails. */
  smtpFrom?: string
  mailLanguage: 'en' | 'de'
  /** Who gets an extension with an address gets a mail. */
  welcomeMail: boolean
  /** Whether people have pages of their own on the phones' HTTPS port, and may change keys there. */
  selfService: 'off' | 'look' | 'keys'
  /** `password`: people may also sign in by a password that they set there. */
  selfServiceSignIn: 'link' | 'password'
  /** `domain-first`: admins are asked for the domain of their site first, then for name and password. */
  adminSignIn: 'together' | 'domain-first'
  tlsCert?: string
  tlsKey?: string
  eventDays: number
  logLevel: LogLevel
}

const port = z.coerce.number().int().min(0).max(65535)
const text = z.string().trim().min(1)
const hostText = text.regex(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+)$/,
  'must be a host name or an address without a port',
)
const portRange = text
  .regex(/^\d{1,5}-\d{1,5}$/, 'must be two ports, for example 40000-40999')
  .transform((range, context) => {
    const [from = 0, to = 0] = range.split('-').map(Number)
    if (from < 1 || to > 65535 || from > to)
      context.addIssue(`"${range}" is no range of ports; the lower one comes first`)
    return { from, to }
  })
const bindList = text.transform((list, context) => {
  if (list === 'all') return 'all' as const
  const addresses = list.split(/[\s,]+/).filter(Boolean)
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) context.addIssue(`"${wrong}" is not an IP address; give addresses of this machine, or all`)
  return addresses
})

const originList = text.transform((list, context) => {
  if (list === 'all') return 'all' as const
  const origins = list.split(/[\s,]+/).filter(Boolean)
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin.toLowerCase())
  if (wrong !== undefined) {
    context.addIssue(`"${wrong}" is not an origin; write https://crm.example.com, parted by commas, or all`)
  }
  return origins.map((origin) => origin.toLowerCase())
})

const schema = z.strictObject({
  PHONEBOOT_DATABASE_URL: text.optional(),
  PHONEBOOT_DATA_DIR: text.default('data'),
  PHONEBOOT_FIRMWARE_DIR: text.default('firmware'),
  PHONEBOOT_TEMPLATES_DIR: text.optional(),
  PHONEBOOT_BIND: bindList.default('all'),
  PHONEBOOT_HOST: hostText.optional(),
  PHONEBOOT_HTTP_PORT: port.default(8080),
  PHONEBOOT_HTTPS_PORT: port.default(8443),
  PHONEBOOT_TFTP_PORT: port.optional(),
  PHONEBOOT_TFTP_TRANSFER_PORTS: portRange.optional(),
  PHONEBOOT_SIP_PORT: port.default(5060),
  PHONEBOOT_SIPS_PORT: port.default(5061),
  PHONEBOOT_WEBSOCKET_ORIGINS: originList.default([]),
  PHONEBOOT_SIP_DOMAIN: hostText.optional(),
  PHONEBOOT_SIP_NONCE_SECONDS: z.coerce.number().int().min(10).max(86400).default(300),
  PHONEBOOT_TRUSTED_NETWORKS: z.string().optional(),
  PHONEBOOT_TRUSTED_PROXIES: z.string().optional(),
  PHONEBOOT_WEBHOOK_NETWORKS: z.string().optional(),
  PHONEBOOT_UNLIMITED_NETWORKS: z.string().optional(),
  PHONEBOOT_MAX_REFUSALS: z.coerce.number().int().min(10).max(1_000_000).default(100),
  PHONEBOOT_BAN_MINUTES: z.coerce.number().int().min(1).max(1440).default(10),
  PHONEBOOT_SIP_SCANNERS: text.optional(),
  PHONEBOOT_ADMIN_PORT: port.optional(),
  PHONEBOOT_ADMIN_BIND: bindList.default(['127.0.0.1']),
  PHONEBOOT_SOFTPHONES: z.enum(['off', 'https', 'http-trusted', 'http']).default('http-trusted'),
  PHONEBOOT_PUBLISHED_ADDRESSES: text.optional(),
  PHONEBOOT_SMTP_URL: text.regex(/^smtps?:\/\/\S+$/, 'must begin with smtp:// or smtps://').optional(),
  PHONEBOOT_SMTP_FROM: text
    .regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, 'must be an e-mail address, or Name <address>')
    .optional(),
  PHONEBOOT_MAIL_LANGUAGE: z.enum(['en', 'de']).default('en'),
  PHONEBOOT_WELCOME_MAIL: z.enum(['on', 'off']).default('on'),
  PHONEBOOT_SELF_SERVICE: z.enum(['off', 'look', 'keys']).default('off'),
  PHONEBOOT_SELF_SERVICE_SIGN_IN: z.enum(['link', 'password']).default('link'),
  PHONEBOOT_ADMIN_SIGN_IN: z.enum(['together', 'domain-first']).default('together'),
  PHONEBOOT_TLS_CERT: text.optional(),
  PHONEBOOT_TLS_KEY: text.optional(),
  PHONEBOOT_EVENT_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  PHONEBOOT_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
})

/** Names of all settings, in the order of the table in docs/operations.md. */
export const CONFIG_KEYS: readonly string[] = Object.keys(schema.shape)

/** Used by tests and the demo, not read as settings of the server. */
const FOREIGN = /^PHONEBOOT_TEST_/

/**
 * Reads the settings: environment over `phoneboot.yaml` (same names in lower case) over defaults.
 * Throws CONFIG_INVALID naming the setting, why, and all known names for an unknown one.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, folder: string): Config {
  const given: Record<string, string> = { ...readFile(resolve(folder, 'phoneboot.yaml')) }
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('PHONEBOOT_') && !FOREIGN.test(name) && value !== undefined && value !== '') given[name] = value
  }
  for (const name of Object.keys(given)) {
    if (!CONFIG_KEYS.includes(name)) {
      throw new AppError('CONFIG_INVALID', `${name}: unknown setting; known are ${CONFIG_KEYS.join(', ')}`, {
        field: name,
      })
    }
  }
  const parsed = schema.safeParse(given, { error: plainIssue })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = String(issue?.path[0] ?? 'phoneboot.yaml')
    throw new AppError('CONFIG_INVALID', `${field}: ${issue?.message}`, { field })
  }
  return toConfig(parsed.data, folder)
}

function toConfig(data: z.infer<typeof schema>, folder: string): Config {
  if ((data.PHONEBOOT_TLS_CERT === undefined) !== (data.PHONEBOOT_TLS_KEY === undefined)) {
    throw new AppError('CONFIG_INVALID', 'PHONEBOOT_TLS_CERT and PHONEBOOT_TLS_KEY go together', {
      field: 'PHONEBOOT_TLS_KEY',
    })
  }
  if (data.PHONEBOOT_SMTP_URL !== undefined && data.PHONEBOOT_SMTP_FROM === undefined) {
    throw new AppError('CONFIG_INVALID', 'PHONEBOOT_SMTP_URL needs PHONEBOOT_SMTP_FROM, the sender of mails', {
      field: 'PHONEBOOT_SMTP_FROM',
    })
  }
  const optional = <K extends keyof Config>(key: K, value: Config[K] | undefined): Partial<Config> =>
    value === undefined ? {} : ({ [key]: value } as Partial<Config>)
  const path = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : resolve(folder, value)
  return {
    dataDir: resolve(folder, data.PHONEBOOT_DATA_DIR),
    firmwareDir: resolve(folder, data.PHONEBOOT_FIRMWARE_DIR),
    bind: data.PHONEBOOT_BIND,
    httpPort: data.PHONEBOOT_HTTP_PORT,
    httpsPort: data.PHONEBOOT_HTTPS_PORT,
    tftpPort: data.PHONEBOOT_TFTP_PORT ?? 69,
    tftpPortIsDefault: data.PHONEBOOT_TFTP_PORT === undefined,
    sipPort: data.PHONEBOOT_SIP_PORT,
    sipsPort: data.PHONEBOOT_SIPS_PORT,
    webSocketOrigins: data.PHONEBOOT_WEBSOCKET_ORIGINS,
    sipNonceSeconds: data.PHONEBOOT_SIP_NONCE_SECONDS,
    adminPort: data.PHONEBOOT_ADMIN_PORT ?? 3000,
    adminPortIsDefault: data.PHONEBOOT_ADMIN_PORT === undefined,
    adminBind: data.PHONEBOOT_ADMIN_BIND,
    mailLanguage: data.PHONEBOOT_MAIL_LANGUAGE,
    welcomeMail: data.PHONEBOOT_WELCOME_MAIL === 'on',
    selfService: data.PHONEBOOT_SELF_SERVICE,
    selfServiceSignIn: data.PHONEBOOT_SELF_SERVICE_SIGN_IN,
    adminSignIn: data.PHONEBOOT_ADMIN_SIGN_IN,
    softphones: data.PHONEBOOT_SOFTPHONES,
    published: parsePublished(data.PHONEBOOT_PUBLISHED_ADDRESSES ?? '', 'PHONEBOOT_PUBLISHED_ADDRESSES'),
    maxRefusals: data.PHONEBOOT_MAX_REFUSALS,
    banMinutes: data.PHONEBOOT_BAN_MINUTES,
    eventDays: data.PHONEBOOT_EVENT_DAYS,
    logLevel: data.PHONEBOOT_LOG_LEVEL,
    ...optional('databaseUrl', data.PHONEBOOT_DATABASE_URL),
    ...optional('templatesDir', path(data.PHONEBOOT_TEMPLATES_DIR)),
    ...optional('host', data.PHONEBOOT_HOST),
    ...optional('tftpTransferPorts', data.PHONEBOOT_TFTP_TRANSFER_PORTS),
    ...optional('sipDomain', data.PHONEBOOT_SIP_DOMAIN?.toLowerCase()),
    ...optional('trustedNetworks', data.PHONEBOOT_TRUSTED_NETWORKS),
    ...optional('trustedProxies', data.PHONEBOOT_TRUSTED_PROXIES),
    ...optional('webhookNetworks', data.PHONEBOOT_WEBHOOK_NETWORKS),
    ...optional('unlimitedNetworks', data.PHONEBOOT_UNLIMITED_NETWORKS),
    ...optional('sipScanners', data.PHONEBOOT_SIP_SCANNERS),
    ...optional('smtpUrl', data.PHONEBOOT_SMTP_URL),
    ...optional('smtpFrom', data.PHONEBOOT_SMTP_FROM),
    ...optional('tlsCert', path(data.PHONEBOOT_TLS_CERT)),
    ...optional('tlsKey', path(data.PHONEBOOT_TLS_KEY)),
  }
}

/** `phoneboot_http_port: 80` or shorter `http_port: 80`. */
function readFile(path: string): Record<string, string> {
  if (!existsSync(path)) return {}
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new AppError('CONFIG_INVALID', `phoneboot.yaml: ${message}`, { field: 'phoneboot.yaml' })
  }
  if (content === null || content === undefined) return {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new AppError('CONFIG_INVALID', 'phoneboot.yaml: must be a list of "name: value" lines', {
      field: 'phoneboot.yaml',
    })
  }
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(content)) {
    const upper = name.toUpperCase()
    const key = upper.startsWith('PHONEBOOT_') ? upper : `PHONEBOOT_${upper}`
    // A name without a value is like an empty variable of the environment.
    if (value !== null && value !== '') given[key] = Array.isArray(value) ? value.join(',') : String(value)
  }
  return given
}
