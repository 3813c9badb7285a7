import { draftDevice, withLine } from '../devices/draft.js'
import { AppError, type Problem } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import { agreed, agreedSettings, emptyInAll, madeGroup, type Rows } from './agreed.js'
import type { SettingsChange } from './settings-change.js'
import { PHONE_KEY } from './columns.js'
import { sameText } from './damage.js'
import type { PlanParts } from './plan-parts.js'
import { keyChange, keysText } from './plan-keys.js'
import { changedSettings, changeOf, ownedNames, settingChanges } from './plan-settings.js'
import { problemAt } from './row-problems.js'
import type { FieldChange } from './report.js'
import type { ImportRow } from './row.js'

/** What becomes of a phone. */
export interface PlannedPhone {
  readonly outcome: 'new' | 'changed' | 'same' | 'exists'
  readonly record: DeviceRecord
  /** Of the phone and its lines. */
  readonly settings: readonly SettingsChange[]
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
  if (before && parts.strategy === 'skip') return { outcome: 'exists', record: before, settings: [], changes: [] }
  if (before && parts.strategy === 'fail') {
    throw new AppError('DEVICE_EXISTS', `there is a phone ${mac} already`, { field: 'mac' })
  }
  const model = agreed(rows, 'model', problems) ?? before?.model
  if (model === undefined) {
    const what = 'a new phone needs its model, for example yealink/t21p-e2'
    problems.push(problemAt('MODEL_UNKNOWN', rows[0]?.row ?? 0, 'model', what))
    return undefined
  }
  const lineRows = rows.filter((row) => row.extension !== undefined)
  const start = described(before ?? draftDevice(parts, { mac, model }), model, rows, parts, problems)
  // A phone that is named without anybody keeps who is on it.
  const keepsLines = before !== undefined && (lineRows.length === 0 || sameLines(before, lineRows, personOf))
  const lined = keepsLines ? start : withLines({ ...start, lines: [] }, before, lineRows, personOf, parts, problems)
  const record = withLabels(lined, lineRows, parts)
  if (record.keys !== before?.keys || model !== before.model) refuseKeys(parts, record, before)
  const settings = settingsOf(record, rows, lineRows, parts, problems)
  if (!before) return { outcome: 'new', record, settings, changes: [] }
  const changes = [...changesOf(before, record, parts), ...settings.flatMap((one) => shownSettings(one, record, parts))]
  return { outcome: changes.length === 0 ? 'same' : 'changed', record, settings, changes }
}

/** What the rows say of the phone itself; the same record when that is what it is already. */
function described(
  start: DeviceRecord,
  model: string,
  rows: Rows,
  parts: PlanParts,
  problems: Problem[],
): DeviceRecord {
  const clears = (field: string): boolean =>
    parts.strategy === 'overwrite' && rows.every(({ empty }) => empty?.has(field))
  const name = agreed(rows, 'phoneName', problems)
  const state = agreed(rows, 'phoneState', problems)
  const group = agreed(rows, 'phoneGroup', problems) ?? (clears('phoneGroup') ? '' : undefined)
  if (group !== undefined && group !== '' && !parts.groups.has(group))
    problems.push(madeGroup(rows, 'phoneGroup', group))
  const groupId = group === undefined ? start.groupId : group === '' ? undefined : parts.groups.idOf(group)
  const { name: oldName, groupId: oldGroup, ...rest } = start
  const isNamed = name === undefined ? !clears('phoneName') : sameText(oldName, name)
  const newName = isNamed ? oldName : name
  const keys = keyChange(start, agreed(rows, 'phoneKeys', problems), parts.strategy === 'overwrite', parts, 'device')
  const isSame = newName === oldName && groupId === oldGroup && model === start.model && !keys.keys
  if (isSame && (state === undefined || state === start.state)) return start
  return {
    ...{ ...rest, model, ...keys },
    ...(newName === undefined ? {} : { name: newName }),
    ...(groupId === undefined ? {} : { groupId }),
    ...(state === undefined ? {} : { state }),
  }
}

/** Settings of the phone and of its lines that differ. */
function settingsOf(
  { id, siteId, mac, lines }: DeviceRecord,
  rows: Rows,
  lineRows: Rows,
  parts: PlanParts,
  problems: Problem[],
): SettingsChange[] {
  const ofPhone = {
    settings: agreedSettings(rows, 'phoneSettings', problems),
    empty: ownedNames(emptyInAll(rows), 'phone'),
  }
  const of = { layer: 'device', owner: id, siteId, label: mac } as const
  const own = changedSettings(of, ofPhone, parts.settings(id, 'device'), parts)
  const ofLines = lineRows.flatMap((row) => {
    const line = lines.find(({ position }) => position === positionIn(lineRows, row))
    if (!line) return []
    const said = { settings: row.lineSettings ?? NONE, empty: ownedNames(row.empty ?? [], 'line') }
    const ofLine = { layer: 'line', owner: line.id, siteId, label: mac } as const
    return changedSettings(ofLine, said, parts.settings(line.id, 'line'), parts) ?? []
  })
  return own ? [own, ...ofLines] : ofLines
}

const NONE: ReadonlyMap<string, unknown> = new Map()

function shownSettings(change: SettingsChange, { lines }: DeviceRecord, parts: PlanParts): FieldChange[] {
  const { layer, owner } = change
  const line = lines.find(({ id }) => id === owner)
  const prefix = line ? `line ${line.position}.` : 'phone.'
  return settingChanges(change, parts.settings(owner, layer), parts, prefix)
}

/** Labels of lines as the rows have them. */
function withLabels(device: DeviceRecord, rows: Rows, { strategy }: PlanParts): DeviceRecord {
  if (!rows.some(({ lineLabel, empty }) => lineLabel !== undefined || empty?.has('lineLabel'))) return device
  const lines = device.lines.map((line) => {
    const row = rows.find((one) => positionIn(rows, one) === line.position)
    const clears = strategy === 'overwrite' && row?.empty?.has('lineLabel') === true
    const { label: old, ...rest } = line
    const label = row?.lineLabel ?? (clears ? undefined : old)
    if (label === old || (label !== undefined && sameText(old, label))) return line
    return { ...rest, ...(label === undefined ? {} : { label }) }
  })
  return lines.every((line, index) => line === device.lines[index]) ? device : { ...device, lines }
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

/** Keys that the phone cannot have: those of the file, or those that it has and another model has not. */
function refuseKeys({ models }: PlanParts, { model, keys }: DeviceRecord, before: DeviceRecord | undefined): void {
  const [first] =
    models(model)
      ?.checkKeys(keys)
      .filter(({ severity }) => severity !== 'warning') ?? []
  if (!first) return
  const isNew = keys !== before?.keys
  const what = isNew ? first.message : `a key of this phone does not fit ${model}: ${first.message}`
  throw new AppError('KEY_INVALID', what, { field: isNew ? PHONE_KEY : 'model' })
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

function changesOf(before: DeviceRecord, after: DeviceRecord, { numberOf, groups }: PlanParts): FieldChange[] {
  if (before === after) return []
  const lines = ({ lines: all }: DeviceRecord): string =>
    all
      .map(({ position, extensionId, label }) => {
        const who = `${position}=${numberOf(extensionId) ?? '?'}`
        return label === undefined ? who : `${who} ${label}`
      })
      .join(', ')
  const group = ({ groupId }: DeviceRecord): string | undefined =>
    groupId === undefined ? undefined : groups.nameOf(groupId)
  const keys = ({ keys: all }: DeviceRecord): string | undefined => (all.length === 0 ? undefined : keysText(all))
  return [
    ...changeOf('model', before.model, after.model),
    ...changeOf('phoneName', before.name, after.name),
    ...changeOf('phoneState', before.state, after.state),
    ...changeOf('phoneGroup', group(before), group(after)),
    ...changeOf('phoneKeys', keys(before), keys(after)),
    ...changeOf('lines', lines(before), lines(after)),
  ]
}
