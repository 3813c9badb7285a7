import { AppError } from '../domain/errors.js'
import { parseNetworks, type Networks } from '../network/trust.js'

/** What of somebody's manual attributes this server can act on. */
export interface ManualRules {
  /** Where phones may register from, by the section acl. */
  readonly networks?: Networks
  /** Most registrations at once, by the section aor. */
  readonly maxContacts?: number
}

const CONTACTS_MAX = 20
const EVERYTHING: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0'])
const READ = new WeakMap<ReadonlyMap<string, unknown>, ManualRules>()
const NONE: ManualRules = {}

/**
 * Reads the manual attributes among the settings of a person, which are text in the manner of Asterisk's files. What it
 * does not understand as a whole it leaves to the PBX: half a filter would be none.
 */
export function manualRules(values: ReadonlyMap<string, unknown>): ManualRules {
  let rules = READ.get(values)
  if (!rules) {
    rules = readRules(values)
    READ.set(values, rules)
  }
  return rules
}

function readRules(values: ReadonlyMap<string, unknown>): ManualRules {
  const sections = sectionsOf(textOf(values, 'manualAttributes'))
  const lines = (section: string, key: string): readonly Line[] => {
    const own = textOf(values, key)
    return (own === '' ? sections : sectionsOf(own, section)).get(section) ?? []
  }
  const networks = networksOf(lines('acl', 'manualAcl'))
  const maxContacts = contactsOf(lines('aor', 'manualAor'))
  if (networks === undefined && maxContacts === undefined) return NONE
  return { ...(networks ? { networks } : {}), ...(maxContacts === undefined ? {} : { maxContacts }) }
}

type Line = readonly [key: string, value: string]

function textOf(values: ReadonlyMap<string, unknown>, key: string): string {
  const value = values.get(key)
  return typeof value === 'string' ? value : ''
}

/** `key = value` lines by section; lines before the first one belong to `first`. Comments begin with a semicolon. */
function sectionsOf(text: string, first = ''): Map<string, Line[]> {
  const sections = new Map<string, Line[]>()
  let name = first
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/;.*$/, '').trim()
    const header = /^\[([^\]]+)\]/.exec(line)
    if (header) name = (header[1] ?? '').trim().toLowerCase()
    const [, key, value] = /^([A-Za-z_]+)\s*=>?\s*(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    const own = sections.get(name) ?? []
    own.push([key.toLowerCase(), value.trim()])
    sections.set(name, own)
  }
  return sections
}

/** Only what begins by denying everything and then permits is a list of allowed networks. */
function networksOf(lines: readonly Line[]): Networks | undefined {
  const rules = lines.filter(([key]) => key === 'deny' || key === 'permit')
  const start = rules.findIndex(([key]) => key === 'permit')
  if (start < 1) return undefined
  const denied = rules.slice(0, start).map(([, value]) => cidrOf(value))
  const permitted = rules.slice(start)
  if (!denied.every((value) => EVERYTHING.has(value)) || permitted.some(([key]) => key === 'deny')) return undefined
  try {
    const networks = parseNetworks(permitted.map(([, value]) => cidrOf(value)).join(','), 'manualAcl')
    return networks.cidrs.length === permitted.length ? networks : undefined
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

/** `192.168.0.0/255.255.0.0` as `192.168.0.0/16`; anything else as it is. */
function cidrOf(text: string): string {
  const [, address = '', mask] = /^([\d.]+)\/(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? []
  if (mask === undefined) return text
  const bits = mask
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('')
  return /^1*0*$/.test(bits) && bits.length === 32 ? `${address}/${bits.lastIndexOf('1') + 1}` : text
}

function contactsOf(lines: readonly Line[]): number | undefined {
  const text = lines.findLast(([key]) => key === 'max_contacts')?.[1] ?? ''
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return count >= 1 ? Math.min(count, CONTACTS_MAX) : undefined
}
