import type { DeviceView } from '../../devices/store.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import type { Answer, Call } from '../route.js'
import { deviceView, registeredNow } from './views.js'

/** With what was seen of the phone since it was loaded. */
export function seenLast({ lastSeen }: Call['parts'], one: DeviceRecord): DeviceRecord {
  const seen = lastSeen(one.id)
  return seen && seen.at > (one.lastSeenAt ?? 0) ? { ...one, lastSeenAt: seen.at, lastSeenIp: seen.ip } : one
}

/** A phone as the API answers it, of the state that a change left. */
export async function shownAs({ parts, use }: Call, found: DeviceView): Promise<Answer> {
  const group = (await use.groups.list()).find(({ id }) => id === found.groupId)
  const seen = { ...found, ...seenLast(parts, found), lines: found.lines }
  return { body: deviceView(seen, registeredNow(parts), group?.name), entity: found }
}

/** A phone as the API answers it. Throws DEVICE_NOT_FOUND. */
export async function shown(call: Call, own: string): Promise<Answer> {
  return shownAs(call, await call.use.devices.show(own))
}
