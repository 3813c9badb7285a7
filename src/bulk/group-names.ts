import { inGroups, MOST_GROUPS } from '../extensions/groups.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { newId } from '../domain/random.js'
import { requireName } from '../extensions/rules.js'
import type { DraftParts } from '../devices/draft.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'
import { tidy } from './damage.js'
import { CLEARED } from './row-cells.js'
import type { KnownGroup } from './value-questions.js'

/** Names of groups in a cell: parted by commas; what a backslash stands before is part of a name. */
function readGroupsCell(text: string): string[] {
  if (text === CLEARED) return []
  const names = (text.match(/(?:\\.|[^\\,])+/gu) ?? []).map((name) => name.trim().replace(/\\(.)/gu, '$1'))
  const seen = new Set<string>()
  return names.filter((name) => name !== '' && !seen.has(groupKey(name)) && seen.add(groupKey(name)))
}

/** As `readGroupsCell`. Throws NAME_INVALID, CSV_INVALID for more groups than anybody can be in. */
export function requireGroups(text: string): string[] {
  const names = readGroupsCell(text)
  if (names.length <= MOST_GROUPS) return names.map((name) => requireName(name))
  throw new AppError('CSV_INVALID', `more than ${MOST_GROUPS} groups`)
}

/** The one group of a cell; `\\null` is one that is called so. Throws NAME_INVALID. */
export function groupName(text: string): string {
  return requireName(text === `\\${CLEARED}` ? CLEARED : text)
}

/** The reverse of `groupName`; undefined: none. */
export function groupNameCell(name: string | undefined): string {
  return name === CLEARED ? `\\${CLEARED}` : (name ?? '')
}

/** The reverse of `readGroupsCell`. */
export function groupsCell(names: readonly string[]): string {
  const cell = names.map((name) => name.replace(/[\\,]/g, '\\$&')).join(', ')
  return cell === CLEARED ? `\\${cell}` : cell
}

/** Names that are the same group's; spreadsheets and people change case and odd spaces. */
export function groupKey(name: string): string {
  return tidy(name).normalize('NFC').toLowerCase()
}

/** Groups by their names while a file is worked out: those that are there, and those that it makes. */
export class GroupNames {
  readonly #byKey = new Map<string, { readonly id: Id; readonly name: string }>()
  readonly #names = new Map<Id, string>()
  readonly #made = new Set<Id>()
  readonly #asked = new Set<string>()

  constructor(
    known: readonly KnownGroup[],
    private readonly parts: Pick<DraftParts, 'random' | 'clock'>,
  ) {
    for (const group of known) this.#add(group)
  }

  /** Which groups rows of people name, as `basis.ts` has it. */
  basis(): string[] {
    return [...this.#asked].map((key) => {
      const group = this.#byKey.get(key)
      return memberBasis(key, group && !this.#made.has(group.id) ? group : undefined)
    })
  }

  /** The id of a group; one that is not there yet gets one. Throws NAME_INVALID. */
  idOf(given: string): Id {
    const key = groupKey(given)
    this.#asked.add(key)
    const found = this.#byKey.get(key)
    if (found) return found.id
    const { random, clock } = this.parts
    const made = { id: newId(random, clock.now()), name: requireName(given, 'groups') }
    this.#made.add(made.id)
    this.#add(made)
    return made.id
  }

  has(name: string): boolean {
    return this.#byKey.has(groupKey(name))
  }

  /** Only the file names it. */
  isMade(id: Id): boolean {
    return this.#made.has(id)
  }

  nameOf(id: Id): string {
    return this.#names.get(id) ?? ''
  }

  /** Names of somebody's groups as a cell has them; undefined: none. */
  cellOf({ groups = [] }: Pick<ExtensionRecord, 'groups'>): string | undefined {
    return groups.length === 0 ? undefined : groupsCell(groups.flatMap((id) => this.#names.get(id) ?? []))
  }

  /** The person in these groups and no others; in none when there are no names. Undefined names: as it is. */
  placed(person: ExtensionRecord, names: readonly string[] | undefined): ExtensionRecord {
    return names === undefined ? person : inGroups(person, [...new Set(names.map((name) => this.idOf(name)))])
  }

  #add(group: { readonly id: Id; readonly name: string }): void {
    this.#byKey.set(groupKey(group.name), group)
    this.#names.set(group.id, group.name)
  }
}

/** What a plan took to be so of a group that people are in: that it is the same one, or is not there. */
export function memberBasis(key: string, group: { readonly id: Id } | undefined): string {
  return `member ${group?.id ?? '-'} ${key}`
}
