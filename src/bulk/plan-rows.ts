import { giveNumbers } from './give-numbers.js'
import type { ImportOptions, PrepareHooks, PrepareParts } from './import-options.js'
import { LateSeals } from './late-seals.js'
import { pooledRandom } from '../domain/random.js'
import { GroupNames } from './group-names.js'
import { joinGroups } from './join-groups.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { groupsOfPeople, planGroups } from './plan-groups.js'
import { warnOfKeys } from './plan-key-warnings.js'
import { planUnnumbered } from './plan-unnumbered.js'
import { planImport, type ImportPlan } from './plan.js'
import { reportOf, type Counts } from './report.js'
import { isGood, type GoodRow, type ReadRow } from './row.js'
import { proposeSecretaries, withSecretaryKeys, type SecretaryProposal } from './secretary-keys.js'
import { applyAnswers, questionsOf, type ValueQuestion } from './value-questions.js'

/** What rows would do, with what the one who imports is asked and offered. */
export interface RowsPlan extends ImportPlan {
  readonly groups: Counts
  readonly questions: readonly ValueQuestion[]
  readonly secretaries: SecretaryProposal
}

/** What checked rows would do: people and phones, people without a number, and rows that are left out. */
export async function planRows(
  all: readonly ReadRow[],
  options: ImportOptions,
  existing: Existing,
  parts: PrepareParts,
  { pace, progress }: PrepareHooks,
): Promise<RowsPlan> {
  const strategy = options.strategy ?? 'update'
  const seals = new LateSeals(parts.secrets, (key) => parts.isSecret(key))
  const planParts: Omit<PlanParts, 'numberOf'> = {
    ...parts,
    secrets: seals,
    random: pooledRandom(parts.random),
    strategy,
    settings: (owner, layer) => existing.settings(owner, layer),
    groups: new GroupNames(existing.places.groups, parts),
  }
  const questions = await questionsOf(all, existing.places, options.values ?? {}, pace)
  const { rows: answered, left } = await applyAnswers(all, questions, existing.places, pace)
  const numbers = giveNumbers(answered, existing)
  const secretaries = proposeSecretaries(numbers.rows, existing)
  const rows =
    options.secretaryKeys === true ? withSecretaryKeys(numbers.rows, secretaries, existing, strategy) : numbers.rows
  const waiting = rows.filter(isUnnumbered)
  const ofGroups = rows.filter(isOfGroup)
  const isPlain = waiting.length + ofGroups.length === 0
  const numbered = isPlain ? rows : rows.filter((row) => !isUnnumbered(row) && !isOfGroup(row))
  const rule = options.duplicates ?? 'refuse'
  // Before people: what a row makes needs no warning that it is made.
  const groups = await planGroups(ofGroups, existing.places.groups, planParts, rule, pace)
  const planned = await planImport(
    numbered,
    existing,
    planParts,
    { duplicates: rule },
    { pace, progress: (done, total) => progress('checking', done, total) },
  )
  const told = warnOfKeys(joinGroups(planned, numbered, existing, planParts.groups), existing)
  const unnumbered = await planUnnumbered(waiting, existing, planParts, pace)
  const named = groupsOfPeople(told.plan, groups.put, planParts)
  const others = [
    ...unnumbered.reports,
    ...groups.reports,
    ...left.map(({ row, problem }) => reportOf(row, 'left', [], [problem])),
  ]
  const answers = questions.flatMap(({ kind, value, answer, by }) =>
    answer === undefined || by === 'named' ? [] : [{ kind, value, answer }],
  )
  return {
    ...told,
    plan: {
      ...told.plan,
      settings: groups.settings.length === 0 ? told.plan.settings : [...told.plan.settings, ...groups.settings],
      takeUnnumbered: told.plan.createExtensions.flatMap(({ number }) => numbers.taken.get(number) ?? []),
      ...{ seals, putUnnumbered: unnumbered.put, putGroups: [...groups.put, ...named], answers },
    },
    people: plus(told.people, unnumbered.counts),
    groups: plus(groups.counts, { added: named.length, changed: 0, unchanged: 0 }),
    reports: others.length === 0 ? told.reports : [...told.reports, ...others].sort((a, b) => a.row - b.row),
    basis: [...told.basis, ...numbers.basis, ...unnumbered.basis, ...groups.basis, ...planParts.groups.basis()],
    questions,
    secretaries,
  }
}

function isUnnumbered(row: ReadRow): row is GoodRow {
  if (!isGood(row)) return false
  const { extension, mac, keysOfGroup } = row.checked
  return extension === undefined && mac === undefined && keysOfGroup === undefined
}

function isOfGroup(row: ReadRow): row is GoodRow {
  return row.checked?.keysOfGroup !== undefined
}

function plus(a: Counts, b: Counts): Counts {
  return { added: a.added + b.added, changed: a.changed + b.changed, unchanged: a.unchanged + b.unchanged }
}
