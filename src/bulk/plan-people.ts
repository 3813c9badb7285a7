import { AppError, type Problem } from '../domain/errors.js'
import { requirePasswordByPolicy, type ExtensionPolicy } from '../extensions/policy.js'
import { isWeakPassword } from '../extensions/rules.js'
import { draftExtension } from '../extensions/draft.js'
import { personUserName } from '../extensions/user-names.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import type { SettingsChange } from './settings-change.js'
import { sameText } from './damage.js'
import { agreed, agreedSettings, emptyInAll, madeGroup, type PersonField, type Rows } from './agreed.js'
import type { PlanParts, Strategy } from './plan-parts.js'
import { changedSettings, changeOf, HIDDEN, settingChanges, withoutWholeName } from './plan-settings.js'
import { problemAt } from './row-problems.js'
import { keyChange, keysOf, keysText } from './plan-keys.js'
import type { FieldChange } from './report.js'
import type { ImportRow } from './row.js'

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
  const { id: owner, siteId } = record
  const of = { layer: 'extension', owner, siteId, label: number } as const
  const said = { ...given, settings: withoutWholeName(given.settings, before?.displayName, layer.values) }
  const settings = changedSettings(of, said, layer, parts)
  const changes = [
    ...(before ? recordChanges(before, record, parts) : []),
    ...(settings ? settingChanges(settings, layer, parts) : []),
  ]
  const outcome = before ? (changes.length === 0 ? 'same' : 'changed') : 'new'
  return { outcome, record, ...(settings ? { settings } : {}), changes }
}

const NONE: ReadonlyMap<string, unknown> = new Map()

type GivenPerson = { readonly [Field in PersonField]: ImportRow[Field] | undefined } & {
  readonly settings: ReadonlyMap<string, unknown>
  /** Empty in every row. */
  readonly empty: ReadonlySet<string>
}

function agreedPerson(rows: Rows, problems: Problem[]): GivenPerson {
  const [first, ...others] = rows
  const settings = others.length === 0 ? (first?.settings ?? NONE) : agreedSettings(rows, 'settings', problems)
  return {
    name: agreed(rows, 'name', problems),
    email: agreed(rows, 'email', problems),
    password: agreed(rows, 'password', problems),
    username: agreed(rows, 'username', problems),
    enabled: agreed(rows, 'enabled', problems),
    groups: agreed(rows, 'groups', problems),
    keys: agreed(rows, 'keys', problems),
    settings,
    empty: new Set(emptyInAll(rows)),
  }
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
  for (const name of names ?? []) if (!groups.has(name)) problems.push(madeGroup(rows, 'groups', name))
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
