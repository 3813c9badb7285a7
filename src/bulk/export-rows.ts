import type { Line } from '../domain/entities.js'
import type { UnnumberedPerson } from '../extensions/unnumbered.js'
import { personSearch } from '../extensions/search.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { OwnerLayer } from './settings-change.js'
import type { KnownGroup } from './value-questions.js'

/** Sizes of an export: each has the columns of the one before and more; `all` has everything of ours. */
export const SCOPES = ['minimal', 'standard', 'full', 'all'] as const
export type Scope = (typeof SCOPES)[number]

export interface ExportOptions {
  /** Default `all`. */
  readonly scope?: Scope | undefined
  /** Columns of this profile instead of a scope's. */
  readonly profile?: string | undefined
  /** Only numbers from here to there, as numbers. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Only people whose number, name, e-mail address or mobile number holds this, in any alphabet. */
  readonly q?: string | undefined
  /** With a byte order mark, by which Excel knows UTF-8. */
  readonly bom?: boolean | undefined
  /** With people's own passwords and PINs. */
  readonly passwords?: boolean | undefined
}

/** What there is in a site. */
export interface Exportable {
  readonly extensions: readonly ExtensionRecord[]
  readonly devices: readonly DeviceRecord[]
  readonly unnumbered: readonly UnnumberedPerson[]
  readonly groups: readonly KnownGroup[]
  layer(layer: OwnerLayer, owner: string): LayerValues
}

/** One row: a line of a phone, a phone without lines, a person without a phone or without a number, or a group. */
export interface ExportItem {
  readonly person?: ExtensionRecord
  readonly phone?: DeviceRecord
  readonly line?: Line
  readonly waiting?: UnnumberedPerson
  readonly group?: KnownGroup
}

/** Whom an export holds. */
export interface ExportedPart {
  /** By number. */
  readonly people: readonly ExtensionRecord[]
  /** Theirs. */
  readonly phones: readonly DeviceRecord[]
  /** By name. */
  readonly waiting: readonly UnnumberedPerson[]
  /** Those that they or their phones are in; of all people all. */
  readonly groups: readonly KnownGroup[]
}

/** People that are asked for, with what goes with them. */
export function exportedPart(all: Exportable, options: ExportOptions): ExportedPart {
  const { from, to, q } = options
  const fits = q === undefined ? () => true : personSearch(q)
  const people = wanted(all, options, fits).sort(byNumber)
  const waiting = from !== undefined || to !== undefined ? [] : all.unnumbered
  const phones = phonesOf(people, all.devices, options)
  const isIn = new Set([
    ...people.flatMap(({ groups = [] }) => groups),
    ...phones.flatMap(({ groupId }) => groupId ?? []),
  ])
  return {
    people,
    phones,
    waiting: waiting.filter((one) => fits({ ...one, number: '' }, one.settings)),
    groups: all.groups.filter(({ id }) => isIn.has(id) || !isPart(options)),
  }
}

/** Rows with phones: lines of each, then people without one, those without a number, and groups. */
export function itemsWithPhones({ people, phones, waiting, groups }: ExportedPart): ExportItem[] {
  return [
    ...withPhones(people, phones),
    ...waiting.map((one) => ({ waiting: one })),
    ...groups.map((group) => ({ group })),
  ]
}

function isPart({ from, to, q }: ExportOptions): boolean {
  return from !== undefined || to !== undefined || q !== undefined
}

/** By MAC address. */
function phonesOf(
  people: readonly ExtensionRecord[],
  devices: readonly DeviceRecord[],
  options: ExportOptions,
): DeviceRecord[] {
  const ids = new Set(people.map(({ id }) => id))
  return (
    devices
      .filter(({ state }) => state !== 'retired')
      // Of a part of the people only phones that are theirs alone: others would lose lines when it is imported again.
      .filter(
        ({ lines }) => !isPart(options) || (lines.length > 0 && lines.every(({ extensionId }) => ids.has(extensionId))),
      )
      .sort((a, b) => (a.mac < b.mac ? -1 : 1))
  )
}

function withPhones(people: readonly ExtensionRecord[], phones: readonly DeviceRecord[]): ExportItem[] {
  const byId = new Map(people.map((person) => [person.id, person]))
  const onPhone = new Set(phones.flatMap(({ lines }) => lines.map(({ extensionId }) => extensionId)))
  return [
    ...phones.flatMap((phone): ExportItem[] =>
      phone.lines.length === 0
        ? [{ phone }]
        : phone.lines.map((line) => {
            const person = byId.get(line.extensionId)
            return { phone, line, ...(person ? { person } : {}) }
          }),
    ),
    ...people.filter(({ id }) => !onPhone.has(id)).map((person) => ({ person })),
  ]
}

/** Lines 1, 2, 3, … of different people need no column that says so. */
export function needsPositions({ lines }: DeviceRecord): boolean {
  const isTwice = new Set(lines.map(({ extensionId }) => extensionId)).size !== lines.length
  return isTwice || lines.some(({ position }, index) => position !== index + 1)
}

function wanted(
  all: Exportable,
  { from, to }: ExportOptions,
  fits: ReturnType<typeof personSearch>,
): ExtensionRecord[] {
  return all.extensions.filter((one) => {
    if (from !== undefined && !(Number(one.number) >= Number(from))) return false
    if (to !== undefined && !(Number(one.number) <= Number(to))) return false
    return fits(one, all.layer('extension', one.id).values)
  })
}

function byNumber(a: ExtensionRecord, b: ExtensionRecord): number {
  return a.number < b.number ? -1 : 1
}
