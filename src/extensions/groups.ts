import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import type { GroupName } from './store.js'

/** More groups than anybody shows. */
export const MOST_GROUPS = 20

/** Groups by their names, without case, each once and in this order. Throws GROUP_NOT_FOUND, REQUEST_INVALID. */
export function chosenGroups(all: readonly GroupName[], names: readonly string[]): Id[] {
  const chosen = names.map((given) => {
    const wanted = given.trim().toLowerCase()
    const found = all.find(({ name }) => name.toLowerCase() === wanted)
    if (found) return found.id
    throw new AppError('GROUP_NOT_FOUND', `there is no group "${given.trim().slice(0, 40)}"`, { field: 'groups' })
  })
  const ids = [...new Set(chosen)]
  if (ids.length <= MOST_GROUPS) return ids
  throw new AppError('REQUEST_INVALID', `groups: ${MOST_GROUPS} at most`, { field: 'groups' })
}

/** The person in these groups and no others. */
export function inGroups(person: ExtensionRecord, groups: readonly Id[]): ExtensionRecord {
  const { groups: before = [], ...rest } = person
  if (before.join() === groups.join()) return person
  return groups.length === 0 ? rest : { ...rest, groups }
}

/** Names of the groups that somebody is in, the strongest first. */
export function groupNamesOf(all: readonly GroupName[], { groups = [] }: Pick<ExtensionRecord, 'groups'>): string[] {
  return groups.flatMap((id) => all.find((group) => group.id === id)?.name ?? [])
}

/** For the audit log. */
export function describeGroups(all: readonly GroupName[], person: ExtensionRecord): Record<string, unknown> {
  return { number: person.number, groups: groupNamesOf(all, person) }
}
