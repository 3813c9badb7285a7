import type { z } from 'zod'
import type { AdminUser, ApiToken } from '../../accounts/account.js'
import { ALL_SITES, type CustomRole, type Grant } from '../../accounts/permissions.js'
import { shownLabel, whyNoPlace, type KeyLayout, type PlacedKey } from '../../catalog/key-bank.js'
import type { PhoneModel } from '../../catalog/manifest.js'
import type { DeviceView } from '../../devices/store.js'
import type { Millis } from '../../domain/clock.js'
import type { Binding, Id, LineKey, Site } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { groupNamesOf } from '../../extensions/groups.js'
import type { GroupName } from '../../extensions/store.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../../snapshot/snapshot.js'
import type { AdminParts } from '../parts.js'
import type * as accountSchemas from './account-schemas.js'
import type * as keySchemas from './key-schemas.js'
import type * as phoneSchemas from './phone-schemas.js'

export function isoTime(ms: Millis): string
export function isoTime(ms: Millis | undefined): string | undefined
export function isoTime(ms: Millis | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

/** Who is registered now, by line and by extension. */
export interface Registered {
  byLine: ReadonlyMap<Id, Binding>
  /** Contacts of each extension. */
  counts: ReadonlyMap<Id, number>
}

export function registeredNow({ bindings }: Pick<AdminParts, 'bindings'>): Registered {
  const byLine = new Map<Id, Binding>()
  const counts = new Map<Id, number>()
  for (const binding of bindings()) {
    if (binding.lineId !== undefined) byLine.set(binding.lineId, binding)
    counts.set(binding.extensionId, (counts.get(binding.extensionId) ?? 0) + 1)
  }
  return { byLine, counts }
}

export function keyView({
  position,
  bank,
  kind,
  value,
  label,
  line,
  locked,
}: LineKey): z.input<typeof phoneSchemas.device>['keys'][number] {
  return { position, bank, kind, value, label, line, locked }
}

/** Every key of a phone with what it shows, and what found no place on it. */
export function keyLayoutView(
  snapshot: Snapshot,
  siteId: Id,
  model: PhoneModel,
  { banks, overflow, repeated }: KeyLayout,
  phone: DeviceRecord | undefined,
): z.input<typeof keySchemas.keyLayout> {
  const lineLabel = (n: number | undefined): string | undefined => {
    const line = phone?.lines.find(({ position }) => position === (n ?? 1))
    return line && (line.label ?? snapshot.extension(line.extensionId)?.displayName)
  }
  const placed = (key: PlacedKey): z.input<typeof keySchemas.keyLayout>['keys'][number] => {
    const { bank, position, kind, value, label, line, from } = key
    if (kind === 'none') return { bank, position, kind }
    const target = value === undefined ? undefined : snapshot.extensionByNumber(siteId, value)
    const shown = shownLabel(key, lineLabel(line), target?.displayName, model.keys[bank]?.labelMax) ?? undefined
    return { bank, position, kind, value, label, line, shown, of: from?.owner.kind ?? 'account' }
  }
  return {
    model: model.model,
    name: model.name,
    mac: phone?.mac,
    keys: Object.values(banks).flatMap((keys) => keys.map(placed)),
    overflow: overflow.map((key) => ({
      ...keyView(key),
      of: key.owner.kind,
      why: key.owner.kind === 'device' ? 'place' : whyNoPlace(model, key),
    })),
    repeated: repeated.map((key) => ({ ...keyView(key), of: key.owner.kind })),
  }
}

/** Lines of phones by the extension they reach. */
export type Uses = ReadonlyMap<Id, readonly { mac: string; line: number }[]>

export function usesOf(devices: Iterable<DeviceRecord>): Uses {
  const uses = new Map<Id, { mac: string; line: number }[]>()
  for (const { mac, lines } of devices) {
    for (const { extensionId, position } of lines) {
      const own = uses.get(extensionId)
      if (own) own.push({ mac, line: position })
      else uses.set(extensionId, [{ mac, line: position }])
    }
  }
  return uses
}

export function extensionView(
  extension: ExtensionRecord,
  registered: Registered,
  phones: readonly { mac: string; line: number }[],
  allGroups: readonly GroupName[],
): z.input<typeof phoneSchemas.extension> {
  const { id, number, displayName, email, enabled, authUsername, keys, revision } = extension
  return {
    id,
    number,
    name: displayName,
    email,
    enabled,
    authUser: authUsername,
    keys: keys.map(keyView),
    phones: [...phones],
    groups: groupNamesOf(allGroups, extension),
    registrations: registered.counts.get(id) ?? 0,
    revision,
  }
}

export function deviceView(
  device: DeviceView,
  registered: Registered,
  groupName: string | undefined,
): z.input<typeof phoneSchemas.device> {
  const { id, mac, model, name, state, lines, keys, revision } = device
  return {
    id,
    mac,
    model,
    name,
    state,
    group: groupName,
    lines: lines.map((line) => ({
      position: line.position,
      extension: line.extension,
      displayName: line.displayName,
      label: line.label,
      authUser: line.authUsername,
      registered: registered.byLine.has(line.id),
    })),
    keys: keys.map(keyView),
    firmware: device.firmwareVersion,
    lastSeen: isoTime(device.lastSeenAt),
    lastSeenIp: device.lastSeenIp,
    registered: lines.some((line) => registered.byLine.has(line.id)),
    revision,
  }
}

/** A phone of the snapshot with the people on its lines. */
export function withPeople(snapshot: Snapshot, device: DeviceRecord): DeviceView {
  return {
    ...device,
    lines: device.lines.map((line) => {
      const person = snapshot.extension(line.extensionId)
      return {
        ...line,
        extension: person?.number ?? ('' as DeviceView['lines'][number]['extension']),
        displayName: person?.displayName ?? '',
      }
    }),
  }
}

/** Sites both ways. */
export class SiteNames {
  constructor(private readonly sites: readonly Site[]) {}

  slug(id: Id | undefined): string | undefined {
    return id === undefined || id === ALL_SITES ? undefined : (this.sites.find((one) => one.id === id)?.slug ?? id)
  }

  /** All sites without a slug. Throws SITE_NOT_FOUND. */
  id(slug: string | undefined): Id {
    if (slug === undefined) return ALL_SITES
    const found = this.sites.find((one) => one.slug === slug)
    if (!found) throw new AppError('SITE_NOT_FOUND', `there is no site "${slug.slice(0, 40)}"`, { field: 'site' })
    return found.id
  }

  grants(given: readonly { role: string; site?: string | undefined }[]): Grant[] {
    return given.map(({ role, site }) => ({ role, siteId: this.id(site) }))
  }
}

export async function siteNamesOf({ parts }: { parts: Pick<AdminParts, 'sites'> }): Promise<SiteNames> {
  return new SiteNames(await parts.sites.list())
}

export function adminView(user: AdminUser, sites: SiteNames): z.input<typeof accountSchemas.admin> {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    enabled: user.enabled,
    roles: user.grants.map(({ role, siteId }) => ({ role, site: sites.slug(siteId) })),
    totp: user.totpConfirmed,
    password: user.passwordHash !== undefined,
    lastSignIn: isoTime(user.lastSignInAt),
    revision: user.revision,
  }
}

export function roleView(
  { id, name, siteId, permissions, revision }: CustomRole,
  sites: SiteNames,
): z.input<typeof accountSchemas.role> {
  return { id, name, site: sites.slug(siteId), permissions: [...permissions], revision }
}

export function tokenView(token: ApiToken, sites: SiteNames): z.input<typeof accountSchemas.apiToken> {
  return {
    id: token.id,
    label: token.label,
    ...(token.scopes ? { scopes: [...token.scopes] } : {}),
    site: sites.slug(token.siteId),
    created: isoTime(token.createdAt),
    expires: isoTime(token.expiresAt),
    lastUsed: isoTime(token.lastUsedAt),
  }
}
