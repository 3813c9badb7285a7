import type { Id } from '../domain/entities.js'
import { groupsOf } from '../snapshot/groups-of.js'
import type { DeviceRecord, ListedSnapshot } from '../snapshot/snapshot.js'

function phonesThat(snapshot: ListedSnapshot, site: Id, is: (phone: DeviceRecord) => boolean): DeviceRecord[] {
  const found = [...snapshot.allDevices()].filter(
    (phone) => phone.siteId === site && phone.state !== 'retired' && is(phone),
  )
  return found.sort((a, b) => (a.mac < b.mac ? -1 : 1))
}

/** Phones on which a person's keys are laid: those with the person on the first line, by MAC address. */
export function phonesOf(snapshot: ListedSnapshot, site: Id, extensionId: Id): DeviceRecord[] {
  return phonesThat(snapshot, site, ({ lines }) => lines[0]?.extensionId === extensionId)
}

/** Phones that get the keys of a group, by MAC address: those in it, and those of people in it. */
export function phonesIn(snapshot: ListedSnapshot, site: Id, group: Id): DeviceRecord[] {
  return phonesThat(snapshot, site, (phone) => groupsOf(snapshot, phone, phone.lines[0]?.extensionId).includes(group))
}

/** Phones of a site, by MAC address. */
export function phonesAt(snapshot: ListedSnapshot, site: Id): DeviceRecord[] {
  return phonesThat(snapshot, site, () => true)
}

/** The model that most of these phones are of. */
export function commonModel(phones: readonly Pick<DeviceRecord, 'model'>[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { model } of phones) counts.set(model, (counts.get(model) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0]
}
