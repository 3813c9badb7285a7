import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import { requireNumberInRange } from '../extensions/policy.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { BulkPlan } from './apply.js'
import type { SettingsChange } from './settings-change.js'
import { personBasis, phoneBasis } from './basis.js'
import { withoutDuplicates, type DuplicateRule } from './duplicates.js'
import { paced, type Pace } from './pace.js'
import { forwardWarnings } from './forward-warnings.js'
import { describesPerson, planPerson, type PlannedPerson } from './plan-people.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { planPhone, type PlannedPhone } from './plan-phones.js'
import { problemAt } from './row-problems.js'
import { isError, type Counts, type FieldChange, type RowOutcome, type RowReport } from './report.js'
import { addTo, isGood, type GoodRow, type ImportRow, type ReadRow } from './row.js'

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
 * mistake in any of its rows is left out whole. `progress` hears how many of them are worked out.
 */
export async function planImport(
  rows: readonly ReadRow[],
  existing: Existing,
  parts: Omit<PlanParts, 'numberOf'>,
  options: { duplicates: DuplicateRule },
  { pace, progress }: { pace: Pace; progress: (done: number, total: number) => void },
): Promise<ImportPlan> {
  const planner = new Planner(rows, existing, parts, pace)
  await planner.sort(options.duplicates)
  await planner.planPeople(progress)
  await planner.planPhones(progress)
  return planner.result()
}

class Planner {
  readonly #problems = new Map<ReadRow, Problem[]>()
  #duplicates: ReadonlyMap<ReadRow, Problem> = new Map()
  /** Rows without mistakes of their own, by whom and what they are about. */
  readonly #rowsOfPeople = new Map<string, GoodRow[]>()
  readonly #rowsOfPhones = new Map<Mac, GoodRow[]>()
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
    private readonly pace: Pace,
  ) {
    this.#parts = { ...parts, userNames: existing.policy.userNames, numberOf: (id) => this.#numbers.get(id) }
  }

  /** Leaves out rows that are there twice, and puts those together that belong together. */
  async sort(rule: DuplicateRule): Promise<void> {
    const { rows, pace, existing } = this
    this.#duplicates = await withoutDuplicates(rows, rule, pace)
    for await (const row of paced(rows, pace)) {
      const twice = this.#duplicates.get(row)
      const problems = [...row.problems, ...(twice ? [twice] : [])]
      if (problems.length > 0) this.#problems.set(row, problems)
      if (!isGood(row) || twice) continue
      addTo(this.#rowsOfPeople, row.checked.extension, row)
      addTo(this.#rowsOfPhones, row.checked.mac, row)
    }
    for await (const { id, number, authUsername } of paced(existing.extensions.values(), pace)) {
      this.#numbers.set(id, number)
      this.#names.set(authUsername, id)
    }
    for await (const { lines } of paced(existing.devices.values(), pace)) {
      for (const { id, authUsername } of lines) this.#names.set(authUsername, id)
    }
  }

  async planPeople(progress: (done: number, total: number) => void): Promise<void> {
    let done = 0
    for (const [number, own] of this.#rowsOfPeople) {
      const before = this.existing.extensions.get(number)
      const layer = before ? this.existing.settings(before.id) : NO_SETTINGS
      this.#basis.push(personBasis(number, this.existing))
      this.#attempt(own, (rows, problems) => {
        if (!before) this.#checkNumber(number, rows, problems)
        const planned = planPerson(number, rows, before, { layer, policy: this.existing.policy }, this.#parts, problems)
        this.#takeName(planned, rows, problems)
        return () => {
          this.#people.set(number, planned)
          this.#numbers.set(planned.record.id, number)
        }
      })
      done += 1
      progress(done, this.#total())
      await this.pace()
    }
  }

  async planPhones(progress: (done: number, total: number) => void): Promise<void> {
    const spoilt = await this.#spoiltPhones()
    const personOf = (number: string): ExtensionRecord | undefined =>
      this.#people.get(number)?.record ?? this.existing.extensions.get(number)
    let done = this.#rowsOfPeople.size
    for (const [mac, own] of this.#rowsOfPhones) {
      const known = this.existing.devices.get(mac)
      const before = known?.state === 'retired' ? undefined : known
      this.#basis.push(phoneBasis(mac, this.existing))
      this.#attempt(own, (rows, problems) => {
        if (this.existing.foreign.has(mac)) {
          throw new AppError('DEVICE_EXISTS', `there is a phone ${mac} already`, { field: 'mac' })
        }
        if (spoilt.has(mac))
          throw new AppError('CSV_INVALID', 'another row of this phone has a mistake', { field: 'mac' })
        const planned = planPhone(mac, rows, before, personOf, this.#parts, problems)
        return () => {
          if (!planned) return
          if (known && !before) this.#purged.push(known)
          this.#phones.set(mac, planned)
        }
      })
      done += 1
      progress(done, this.#total())
      await this.pace()
    }
  }

  async result(): Promise<ImportPlan> {
    await this.#dropPeopleOfBadRows()
    const plan = {
      createExtensions: [] as ExtensionRecord[],
      updateExtensions: [] as ExtensionRecord[],
      purgeDevices: this.#purged.filter(({ mac }) => this.#phones.has(mac)),
      createDevices: [] as DeviceRecord[],
      updateDevices: [] as DeviceRecord[],
      settings: [] as SettingsChange[],
    }
    const people = { added: 0, changed: 0, unchanged: 0 }
    for await (const { outcome, record, settings } of paced(this.#people.values(), this.pace)) {
      count(people, outcome)
      if (outcome === 'new') plan.createExtensions.push(record)
      // Somebody of whom only settings differ has the record of before.
      if (outcome === 'changed' && this.existing.extensions.get(record.number) !== record)
        plan.updateExtensions.push(record)
      if (!settings) continue
      plan.settings.push(settings)
      this.#warnOfForwards(settings)
    }
    const phones = { added: 0, changed: 0, unchanged: 0 }
    for await (const { outcome, record, settings } of paced(this.#phones.values(), this.pace)) {
      count(phones, outcome)
      if (outcome === 'new') plan.createDevices.push(record)
      if (outcome === 'changed' && this.existing.devices.get(record.mac) !== record) plan.updateDevices.push(record)
      plan.settings.push(...settings)
    }
    return { plan, reports: await this.#reports(), people, phones, basis: this.#basis }
  }

  /** Forwards to nobody, and rules that are not what whoever wrote them may think. */
  #warnOfForwards({ label: number, set }: SettingsChange): void {
    const isThere = (to: string): boolean => this.#people.has(to) || this.existing.extensions.has(to)
    for (const { code, key, what } of forwardWarnings(number, set, isThere)) {
      const row = this.#rowsOfPeople.get(number)?.find(({ checked }) => checked?.settings?.has(key))
      this.#push(row, problemAt(code, row?.row ?? 0, key, what, 'warning'))
    }
  }

  #total(): number {
    return this.#rowsOfPeople.size + this.#rowsOfPhones.size
  }

  /** Phones of which some row has a mistake. */
  async #spoiltPhones(): Promise<Set<string>> {
    const spoilt = new Set<string>()
    for await (const row of paced(this.rows, this.pace)) {
      if (this.#hasError(row) && !this.#duplicates.has(row)) spoilt.add(row.mac)
    }
    return spoilt
  }

  /** Runs the plan of what these rows belong to; it counts only when nothing is wrong with any of them. */
  #attempt(own: readonly GoodRow[], work: (rows: readonly ImportRow[], problems: Problem[]) => () => void): void {
    const rows = own.map(({ checked }) => checked)
    const problems: Problem[] = []
    let keep: (() => void) | undefined
    try {
      keep = work(rows, problems)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const column = error.code === 'LINE_INVALID' ? 'extension' : (error.details.field ?? 'row')
      problems.push(problemAt(error.code, rows[0]?.row ?? 0, column, error.message))
    }
    for (const problem of problems) this.#push(own.find(({ row }) => row === problem.row) ?? own[0], problem)
    if (!problems.some(isError)) keep?.()
    else this.#spoil(own, problems)
  }

  /** What one row of a person or phone has wrong keeps its other rows out too. */
  #spoil(own: readonly ReadRow[], problems: readonly Problem[]): void {
    const bad = problems.find(isError)?.row ?? 0
    for (const row of own) {
      if (this.#hasError(row)) continue
      this.#push(row, problemAt('CSV_INVALID', row.row, undefined, `left out with row ${bad}, which it belongs to`))
    }
  }

  /** A phone that is refused takes people with it that only its rows name. */
  async #dropPeopleOfBadRows(): Promise<void> {
    for await (const [number, own] of paced(this.#rowsOfPeople, this.pace)) {
      if (own.every((row) => this.#hasError(row))) this.#people.delete(number)
    }
  }

  #checkNumber(number: string, rows: readonly ImportRow[], problems: Problem[]): void {
    requireNumberInRange(number, this.existing.policy)
    const longer = [`0${number}`, `00${number}`].find((one) => this.existing.extensions.has(one))
    if (longer === undefined || !rows.some(describesPerson)) return
    const what = `there is an extension ${longer}: did a spreadsheet take the zero of ${number} away?`
    problems.push(problemAt('NUMBER_INVALID', rows[0]?.row ?? 0, 'number', what, 'warning'))
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

  #push(row: ReadRow | undefined, problem: Problem): void {
    if (!row) return
    const own = this.#problems.get(row)
    if (own) own.push(problem)
    else this.#problems.set(row, [problem])
  }

  #hasError(row: ReadRow): boolean {
    return this.#problems.get(row)?.some(isError) ?? false
  }

  async #reports(): Promise<RowReport[]> {
    const told = new Set<unknown>()
    const once = <T extends { changes: readonly FieldChange[] }>(planned: T | undefined): T['changes'] => {
      if (!planned || planned.changes.length === 0 || told.has(planned)) return NONE
      told.add(planned)
      return planned.changes
    }
    const reports: RowReport[] = []
    for await (const read of paced(this.rows, this.pace)) {
      const { row, number, mac, name, checked } = read
      const person = checked?.extension === undefined ? undefined : this.#people.get(checked.extension)
      const phone = checked?.mac === undefined ? undefined : this.#phones.get(checked.mac)
      const outcome = this.#outcome(read, person, phone)
      const isIn = outcome !== 'error' && outcome !== 'duplicate'
      const [ofPerson, ofPhone] = isIn ? [once(person), once(phone)] : [NONE, NONE]
      reports.push({
        row,
        number,
        mac,
        name: name === '' ? (person?.record.displayName ?? '') : name,
        outcome,
        changes: ofPhone.length === 0 ? ofPerson : [...ofPerson, ...ofPhone],
        problems: this.#problems.get(read) ?? NONE,
      })
    }
    return reports
  }

  #outcome(row: ReadRow, person: PlannedPerson | undefined, phone: PlannedPhone | undefined): RowOutcome {
    if (this.#duplicates.has(row)) return 'duplicate'
    if (this.#hasError(row)) return 'error'
    const both = [person?.outcome, phone?.outcome]
    return (['new', 'changed', 'exists'] as const).find((outcome) => both.includes(outcome)) ?? 'same'
  }
}

const NO_SETTINGS: LayerValues = { revision: 0, values: new Map() }

/** One for all: most rows have no changes and no problems. */
const NONE: readonly never[] = []

function count(counts: { added: number; changed: number; unchanged: number }, outcome: RowOutcome): void {
  if (outcome === 'new') counts.added += 1
  else if (outcome === 'changed') counts.changed += 1
  else counts.unchanged += 1
}
