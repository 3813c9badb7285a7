import { AppError, type Problem } from '../domain/errors.js'
import { requirePasswordByPolicy, type ExtensionPolicy } from '../extensions/policy.js'
import { isWeakPassword } from '../extensions/rules.js'
import { draftExtension } from '../extensions/draft.js'
import { personUserName } from '../extensions/user-names.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { Sealed } from '../domain/secret.js'
import type { ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { SettingsChange } from './apply.js'
import { sameText } from './damage.js'
import type { PlanParts, Strategy } from './plan-parts.js'
import { CLEARED } from './row-cells.js'
import { problemAt } from './row-problems.js'
import { keyChange, keysOf, keysText } from './plan-keys.js'
import type { FieldChange } from './report.js'
import type { ImportRow } from './row.js'

/** Rows that belong together: of one person, or of one phone. */
export type Rows = readonly ImportRow[]

/** What becomes of a person. */
export interface PlannedPerson {
  readonly outcome: 'new' | 'changed' | 'same' | 'exists'
  readonly record: ExtensionRecord
  readonly settings?: SettingsChange
  readonly changes: readonly FieldChange[]
}

/** True for a row that says something of the person, beside who it is. */
export function describesPerson(row: ImportRow): boolean {
  const { name, email, password, username, enabled, groups, keys, settings, mac } = row
  const said = [name, email, password, username, enabled, groups, settings].some((value) => value !== undefined)
  return said || (keys?.length ?? 0) > 0 || mac === undefined
}

/**
 * What becomes of the person whose rows these are. Problems of rows are pushed; throws what the checks of single
 * fields throw.
 */
export function planPerson(
  number: string,
  rows: Rows,
  before: ExtensionRecord | undefined,
  { layer, policy }: { layer: LayerValues; policy: ExtensionPolicy },
  parts: PlanParts,
  problems: Problem[],
): PlannedPerson {
  const { strategy } = parts
  const told = rows.filter(describesPerson)
  if (before && told.length === 0) return { outcome: 'same', record: before, changes: [] }
  if (before && strategy === 'skip') return { outcome: 'exists', record: before, changes: [] }
  if (before && strategy === 'fail') {
    throw new AppError('EXTENSION_EXISTS', `there is an extension ${number} already`, { field: 'number' })
  }
  const given = agreedPerson(rows, problems)
  checkPassword(number, rows, given.password, { before, policy }, parts, problems)
  warnOfMadeGroups(rows, given.groups, parts, problems)
  const record = before ? changedPerson(before, given, strategy, parts) : newPerson(number, given, policy, parts)
  const settings = changedSettings(record, given, layer, strategy, parts)
  const changes = [
    ...(before ? recordChanges(before, record, parts) : []),
    ...(settings ? settingChanges(settings, layer, parts) : []),
  ]
  const outcome = before ? (changes.length === 0 ? 'same' : 'changed') : 'new'
  return { outcome, record, ...(settings ? { settings } : {}), changes }
}

const NONE: ReadonlyMap<string, unknown> = new Map()

type PersonField = 'name' | 'email' | 'password' | 'username' | 'enabled' | 'groups' | 'keys'

interface GivenPerson extends Pick<ImportRow, PersonField> {
  settings: ReadonlyMap<string, unknown>
  /** Empty in every row. */
  empty: ReadonlySet<string>
}

/** The one value of a field that all rows of a person or phone agree on; undefined when none has one. */
export function agreed<K extends PersonField | 'model' | 'phoneName'>(
  rows: Rows,
  field: K,
  problems: Problem[],
): ImportRow[K] | undefined {
  if (rows.length === 1) return rows[0]?.[field]
  const given = rows.filter((row) => row[field] !== undefined && (field !== 'keys' || row.keys?.length !== 0))
  const first = given[0]
  const other = given.find((row) => JSON.stringify(row[field]) !== JSON.stringify(first?.[field]))
  if (other && first) {
    const whose = field === 'model' || field === 'phoneName' ? 'phone' : 'extension'
    const what = `differs from row ${first.row}, which is the same ${whose}`
    problems.push(problemAt('CSV_INVALID', other.row, field === 'keys' ? 'key1' : field, what))
  }
  return first?.[field] ?? rows.find((row) => row[field] !== undefined)?.[field]
}

function agreedPerson(rows: Rows, problems: Problem[]): GivenPerson {
  const [first, ...others] = rows
  const settings = others.length === 0 ? (first?.settings ?? NONE) : agreedSettings(rows, problems)
  const empty = [...(first?.empty ?? [])].filter((name) => others.every((row) => row.empty?.has(name)))
  return {
    ...given('name'),
    ...given('email'),
    ...given('password'),
    ...given('username'),
    ...given('enabled'),
    ...given('groups'),
    ...given('keys'),
    settings,
    empty: new Set(empty),
  }
  function given<K extends PersonField>(field: K): Pick<ImportRow, K> {
    const value = agreed(rows, field, problems)
    return (value === undefined ? {} : { [field]: value }) as Pick<ImportRow, K>
  }
}

function agreedSettings(rows: Rows, problems: Problem[]): Map<string, unknown> {
  const settings = new Map<string, unknown>()
  const from = new Map<string, number>()
  for (const row of rows) {
    for (const [key, value] of row.settings ?? []) {
      const other = from.get(key)
      if (other !== undefined && JSON.stringify(settings.get(key)) !== JSON.stringify(value)) {
        problems.push(problemAt('CSV_INVALID', row.row, key, `differs from row ${other}, which is the same extension`))
      }
      if (other === undefined) settings.set(key, value)
      from.set(key, other ?? row.row)
    }
  }
  return settings
}

/** A new password must be as the site wants it; one that is easy to guess is told. */
function checkPassword(
  number: string,
  rows: Rows,
  password: string | undefined,
  { before, policy }: { before: ExtensionRecord | undefined; policy: ExtensionPolicy },
  parts: PlanParts,
  problems: Problem[],
): void {
  if (password === undefined || (before && ownPassword(before, parts) === password)) return
  requirePasswordByPolicy(password, policy)
  if (!isWeakPassword(password, number)) return
  const row = rows.find((each) => each.password !== undefined)?.row ?? 0
  const what = `the password of ${number} is easy to guess`
  problems.push(problemAt('PASSWORD_INVALID', row, 'password', what, 'warning'))
}

/** A group that nobody has made yet may be a slip of the pen. */
function warnOfMadeGroups(
  rows: Rows,
  names: readonly string[] | undefined,
  { groups }: PlanParts,
  problems: Problem[],
): void {
  const row = rows.find((each) => each.groups !== undefined)?.row ?? 0
  for (const name of names ?? []) {
    if (groups.has(name)) continue
    problems.push(problemAt('GROUP_NOT_FOUND', row, 'groups', `there is no group "${name}" yet: it is made`, 'warning'))
  }
}

function newPerson(
  number: string,
  given: GivenPerson,
  { userNames }: ExtensionPolicy,
  parts: PlanParts,
): ExtensionRecord {
  const { name, email, password, username, enabled, groups, keys } = given
  const { extension } = draftExtension(parts, { number, name: name ?? number, email, password })
  const placed = parts.groups.placed(extension, groups)
  return {
    ...placed,
    authUsername: username ?? personUserName(number, userNames, parts.random),
    ...(enabled === undefined ? {} : { enabled }),
    ...(keys === undefined ? {} : { keys: keysOf(extension, keys, parts) }),
  }
}

function changedPerson(
  before: ExtensionRecord,
  given: GivenPerson,
  strategy: Strategy,
  parts: PlanParts,
): ExtensionRecord {
  const { name, email, password, username, enabled, keys } = given
  const clears = strategy === 'overwrite'
  const placed = parts.groups.placed(before, given.groups ?? (clears && given.empty.has('groups') ? [] : undefined))
  const changes: Partial<ExtensionRecord> = {
    ...(name === undefined || sameText(before.displayName, name) ? {} : { displayName: name }),
    ...(email === undefined || email === before.email ? {} : { email }),
    ...(password === undefined || password === ownPassword(before, parts) ? {} : sealed(before, password, parts)),
    ...(username === undefined || username === before.authUsername ? {} : { authUsername: username }),
    ...(enabled === undefined || enabled === before.enabled ? {} : { enabled }),
    ...keyChange(before, keys, clears, parts),
  }
  const dropsEmail = clears && given.empty.has('email') && before.email !== undefined
  if (Object.keys(changes).length === 0 && !dropsEmail) return placed
  const { email: old, ...rest } = placed
  return { ...rest, ...(old === undefined || dropsEmail ? {} : { email: old }), ...changes }
}

function ownPassword({ id, sealedPassword }: ExtensionRecord, { secrets }: PlanParts): string {
  return secrets.open(sealedPassword, SEAL_CONTEXTS.extensionPassword(id)).reveal()
}

function sealed({ id }: ExtensionRecord, password: string, { secrets }: PlanParts): Partial<ExtensionRecord> {
  return { sealedPassword: secrets.seal(password, SEAL_CONTEXTS.extensionPassword(id)) }
}

function changedSettings(
  { id, siteId, number }: ExtensionRecord,
  { settings, empty }: GivenPerson,
  { revision, values }: LayerValues,
  strategy: Strategy,
  parts: PlanParts,
): SettingsChange | undefined {
  const set = new Map<string, unknown>()
  for (const [key, value] of settings) {
    if (isStored(values.get(key), value, key, id, parts)) continue
    const isSecret = parts.isSecret(key) && typeof value === 'string' && value !== ''
    set.set(key, isSecret ? parts.secrets.seal(value, SEAL_CONTEXTS.settingValue('extension', id, key)) : value)
  }
  const unset = strategy === 'overwrite' ? [...empty].filter((key) => values.has(key)) : []
  return set.size + unset.length === 0 ? undefined : { extensionId: id, siteId, number, revision, set, unset }
}

function isStored(stored: unknown, value: unknown, key: string, owner: string, parts: PlanParts): boolean {
  if (stored === undefined) return false
  if (parts.isSecret(key) && typeof stored === 'string' && typeof value === 'string' && stored !== '') {
    return parts.secrets.open(stored as Sealed, SEAL_CONTEXTS.settingValue('extension', owner, key)).reveal() === value
  }
  // Blanks at the ends are meant, where a text may have them.
  if (typeof stored === 'string' && typeof value === 'string' && stored.trim() === stored)
    return sameText(stored, value)
  return JSON.stringify(stored) === JSON.stringify(value)
}

const HIDDEN = '•••'

function recordChanges(before: ExtensionRecord, after: ExtensionRecord, { groups }: PlanParts): FieldChange[] {
  if (before === after) return []
  return [
    ...changeOf('name', before.displayName, after.displayName),
    ...changeOf('email', before.email, after.email),
    ...(before.sealedPassword === after.sealedPassword ? [] : [{ field: 'password', before: HIDDEN, after: HIDDEN }]),
    ...changeOf('username', before.authUsername, after.authUsername),
    ...changeOf('enabled', String(before.enabled), String(after.enabled)),
    ...changeOf('groups', groups.cellOf(before), groups.cellOf(after)),
    ...changeOf('keys', keysText(before.keys), keysText(after.keys)),
  ]
}

export function changeOf(field: string, before: string | undefined, after: string | undefined): FieldChange[] {
  if (before === after) return []
  return [{ field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
}

function settingChanges({ set, unset }: SettingsChange, { values }: LayerValues, parts: PlanParts): FieldChange[] {
  const shown = (key: string, value: unknown): string | undefined => {
    if (value === undefined) return undefined
    return parts.isSecret(key) ? HIDDEN : settingText(value)
  }
  return [
    ...[...set].map(([key, value]) => {
      const before = shown(key, values.get(key))
      return { field: key, ...(before === undefined ? {} : { before }), after: shown(key, value) ?? '' }
    }),
    ...unset.map((key) => ({ field: key, before: shown(key, values.get(key)) ?? '' })),
  ]
}

/** A value as a cell holds it. */
export function settingText(value: unknown): string {
  if (value === null || value === '') return CLEARED
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
