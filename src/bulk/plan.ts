import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { requireNumberInRange } from '../extensions/policy.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { BulkPlan, SettingsChange } from './apply.js'
import { withoutDuplicates, type DuplicateRule } from './duplicates.js'
import type { Pace } from './pace.js'
import { describesPerson, planPerson, type PlannedPerson } from './plan-people.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { planPhone, type PlannedPhone } from './plan-phones.js'
import { problemAt } from './read-rows.js'
import { isError, type Counts, type RowOutcome, type RowReport } from './report.js'
import type { ImportRow, ReadRow } from './row.js'

export interface ImportPlan {
  readonly plan: BulkPlan
  readonly reports: readonly RowReport[]
  readonly people: Counts
  readonly phones: Counts
  /** Every record that was looked at, with its revision: another one means that what was planned is old. */
  readonly basis: readonly string[]
}

/**
 * What an import would write: people and phones that are new or differ; what is the same is left alone, so that
 * importing an export changes nothing. Rows of the same MAC are the lines of that phone. A person or phone with a
 * mistake in any of its rows is left out whole.
 */
export async function planImport(
  rows: readonly ReadRow[],
  existing: Existing,
  parts: Omit<PlanParts, 'numberOf'>,
  options: { duplicates: DuplicateRule },
  pace: Pace,
): Promise<ImportPlan> {
  const planner = new Planner(rows, existing, parts, options.duplicates)
  await planner.planPeople(pace)
  await planner.planPhones(pace)
  return planner.result()
}

class Planner {
  readonly #problems = new Map<number, Problem[]>()
  readonly #duplicates: ReadonlySet<number>
  readonly #good: readonly ImportRow[]
  readonly #people = new Map<string, PlannedPerson>()
  readonly #phones = new Map<Mac, PlannedPhone>()
  readonly #purged: DeviceRecord[] = []
  readonly #numbers = new Map<Id, string>()
  readonly #names = new Map<string, Id>()
  readonly #basis: string[] = []
  readonly #parts: PlanParts

  constructor(
    private readonly rows: readonly ReadRow[],
    private readonly existing: Existing,
    parts: Omit<PlanParts, 'numberOf'>,
    duplicates: DuplicateRule,
  ) {
    this.#parts = { ...parts, numberOf: (id) => this.#numbers.get(id) }
    for (const { row, problems } of rows) if (problems.length > 0) this.#problems.set(row, [...problems])
    const { duplicates: found, problems } = withoutDuplicates(rows, duplicates)
    this.#duplicates = found
    problems.forEach((problem) => this.#push(problem))
    this.#good = rows.flatMap(({ row, checked }) => (checked && !found.has(row) ? [checked] : []))
    for (const { id, number, authUsername } of existing.extensions.values()) {
      this.#numbers.set(id, number)
      this.#names.set(authUsername, id)
    }
    for (const { lines } of existing.devices.values()) {
      for (const { id, authUsername } of lines) this.#names.set(authUsername, id)
    }
  }

  async planPeople(pace: Pace): Promise<void> {
    for (const [number, own] of groupBy(this.#good, ({ extension }) => extension)) {
      const before = this.existing.extensions.get(number)
      const layer = before ? this.existing.settings(before.id) : NO_SETTINGS
      this.#basis.push(personBasis(number, this.existing))
      this.#attempt(own, (problems) => {
        if (!before) this.#checkNumber(number, own, problems)
        const planned = planPerson(number, own, before, { layer, policy: this.existing.policy }, this.#parts, problems)
        this.#takeName(planned, own, problems)
        return () => {
          this.#people.set(number, planned)
          this.#numbers.set(planned.record.id, number)
        }
      })
      await pace()
    }
  }

  async planPhones(pace: Pace): Promise<void> {
    const spoilt = new Set(
      this.rows.filter(({ row }) => this.#hasError(row) && !this.#duplicates.has(row)).map(({ mac }) => mac),
    )
    const personOf = (number: string): ExtensionRecord | undefined =>
      this.#people.get(number)?.record ?? this.existing.extensions.get(number)
    for (const [mac, own] of groupBy(this.#good, (row) => row.mac)) {
      const known = this.existing.devices.get(mac)
      const before = known?.state === 'retired' ? undefined : known
      this.#basis.push(phoneBasis(mac, this.existing))
      this.#attempt(own, (problems) => {
        if (this.existing.foreign.has(mac)) {
          throw new AppError('DEVICE_EXISTS', `there is a phone ${mac} already`, { field: 'mac' })
        }
        if (spoilt.has(mac))
          throw new AppError('CSV_INVALID', 'another row of this phone has a mistake', { field: 'mac' })
        const planned = planPhone(mac, own, before, personOf, this.#parts, problems)
        return () => {
          if (!planned) return
          if (known && !before) this.#purged.push(known)
          this.#phones.set(mac, planned)
        }
      })
      await pace()
    }
  }

  result(): ImportPlan {
    this.#dropPeopleOfBadRows()
    const people = [...this.#people.values()]
    const phones = [...this.#phones.values()]
    const those = <T extends { outcome: RowOutcome; record: unknown }>(all: T[], outcome: RowOutcome): T['record'][] =>
      all.filter((one) => one.outcome === outcome).map(({ record }) => record)
    const changed = people.filter(
      ({ outcome, record }) => outcome === 'changed' && this.existing.extensions.get(record.number) !== record,
    )
    return {
      plan: {
        createExtensions: those(people, 'new') as ExtensionRecord[],
        updateExtensions: changed.map(({ record }) => record),
        purgeDevices: this.#purged.filter(({ mac }) => this.#phones.has(mac)),
        createDevices: those(phones, 'new') as DeviceRecord[],
        updateDevices: those(phones, 'changed') as DeviceRecord[],
        settings: people.flatMap(({ settings }): SettingsChange[] => (settings ? [settings] : [])),
      },
      reports: this.#reports(),
      people: countsOf(people),
      phones: countsOf(phones),
      basis: this.#basis,
    }
  }

  /** Runs the plan of what these rows belong to; it counts only when nothing is wrong with any of them. */
  #attempt(rows: readonly ImportRow[], work: (problems: Problem[]) => () => void): void {
    const problems: Problem[] = []
    let keep: (() => void) | undefined
    try {
      keep = work(problems)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const column = error.code === 'LINE_INVALID' ? 'extension' : (error.details.field ?? 'row')
      problems.push(problemAt(error.code, rows[0]?.row ?? 0, column, error.message))
    }
    problems.forEach((problem) => this.#push(problem))
    if (!problems.some(isError)) keep?.()
    else this.#spoil(rows, problems)
  }

  /** What one row of a person or phone has wrong keeps its other rows out too. */
  #spoil(rows: readonly ImportRow[], problems: readonly Problem[]): void {
    const bad = problems.find(isError)?.row ?? 0
    for (const { row } of rows) {
      if (this.#hasError(row)) continue
      this.#push(problemAt('CSV_INVALID', row, undefined, `left out with row ${bad}, which it belongs to`))
    }
  }

  /** A phone that is refused takes people with it that only its rows name. */
  #dropPeopleOfBadRows(): void {
    for (const [number, own] of groupBy(this.#good, ({ extension }) => extension)) {
      if (own.length > 0 && own.every(({ row }) => this.#hasError(row))) this.#people.delete(number)
    }
  }

  #checkNumber(number: string, rows: readonly ImportRow[], problems: Problem[]): void {
    requireNumberInRange(number, this.existing.policy)
    const row = rows[0]?.row ?? 0
    const longer = [`0${number}`, `00${number}`].find((one) => this.existing.extensions.has(one))
    if (longer === undefined || !rows.some(describesPerson)) return
    const what = `there is an extension ${longer}: did a spreadsheet take the zero of ${number} away?`
    problems.push(problemAt('NUMBER_INVALID', row, 'number', what, 'warning'))
  }

  /** Digest user names are there once, of people and lines alike. */
  #takeName({ record }: PlannedPerson, rows: readonly ImportRow[], problems: Problem[]): void {
    const owner = this.#names.get(record.authUsername)
    if (owner !== undefined && owner !== record.id) {
      const what = `the user name ${record.authUsername} is taken by ${this.#numbers.get(owner) ?? 'a line of a phone'}`
      problems.push(problemAt('LINE_INVALID', rows[0]?.row ?? 0, 'username', what))
      return
    }
    this.#names.set(record.authUsername, record.id)
  }

  #push(problem: Problem): void {
    const row = problem.row ?? 0
    const own = this.#problems.get(row)
    if (own) own.push(problem)
    else this.#problems.set(row, [problem])
  }

  #hasError(row: number): boolean {
    return this.#problems.get(row)?.some(isError) ?? false
  }

  #reports(): RowReport[] {
    const told = new Set<unknown>()
    const once = <T extends { changes: readonly unknown[] }>(planned: T | undefined): T['changes'] => {
      if (!planned || told.has(planned)) return []
      told.add(planned)
      return planned.changes
    }
    return this.rows.map(({ row, number, mac, name, checked }) => {
      const person = checked?.extension === undefined ? undefined : this.#people.get(checked.extension)
      const phone = checked?.mac === undefined ? undefined : this.#phones.get(checked.mac)
      const outcome = this.#outcome(row, person, phone)
      const isIn = outcome !== 'error' && outcome !== 'duplicate'
      return {
        row,
        number,
        mac,
        name: name === '' ? (person?.record.displayName ?? '') : name,
        outcome,
        changes: isIn ? [...once(person), ...once(phone)] : [],
        problems: this.#problems.get(row) ?? [],
      }
    })
  }

  #outcome(row: number, person: PlannedPerson | undefined, phone: PlannedPhone | undefined): RowOutcome {
    if (this.#duplicates.has(row)) return 'duplicate'
    if (this.#hasError(row)) return 'error'
    const both = [person?.outcome, phone?.outcome]
    return (['new', 'changed', 'exists'] as const).find((outcome) => both.includes(outcome)) ?? 'same'
  }
}

/** What a plan took to be so of a person. */
function personBasis(number: string, { extensions, settings }: Existing): string {
  const one = extensions.get(number)
  return `extension ${number} ${one ? `${one.id}@${one.revision},${settings(one.id).revision}` : '-'}`
}

/** What a plan took to be so of a phone. */
function phoneBasis(mac: Mac, { devices, foreign }: Existing): string {
  const one = devices.get(mac)
  return `phone ${mac} ${one ? `${one.id}@${one.revision},${one.state}` : foreign.has(mac) ? 'foreign' : '-'}`
}

/** What changed since a plan was made: "extension 101", "phone 001565aabbcc". */
export function changedSince(basis: readonly string[], existing: Existing): string[] {
  return basis.flatMap((was) => {
    const [kind = '', key = ''] = was.split(' ', 2)
    const is = kind === 'extension' ? personBasis(key, existing) : phoneBasis(key as Mac, existing)
    return is === was ? [] : [`${kind} ${key}`]
  })
}

const NO_SETTINGS: LayerValues = { revision: 0, values: new Map() }

function countsOf(all: readonly { outcome: RowOutcome }[]): Counts {
  const added = all.filter(({ outcome }) => outcome === 'new').length
  const changed = all.filter(({ outcome }) => outcome === 'changed').length
  return { added, changed, unchanged: all.length - added - changed }
}

function groupBy<K>(rows: readonly ImportRow[], keyOf: (row: ImportRow) => K | undefined): Map<K, ImportRow[]> {
  const groups = new Map<K, ImportRow[]>()
  for (const row of rows) {
    const key = keyOf(row)
    if (key === undefined) continue
    const own = groups.get(key)
    if (own) own.push(row)
    else groups.set(key, [row])
  }
  return groups
}
