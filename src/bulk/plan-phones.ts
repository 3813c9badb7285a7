import { draftDevice, withLine } from '../devices/draft.js'
import { AppError, type Problem } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import { sameText } from './damage.js'
import type { PlanParts } from './plan-parts.js'
import { agreed, changeOf, type Rows } from './plan-people.js'
import { problemAt } from './row-problems.js'
import type { FieldChange } from './report.js'
import type { ImportRow } from './row.js'

/** What becomes of a phone. */
export interface PlannedPhone {
  readonly outcome: 'new' | 'changed' | 'same' | 'exists'
  readonly record: DeviceRecord
  readonly changes: readonly FieldChange[]
}

/** People by number, as they will be. */
export type PersonOf = (number: string) => ExtensionRecord | undefined

/**
 * What becomes of the phone whose rows these are: each is a line of it. Problems of rows are pushed; undefined when the
 * phone cannot be made; throws what the checks of single fields throw.
 */
export function planPhone(
  mac: Mac,
  rows: Rows,
  before: DeviceRecord | undefined,
  personOf: PersonOf,
  parts: PlanParts,
  problems: Problem[],
): PlannedPhone | undefined {
  if (before && parts.strategy === 'skip') return { outcome: 'exists', record: before, changes: [] }
  if (before && parts.strategy === 'fail') {
    throw new AppError('DEVICE_EXISTS', `there is a phone ${mac} already`, { field: 'mac' })
  }
  const model = agreed(rows, 'model', problems) ?? before?.model
  if (model === undefined) {
    const what = 'a new phone needs its model, for example yealink/t21p-e2'
    problems.push(problemAt('MODEL_UNKNOWN', rows[0]?.row ?? 0, 'model', what))
    return undefined
  }
  const name = agreed(rows, 'phoneName', problems) ?? before?.name
  const lineRows = rows.filter((row) => row.extension !== undefined)
  const sameName = name === undefined || sameText(before?.name, name)
  // A phone that is named without anybody keeps who is on it.
  const keepsLines = before !== undefined && (lineRows.length === 0 || sameLines(before, lineRows, personOf))
  if (before && model === before.model && sameName && keepsLines)
    return { outcome: 'same', record: before, changes: [] }
  if (before && model !== before.model) refuseKeys(parts, model, before)
  const start = before
    ? { ...before, model, ...(name === undefined ? {} : { name }), lines: keepsLines ? before.lines : [] }
    : draftDevice(parts, { mac, model, ...(name === undefined ? {} : { name }) })
  const record = keepsLines ? start : withLines(start, before, lineRows, personOf, parts, problems)
  return { outcome: before ? 'changed' : 'new', record, changes: before ? changesOf(before, record, parts) : [] }
}

function withLines(
  start: DeviceRecord,
  before: DeviceRecord | undefined,
  rows: Rows,
  personOf: PersonOf,
  parts: PlanParts,
  problems: Problem[],
): DeviceRecord {
  let device = start
  for (const row of rows) {
    const extension = personOf(row.extension ?? '')
    // The person was refused for a reason of their own, which is listed.
    if (!extension) continue
    try {
      device = keepCredentials(withLine(parts, device, { extension, position: row.line }), before)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      problems.push(problemAt(error.code, row.row, row.line === undefined ? 'extension' : 'line', error.message))
    }
  }
  return device
}

function refuseKeys({ models }: PlanParts, model: string, { keys }: DeviceRecord): void {
  const [first] =
    models(model)
      ?.checkKeys(keys)
      .filter(({ severity }) => severity !== 'warning') ?? []
  if (first)
    throw new AppError('KEY_INVALID', `a key of this phone does not fit ${model}: ${first.message}`, { field: 'model' })
}

function sameLines(before: DeviceRecord, rows: Rows, personOf: PersonOf): boolean {
  const wanted = [...rows].sort((a, b) => positionIn(rows, a) - positionIn(rows, b))
  return (
    before.lines.length === wanted.length &&
    before.lines.every((line, index) => {
      const row = wanted[index]
      if (!row) return false
      return line.extensionId === personOf(row.extension ?? '')?.id && line.position === positionIn(rows, row)
    })
  )
}

function positionIn(rows: Rows, row: ImportRow): number {
  return row.line ?? rows.indexOf(row) + 1
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

function changesOf(before: DeviceRecord, after: DeviceRecord, { numberOf }: PlanParts): FieldChange[] {
  const lines = ({ lines: all }: DeviceRecord): string =>
    all.map(({ position, extensionId }) => `${position}=${numberOf(extensionId) ?? '?'}`).join(', ')
  return [
    ...changeOf('model', before.model, after.model),
    ...changeOf('phoneName', before.name, after.name),
    ...changeOf('lines', lines(before), lines(after)),
  ]
}
