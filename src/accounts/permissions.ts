import type { Id } from '../domain/entities.js'

/** Every right there is, with what it lets somebody do. Routes name one of them; custom roles are lists of them. */
export const PERMISSIONS = {
  'people.read': 'see people, their keys and where they are used',
  'people.write': 'add, change and remove people and their keys',
  'people.password': "set a person's SIP password anew",
  'people.secrets': "see a person's SIP password",
  'phones.read': 'see phones, their lines and keys',
  'phones.write': 'add, change, move and remove phones, their lines and keys',
  'phones.state': 'block and approve phones',
  'phones.password': 'set the SIP password of a line anew',
  'phones.secrets': "see a phone's admin password and config token",
  'files.read': 'see the files a phone would get, secrets masked',
  'settings.read': 'see settings and where values come from',
  'settings.write': 'change settings of the site, its groups, people and phones',
  'settings.global': 'change settings of all sites, of vendors and models',
  'registrations.read': 'see who is registered',
  'events.read': 'see what phones asked and were given',
  'strangers.read': 'see requests of unknown phones',
  'bans.read': 'see addresses that are not heard for a while',
  'bans.write': 'hear a banned address again',
  'bulk.import': 'import CSV files, and change many at once',
  'bulk.export': 'export CSV files without passwords',
  'audit.read': 'see who changed what',
  'accounts.read': 'see admins, roles and tokens',
  'accounts.write': 'add, change and remove admins, roles and tokens',
  'webhooks.read': 'see who is told of changes by webhooks',
  'webhooks.write': 'add, change and remove webhooks',
  'sites.read': 'see all sites',
  'sites.write': 'add and change sites',
  'server.read': 'see metrics and state of the server',
} as const

export type Permission = keyof typeof PERMISSIONS
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]]

const READS = PERMISSION_NAMES.filter((name) => name.endsWith('.read'))
const without = (...left: Permission[]): Permission[] => PERMISSION_NAMES.filter((name) => !left.includes(name))
const VIEWER = READS.filter(
  (name) => !['audit.read', 'accounts.read', 'webhooks.read', 'sites.read', 'server.read'].includes(name),
)

/** Roles that are always there, from the mightiest. */
export const ROLES = {
  /** Everything. */
  owner: PERMISSION_NAMES,
  /** Everything but sites and what concerns all of them. */
  admin: without('sites.write', 'settings.global'),
  /** People, phones and settings, with their secrets; no accounts. */
  operator: [
    ...VIEWER,
    'people.write',
    'people.password',
    'people.secrets',
    'phones.write',
    'phones.state',
    'phones.password',
    'phones.secrets',
    'settings.write',
    'bans.write',
    'bulk.import',
    'bulk.export',
  ],
  /** Sees everything about people and phones, mends passwords, blocks lost phones. */
  helpdesk: [...VIEWER, 'people.password', 'phones.password', 'phones.state'],
  /** Sees people and phones, no secrets. */
  viewer: VIEWER,
  /** Nothing but the own account. */
  user: [],
} as const satisfies Record<string, readonly Permission[]>

export type RoleName = keyof typeof ROLES
export const ROLE_NAMES = Object.keys(ROLES) as [RoleName, ...RoleName[]]

export function isRoleName(text: string): text is RoleName {
  return Object.hasOwn(ROLES, text)
}

/** In place of a site's id: all sites, also those that come later. */
export const ALL_SITES = ''

/** A role that somebody has in one site, or in all (`ALL_SITES`). */
export interface Grant {
  readonly siteId: Id
  /** One of ROLES, or the name of a custom role of this site or of all. */
  readonly role: string
}

/** A role made of single permissions, for one site or for all. */
export interface CustomRole {
  readonly id: Id
  readonly siteId: Id
  readonly name: string
  readonly permissions: readonly Permission[]
  readonly revision: number
}

/** What somebody may do, by site; `ALL_SITES` holds what he may do in every site and to the server itself. */
export type Rights = ReadonlyMap<Id, ReadonlySet<Permission>>

/** Somebody at the machine itself, by command line. */
export const EVERY_RIGHT: Rights = new Map([[ALL_SITES, new Set(PERMISSION_NAMES)]])

/** Permissions of a role; one that is not there any more gives none. */
export function permissionsOf({ siteId, role }: Grant, custom: readonly CustomRole[]): readonly Permission[] {
  if (isRoleName(role)) return ROLES[role]
  const named = custom.filter(({ name }) => name === role)
  return (
    (named.find((one) => one.siteId === siteId) ?? named.find((one) => one.siteId === ALL_SITES))?.permissions ?? []
  )
}

export function rightsOf(grants: readonly Grant[], custom: readonly CustomRole[]): Rights {
  const rights = new Map<Id, Set<Permission>>()
  for (const grant of grants) {
    const own = rights.get(grant.siteId) ?? new Set()
    for (const permission of permissionsOf(grant, custom)) own.add(permission)
    rights.set(grant.siteId, own)
  }
  return rights
}

/** True when the permission is there for this site; `ALL_SITES` asks for the server as a whole. */
export function may(rights: Rights, permission: Permission, siteId: Id): boolean {
  return Boolean(rights.get(ALL_SITES)?.has(permission) || rights.get(siteId)?.has(permission))
}

/** True when `rights` hold each of `permissions` in the site. */
export function mayAll(rights: Rights, permissions: readonly Permission[], siteId: Id): boolean {
  return permissions.every((permission) => may(rights, permission, siteId))
}

/** What is left of `rights` by a token that is for some permissions or for one site only. */
export function narrowed(rights: Rights, only: { scopes?: readonly Permission[]; siteId?: Id }): Rights {
  const { scopes, siteId } = only
  const cut = (own: ReadonlySet<Permission>): Set<Permission> =>
    new Set(scopes === undefined ? own : [...own].filter((permission) => scopes.includes(permission)))
  if (siteId === undefined) return new Map([...rights].map(([site, own]) => [site, cut(own)]))
  return new Map([[siteId, cut(new Set([...(rights.get(ALL_SITES) ?? []), ...(rights.get(siteId) ?? [])]))]])
}

/** Sites named in the rights; undefined: every site. */
export function sitesIn(rights: Rights): readonly Id[] | undefined {
  return rights.has(ALL_SITES) ? undefined : [...rights.keys()]
}
