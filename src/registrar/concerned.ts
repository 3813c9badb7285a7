import type { Binding, Id } from '../domain/entities.js'

/** What was changed of people and phones, by the ids of their records. */
export interface PeopleChange {
  readonly everything: boolean
  readonly sites: readonly Id[]
  readonly extensions: readonly Id[]
  readonly devices: readonly Id[]
  /** `layer:owner` of settings. */
  readonly layers: readonly string[]
}

/**
 * The bindings that a change may end; undefined: any. Phones tell of their firmware by the hundred, and each time all
 * bindings would be looked at by name, password and network.
 * @param phoneOf the phone that has this line now
 */
export function concernedBy(
  { everything, sites, extensions, devices, layers }: PeopleChange,
  phoneOf: (lineId: Id) => Id | undefined,
): ((binding: Pick<Binding, 'extensionId' | 'lineId'>) => boolean) | undefined {
  if (everything || sites.length > 0 || layers.length > 0) return undefined
  const [people, phones] = [new Set(extensions), new Set(devices)]
  return ({ extensionId, lineId }) => {
    if (people.has(extensionId)) return true
    const phone = lineId === undefined ? undefined : phoneOf(lineId)
    // A line that no phone has any more, or a softphone.
    if (phone === undefined) return lineId !== undefined
    return phones.has(phone)
  }
}
