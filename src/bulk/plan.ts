import type { DraftParts, ModelLookup } from '../devices/draft.js'
import { draftDevice, withLine } from '../devices/draft.js'
import type { LineKey } from '../domain/entities.js'
import { AppError, type ErrorCode, type Problem } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import { newId } from '../domain/random.js'
import { requireKeys } from '../extensions/keys.js'
import { isWeakPassword } from '../extensions/rules.js'
import { draftExtension } from '../extensions/use-cases.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import type { BulkPlan } from './apply.js'
import type { ImportKey, ImportRow } from './csv.js'

/** What there is already. */
export interface Existing {
  extensions: ReadonlyMap<string, ExtensionRecord>
  /** Removed phones too. */
  devices: ReadonlyMap<Mac, DeviceRecord>
}

export interface ImportPlan {
  plan: BulkPlan
  /** Errors make the import fail as a whole; warnings do not. Each names row and column. */
  problems: Problem[]
  counts: {
    people: { added: number; changed: number; unchanged: number }
    phones: { added: number; changed: number; unchanged: number }
  }
}

/** Rows that belong together: of one person, or of one phone. */
type Rows = readonly ImportRow[]

/**
 * What an import would write: people and phones that are new or differ; what is the same is left alone, so that
 * importing an export changes nothing. Rows of the same MAC are the lines of that phone.
 */
export function planImport(rows: Rows, existing: Existing, parts: DraftParts): ImportPlan {
  const problems: Problem[] = []
  const people = new Map<string, ExtensionRecord>()
  const created: ExtensionRecord[] = []
  const updated: ExtensionRecord[] = []
  const byNumber = group(rows, ({ extension }) => extension)
  for (const [number, own] of byNumber) {
    const before = existing.extensions.get(number)
    const after = attempt(problems, own, () => planPerson(number, own, before, parts, problems))
    if (!after) continue
    people.set(number, after)
    if (!before) created.push(after)
    else if (after !== before) updated.push(after)
  }
  const personOf = (number: string): ExtensionRecord | undefined =>
    people.get(number) ?? existing.extensions.get(number)
  const phones = planPhones(rows, existing, personOf, parts, problems)
  return {
    plan: { createExtensions: created, updateExtensions: updated, ...phones.plan },
    problems: problems.sort((a, b) => (a.row ?? 0) - (b.row ?? 0)),
    counts: {
      people: {
        added: created.length,
        changed: updated.length,
        unchanged: people.size - created.length - updated.length,
      },
      phones: phones.counts,
    },
  }
}

function group<K>(rows: Rows, keyOf: (row: ImportRow) => K | undefined): Map<K, ImportRow[]> {
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

/** Turns a refusal into a problem of the first of these rows. */
function attempt<T>(problems: Problem[], rows: Rows, work: () => T | undefined): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    problems.push(problemAt(error.code, rows[0], columnOf(error), error.message))
    return undefined
  }
}

function columnOf({ details, code }: AppError): string {
  if (code === 'LINE_INVALID') return 'extension'
  return details.field ?? 'row'
}

function problemAt(code: ErrorCode, row: ImportRow | undefined, column: string, message: string): Problem {
  const at = row?.row ?? 0
  return { code, row: at, column, message: `row ${at}, column ${column}: ${message}` }
}

/** The one value of a column that all rows of a person or phone agree on; undefined when none has one. */
function agreed<K extends 'name' | 'email' | 'password' | 'model' | 'keys'>(
  rows: Rows,
  column: K,
  problems: Problem[],
): ImportRow[K] | undefined {
  const given = rows.filter((row) => row[column] !== undefined && (column !== 'keys' || row.keys?.length !== 0))
  const first = given[0]
  const other = given.find((row) => JSON.stringify(row[column]) !== JSON.stringify(first?.[column]))
  if (other && first) {
    const whose = column === 'model' ? 'phone' : 'extension'
    const message = `differs from row ${first.row}, which is the same ${whose}`
    problems.push(problemAt('CSV_INVALID', other, column === 'keys' ? 'key1' : column, message))
  }
  return first?.[column] ?? rows.find((row) => row[column] !== undefined)?.[column]
}

function planPerson(
  number: string,
  rows: Rows,
  before: ExtensionRecord | undefined,
  parts: DraftParts,
  problems: Problem[],
): ExtensionRecord {
  const name = agreed(rows, 'name', problems)
  const email = agreed(rows, 'email', problems)
  const password = agreed(rows, 'password', problems)
  const keys = agreed(rows, 'keys', problems)
  if (password !== undefined && isWeakPassword(password, number)) {
    const row = rows.find((each) => each.password !== undefined)
    const warning = problemAt('PASSWORD_INVALID', row, 'password', `the password of ${number} is easy to guess`)
    problems.push({ ...warning, severity: 'warning' })
  }
  if (!before) {
    const { extension } = draftExtension(parts, { number, name: name ?? number, email, password })
    return keys === undefined ? extension : { ...extension, keys: keysOf(extension, keys, parts) }
  }
  const changes: Partial<ExtensionRecord> = {
    ...(name === undefined || name === before.displayName ? {} : { displayName: name }),
    ...(email === undefined || email === before.email ? {} : { email }),
    ...(password === undefined || password === ownPassword(before, parts) ? {} : sealed(before, password, parts)),
    ...(keys === undefined || sameKeys(before.keys, keys) ? {} : { keys: keysOf(before, keys, parts) }),
  }
  return Object.keys(changes).length === 0 ? before : { ...before, ...changes }
}

function ownPassword({ id, sealedPassword }: ExtensionRecord, { secrets }: DraftParts): string {
  return secrets.open(sealedPassword, SEAL_CONTEXTS.extensionPassword(id)).reveal()
}

function sealed({ id }: ExtensionRecord, password: string, { secrets }: DraftParts): Partial<ExtensionRecord> {
  return { sealedPassword: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(id)) }
}

function keysOf({ id }: ExtensionRecord, keys: readonly ImportKey[], { random, clock }: DraftParts): LineKey[] {
  const inputs = keys.map((key, index) => ({ position: index + 1, ...key }))
  return requireKeys(inputs, { kind: 'extension', id }, () => newId(random, clock.now()))
}

function sameKeys(before: readonly LineKey[], wanted: readonly ImportKey[]): boolean {
  const text = ({ kind, value, label }: ImportKey): string => JSON.stringify([kind, value ?? null, label ?? null])
  return (
    before.length === wanted.length &&
    before.every((key, index) => text(key) === text(wanted[index] ?? { kind: 'none' }))
  )
}

type PhonePlan = Pick<BulkPlan, 'purgeDevices' | 'createDevices' | 'updateDevices'>

function planPhones(
  rows: Rows,
  { devices }: Existing,
  personOf: (number: string) => ExtensionRecord | undefined,
  parts: DraftParts,
  problems: Problem[],
): { plan: PhonePlan; counts: ImportPlan['counts']['phones'] } {
  const purgeDevices: DeviceRecord[] = []
  const createDevices: DeviceRecord[] = []
  const updateDevices: DeviceRecord[] = []
  let unchanged = 0
  for (const [mac, own] of group(rows, (row) => row.mac)) {
    const known = devices.get(mac)
    const before = known?.state === 'retired' ? undefined : known
    const after = attempt(problems, own, () => planPhone(mac, own, before, personOf, parts, problems))
    if (!after) continue
    if (known && !before) purgeDevices.push(known)
    if (!before) createDevices.push(after)
    else if (after !== before) updateDevices.push(after)
    else unchanged += 1
  }
  const counts = { added: createDevices.length, changed: updateDevices.length, unchanged }
  return { plan: { purgeDevices, createDevices, updateDevices }, counts }
}

function planPhone(
  mac: Mac,
  rows: Rows,
  before: DeviceRecord | undefined,
  personOf: (number: string) => ExtensionRecord | undefined,
  parts: DraftParts,
  problems: Problem[],
): DeviceRecord | undefined {
  const model = agreed(rows, 'model', problems) ?? before?.model
  if (model === undefined) {
    problems.push(
      problemAt('MODEL_UNKNOWN', rows[0], 'model', 'a new phone needs its model, for example yealink/t21p-e2'),
    )
    return undefined
  }
  const lineRows = rows.filter((row) => row.extension !== undefined)
  if (before && model === before.model && sameLines(before, lineRows, personOf)) return before
  const start = before ? { ...before, model, lines: [] } : draftDevice(parts, { mac, model })
  if (before && model !== before.model) refuseKeys(parts.models, model, before)
  let device: DeviceRecord = start
  for (const row of lineRows) {
    const extension = personOf(row.extension ?? '')
    // The person was refused for a reason of their own, which is listed.
    if (!extension) continue
    const next = attempt(problems, [row], () => withLine(parts, device, { extension, position: row.line }))
    if (next) device = keepCredentials(next, before)
  }
  return device
}

function refuseKeys(models: ModelLookup, model: string, { keys }: DeviceRecord): void {
  const [first] =
    models(model)
      ?.checkKeys(keys)
      .filter(({ severity }) => severity !== 'warning') ?? []
  if (first)
    throw new AppError('KEY_INVALID', `a key of this phone does not fit ${model}: ${first.message}`, { field: 'model' })
}

function sameLines(
  before: DeviceRecord,
  rows: Rows,
  personOf: (number: string) => ExtensionRecord | undefined,
): boolean {
  return (
    before.lines.length === rows.length &&
    before.lines.every((line, index) => {
      const row = rows[index]
      return line.extensionId === personOf(row?.extension ?? '')?.id && line.position === (row?.line ?? index + 1)
    })
  )
}

/** A line that stays what it was keeps its password: the phone that has it stays registered. */
function keepCredentials(device: DeviceRecord, before: DeviceRecord | undefined): DeviceRecord {
  if (!before) return device
  const lines = device.lines.map(
    (line) =>
      before.lines.find((old) => old.position === line.position && old.extensionId === line.extensionId) ?? line,
  )
  return { ...device, lines }
}
