import type { ImportOptions, PrepareHooks, PrepareParts } from './import-options.js'
import { LateSeals } from './late-seals.js'
import { joinGroups } from './join-groups.js'
import type { Existing, PlanParts } from './plan-parts.js'
import { warnOfKeys } from './plan-key-warnings.js'
import { planUnnumbered } from './plan-unnumbered.js'
import { planImport, type ImportPlan } from './plan.js'
import { pooledRandom } from './randomness.js'
import type { Counts, RowReport } from './report.js'
import { isGood, type GoodRow, type ReadRow } from './row.js'
import { proposeSecretaries, withSecretaryKeys, type SecretaryProposal } from './secretary-keys.js'
import { applyAnswers, questionsOf, type LeftRow, type ValueQuestion } from './value-questions.js'

/** What rows would do, with what the one who imports is asked and offered. */
export interface RowsPlan extends ImportPlan {
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
  }
  const questions = await questionsOf(all, existing.places, options.values ?? {}, pace)
  const { rows: answered, left } = await applyAnswers(all, questions, existing.places, pace)
  const secretaries = proposeSecretaries(answered, existing)
  const rows = options.secretaryKeys === true ? withSecretaryKeys(answered, secretaries, existing, strategy) : answered
  const waiting = rows.filter(isUnnumbered)
  const numbered = waiting.length === 0 ? rows : rows.filter((row) => !isUnnumbered(row))
  const planned = await planImport(
    numbered,
    existing,
    planParts,
    { duplicates: options.duplicates ?? 'refuse' },
    { pace, progress: (done, total) => progress('checking', done, total) },
  )
  const told = warnOfKeys(joinGroups(planned, numbered, existing), existing)
  const unnumbered = await planUnnumbered(waiting, existing, planParts, pace)
  const others = [...unnumbered.reports, ...left.map(leftReport)]
  const answers = questions.flatMap(({ kind, value, answer, by }) =>
    answer === undefined || by === 'named' ? [] : [{ kind, value, answer }],
  )
  return {
    ...told,
    plan: { ...told.plan, seals, putUnnumbered: unnumbered.put, answers },
    people: plus(told.people, unnumbered.counts),
    reports: others.length === 0 ? told.reports : [...told.reports, ...others].sort((a, b) => a.row - b.row),
    basis: [...told.basis, ...unnumbered.basis],
    questions,
    secretaries,
  }
}

function isUnnumbered(row: ReadRow): row is GoodRow {
  return isGood(row) && row.checked.extension === undefined && row.checked.mac === undefined
}

function leftReport({ row: { row, number, mac, name }, problem }: LeftRow): RowReport {
  return { row, number, mac, name, outcome: 'left', changes: [], problems: [problem] }
}

function plus(a: Counts, b: Counts): Counts {
  return { added: a.added + b.added, changed: a.changed + b.changed, unchanged: a.unchanged + b.unchanged }
}
