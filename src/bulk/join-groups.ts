import type { Id } from '../domain/entities.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { phoneBasis } from './basis.js'
import type { Existing } from './plan-parts.js'
import type { ImportPlan } from './plan.js'
import type { FieldChange, RowReport } from './report.js'
import { problemAt } from './row-problems.js'
import { isGood, type GoodRow, type ReadRow } from './row.js'

/**
 * Phones of people whose rows name a group join it: those of the file, and those that have the person on their first line.
 * Who has no phone is told.
 */
export function joinGroups(planned: ImportPlan, rows: readonly ReadRow[], existing: Existing): ImportPlan {
  const wanted = rows.filter(isGood).filter(({ checked }) => checked.group !== undefined)
  if (wanted.length === 0) return planned
  return new Joining(planned, existing).join(wanted)
}

class Joining {
  readonly #names: ReadonlyMap<Id, string>
  readonly #people = new Map<string, Id>()
  readonly #created: Map<Id, DeviceRecord>
  readonly #updated: Map<Id, DeviceRecord>
  readonly #byOwner = new Map<Id, DeviceRecord[]>()
  readonly #reports: Map<number, RowReport>
  readonly #basis: string[] = []
  #changed = 0

  constructor(
    private readonly planned: ImportPlan,
    private readonly existing: Existing,
  ) {
    const { plan, reports } = planned
    this.#names = new Map(existing.places.groups.map(({ id, name }) => [id, name]))
    for (const { number, id } of [...existing.extensions.values(), ...plan.createExtensions])
      this.#people.set(number, id)
    this.#created = new Map(plan.createDevices.map((one) => [one.id, one]))
    this.#updated = new Map(plan.updateDevices.map((one) => [one.id, one]))
    this.#reports = new Map(reports.map((report) => [report.row, report]))
    const all = new Map(
      [...existing.devices.values()].filter(({ state }) => state !== 'retired').map((one) => [one.id, one]),
    )
    for (const one of [...this.#created.values(), ...this.#updated.values()]) all.set(one.id, one)
    for (const one of all.values()) {
      const owner = one.lines[0]?.extensionId
      if (owner !== undefined) this.#byOwner.set(owner, [...(this.#byOwner.get(owner) ?? []), one])
    }
  }

  join(rows: readonly GoodRow[]): ImportPlan {
    for (const row of rows) this.#joinOf(row)
    const { plan, reports, phones, basis } = this.planned
    const known = new Set(basis)
    return {
      ...this.planned,
      plan: { ...plan, createDevices: [...this.#created.values()], updateDevices: [...this.#updated.values()] },
      phones: { ...phones, changed: phones.changed + this.#changed },
      reports: reports.map(({ row }) => this.#reports.get(row)).filter((one) => one !== undefined),
      basis: [...basis, ...this.#basis.filter((one) => !known.has(one))],
    }
  }

  #joinOf({ row, checked }: GoodRow): void {
    const { group, extension = '' } = checked
    const report = this.#reports.get(row)
    if (!group || !report || report.outcome === 'error' || report.outcome === 'duplicate') return
    const phones = this.#byOwner.get(this.#people.get(extension) ?? '') ?? []
    if (phones.length === 0) {
      const what = `${extension} has no phone that could join the group ${group.name}`
      const problem = problemAt('GROUP_NOT_FOUND', row, undefined, what, 'warning')
      this.#reports.set(row, { ...report, problems: [...report.problems, problem] })
      return
    }
    const changes = phones.flatMap((phone) => this.#put(phone, group))
    if (changes.length === 0) return
    const outcome = report.outcome === 'new' ? 'new' : 'changed'
    this.#reports.set(row, { ...report, outcome, changes: [...report.changes, ...changes] })
  }

  #put(phone: DeviceRecord, group: { readonly id: Id; readonly name: string }): FieldChange[] {
    const latest = this.#created.get(phone.id) ?? this.#updated.get(phone.id) ?? phone
    if (latest.groupId === group.id) return []
    const after = { ...latest, groupId: group.id }
    const before = latest.groupId === undefined ? undefined : this.#names.get(latest.groupId)
    if (this.#created.has(phone.id)) this.#created.set(phone.id, after)
    else {
      if (!this.#updated.has(phone.id)) {
        this.#changed += 1
        this.#basis.push(phoneBasis(phone.mac, this.existing))
      }
      this.#updated.set(phone.id, after)
    }
    return [{ field: 'group', ...(before === undefined ? {} : { before }), after: group.name }]
  }
}
