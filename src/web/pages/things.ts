import { formatMac } from '../../domain/mac-address.js'
import type { PageCall } from '../page.js'

/** What a row of the audit log is about. */
interface Changed {
  entity: string
  entityId: string
}

/** What was changed, by number, MAC address or name as far as it is still there; else its id. */
export function thingOf({ parts: { snapshot, viewSources } }: PageCall, { entity, entityId }: Changed): string {
  const named = (kind: string, id: string): string => {
    if (kind === 'extension') {
      const person = snapshot.extension(id)
      return person ? [person.number, person.displayName].filter(Boolean).join(' ') : id
    }
    if (kind === 'device') {
      const phone = viewSources.snapshot.device(id)
      return phone ? [formatMac(phone.mac), phone.name].filter(Boolean).join(' ') : id
    }
    return kind === 'site' ? (snapshot.site(id)?.slug ?? id) : id
  }
  const [, layer, owner = '', key] = entity === 'setting' ? (/^(\w+):([^:]*):(.+)$/.exec(entityId) ?? []) : []
  return layer === undefined ? named(entity, entityId) : [layer, named(layer, owner), key].filter(Boolean).join(' · ')
}

/** Who did it, as people call him: accounts by their name alone. */
export function whoDid(actor: string): string {
  return actor.replace(/^(?:user|admin):/, '')
}
