import type { Id } from '../domain/entities.js'
import type { DeviceRecord, Snapshot } from './snapshot.js'

const NONE: readonly Id[] = []

/**
 * Groups that bear on a phone, the weakest first: its own, then those of a person, whose first is the strongest. A group
 * that is both counts as the person's.
 */
export function groupsOf(
  snapshot: Pick<Snapshot, 'extension'>,
  { groupId }: Pick<DeviceRecord, 'groupId'>,
  extensionId: Id | undefined,
): readonly Id[] {
  const own = extensionId === undefined ? undefined : snapshot.extension(extensionId)?.groups
  if (own === undefined) return groupId === undefined ? NONE : [groupId]
  const people = [...own].reverse()
  return groupId === undefined || own.includes(groupId) ? people : [groupId, ...people]
}

/** Is a phone in a group, by itself or by the person on its first line, or one of its lines by that line's person? */
export function isInGroup(snapshot: Pick<Snapshot, 'extension'>, device: DeviceRecord, group: Id): boolean {
  return (
    device.groupId === group ||
    device.lines.some(({ extensionId }) => snapshot.extension(extensionId)?.groups?.includes(group) === true)
  )
}
