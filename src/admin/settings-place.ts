import { ALL_SITES, may } from '../accounts/permissions.js'
import type { Catalog } from '../catalog/catalog.js'
import type { Id, Layer } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { SHARED_LAYERS } from '../settings/use-cases.js'
import type { Origin } from '../settings/resolve.js'
import { siteZone } from '../snapshot/site-value.js'
import type { Call } from './route.js'
import type { AdminParts, SiteUseCases } from './parts.js'

/**
 * The id behind the name of a layer owner: anything for global and site, family, model, name of a group, number of an extension, MAC address, and
 * `<mac>.<position>` for a line. Throws MODEL_UNKNOWN, GROUP_NOT_FOUND, EXTENSION_NOT_FOUND, DEVICE_NOT_FOUND,
 * LINE_INVALID.
 */
export async function ownerId(
  { catalog }: { catalog: Catalog },
  use: Pick<SiteUseCases, 'groups' | 'extensions' | 'devices'>,
  siteId: Id,
  layer: Layer,
  name: string,
): Promise<string> {
  switch (layer) {
    case 'global':
      return ''
    case 'site':
      return siteId
    case 'vendor':
      if (catalog.models().some(({ family }) => family === name)) return name
      throw new AppError('MODEL_UNKNOWN', `no vendor "${name.slice(0, 40)}"`, { field: 'owner' })
    case 'model':
      if (catalog.model(name)) return name
      throw new AppError('MODEL_UNKNOWN', `no model "${name.slice(0, 60)}"`, { field: 'owner' })
    case 'group':
      return (await use.groups.find(name)).id
    case 'extension':
      return (await use.extensions.show(name)).extension.id
    case 'device':
      return (await use.devices.show(name)).id
    case 'line': {
      const [mac = '', position = ''] = name.split(/\.(?=\d+$)/)
      const line = (await use.devices.show(mac)).lines.find((one) => String(one.position) === position)
      if (!line) throw new AppError('LINE_INVALID', `the phone has no line ${position.slice(0, 5)}`, { field: 'owner' })
      return line.id
    }
  }
}

/** Settings that reach beyond the site need the right to that. Throws FORBIDDEN. */
export function requireMayChange({ by }: Pick<Call, 'by'>, layer: Layer): void {
  if (!SHARED_LAYERS.includes(layer) || may(by.rights, 'settings.global', ALL_SITES)) return
  throw new AppError('FORBIDDEN', `layer ${layer} concerns every site: settings.global is needed for all sites`, {
    field: 'layer',
  })
}

/** Gives the names behind owners' ids; the id itself for one that is gone, nothing for global and site. */
export async function ownerNames({ parts, use }: Pick<Call, 'parts' | 'use'>): Promise<(origin: Origin) => string> {
  const groups = new Map((await use.groups.list()).map(({ id, name }) => [id, name]))
  return (origin) => (origin.layer === 'group' ? groups.get(origin.owner) : undefined) ?? ownerName(parts, origin)
}

function ownerName({ snapshot }: Pick<AdminParts, 'snapshot'>, { layer, owner }: Origin): string {
  switch (layer) {
    case 'shipped':
    case 'global':
    case 'site':
      return ''
    case 'vendor':
    case 'model':
    case 'group':
      return owner
    case 'extension':
      return snapshot.extension(owner)?.number ?? owner
    case 'device':
      return snapshot.device(owner)?.mac ?? owner
    case 'line': {
      const device = snapshot.deviceByLine(owner)
      const line = device?.lines.find(({ id }) => id === owner)
      return device && line ? `${device.mac}.${line.position}` : owner
    }
  }
}

/** The time zone of a site: what its settings say, or all sites'. */
export function zoneOf({ parts, site }: Pick<Call, 'parts' | 'site'>): string {
  return siteZone(parts.viewSources.snapshot, site.id)
}
