import type { Id } from '../domain/entities.js'
import { formatMac } from '../domain/mac-address.js'
import { searchFor, searchTextOnce } from '../domain/search-text.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../snapshot/snapshot.js'

const textOf = searchTextOnce(({ name, model, mac }: DeviceRecord) => [name ?? '', model, formatMac(mac)].join('\n'))
const personText = searchTextOnce(({ number, displayName }: ExtensionRecord) => `${number}\n${displayName}`)

interface Around {
  snapshot: Pick<Snapshot, 'extension'>
  /** Where a phone was seen since the start; what is in memory may be older. */
  lastSeen(deviceId: Id): { ip: string } | undefined
}

/**
 * Is a phone meant by what was typed? A MAC address is found by any spelling and by a part of it; name, model, IP address,
 * and numbers and names on its lines by a part, in whatever alphabet.
 */
export function deviceSearch(given: string, { snapshot, lastSeen }: Around): (one: DeviceRecord) => boolean {
  const typed = given.trim()
  if (typed === '') return () => true
  const holds = searchFor(typed)
  const digits = typed.toLowerCase().replace(/[\s:.-]/g, '')
  const asMac = /^[0-9a-f]{4,12}$/.test(digits) ? digits : undefined
  return (one) => {
    if (asMac !== undefined && one.mac.includes(asMac)) return true
    if (holds(textOf(one))) return true
    if (holds(lastSeen(one.id)?.ip ?? one.lastSeenIp ?? '')) return true
    return one.lines.some(({ extensionId }) => {
      const person = snapshot.extension(extensionId)
      return person !== undefined && holds(personText(person))
    })
  }
}
