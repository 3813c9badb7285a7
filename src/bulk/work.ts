import type { ModelLookup } from '../devices/draft.js'
import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { Random } from '../domain/random.js'
import { policyOf } from '../extensions/policy.js'
import type { SecretBox } from '../secrets/seal.js'
import type { SettingContent } from '../settings/vocabulary.js'
import type { DeviceRecord, ExtensionRecord, LayerValues } from '../snapshot/snapshot.js'
import { planSize, type ApplyBulk } from './apply.js'
import type { OwnerLayer } from './settings-change.js'
import { changedSince } from './basis.js'
import type { DeskWork, WorkHooks } from './open-import.js'
import { paced, type Pace } from './pace.js'
import type { Existing } from './plan-parts.js'
import type { ImportPlan } from './plan.js'
import { planRows, type RowsPlan } from './plan-rows.js'
import type { ImportOptions, PrepareParts } from './import-options.js'
import { prepare } from './prepare.js'
import type { ImportSummary } from './report.js'
import type { ReadRow } from './row.js'
import type { StoredImport } from './store.js'

/** Everything there is, of all sites, as stored now. */
export interface Stored {
  extensions: Iterable<ExtensionRecord>
  devices: Iterable<DeviceRecord>
  layer(layer: 'global' | 'site' | OwnerLayer, owner: string): LayerValues
}

/** The vocabulary, and what else is known of phones and of others' files. */
export type Knowledge = Pick<PrepareParts, 'vocabulary' | 'profiles' | 'findModel' | 'isSecret'>

/** What working out an import and writing it takes. */
export interface WorkParts {
  siteId: Id
  secrets: SecretBox
  clock: Clock
  random: Random
  models: ModelLookup
  load(): Promise<Stored>
  /** People without a number, and what values of files may stand for here. */
  surroundings(siteId: Id): Promise<Pick<Existing, 'unnumbered' | 'places'>>
  apply: ApplyBulk
  /** Gives way to others in between; `check` may throw. */
  pace(check?: () => void): Pace
  /** Read when first asked for. Throws TEMPLATES_INVALID. */
  knowledge(): Knowledge | Promise<Knowledge>
  /** The value of a setting, a person's if nothing else is said; throws SETTING_UNKNOWN, SETTING_VALUE_INVALID. */
  checkSetting(key: string, value: unknown, layer?: OwnerLayer): SettingContent
}

/** For work that nobody watches. */
export const NO_HOOKS: WorkHooks = { progress: () => undefined, check: () => undefined }

/** What is done with files: for the desk, and for those who import at one go. */
export function createWork(parts: WorkParts): DeskWork {
  return {
    siteId: parts.siteId,
    preview: async (bytes, options, { progress, check }) => {
      const pace = parts.pace(check)
      const known = await prepareParts(parts)
      return prepare(bytes, options, await loadExisting(parts, pace), known, { pace, progress })
    },
    changedSince: async ({ planned }) => {
      const pace = parts.pace()
      return changedSince(planned.basis, await loadExisting(parts, pace), pace)
    },
    run: ({ planned, summary }, job, hooks) => writePlan(parts, planned, summary, job, hooks),
  }
}

/** As the preview of a file, of rows that were checked already. */
export async function planChecked(
  parts: WorkParts,
  rows: readonly ReadRow[],
  options: Pick<ImportOptions, 'strategy'> = {},
): Promise<RowsPlan> {
  const hooks = { pace: parts.pace(), progress: NO_HOOKS.progress }
  return planRows(rows, options, await loadExisting(parts, hooks.pace), await prepareParts(parts), hooks)
}

/** Writes what was planned, and that the import is done, in one transaction. Throws as ApplyBulk does. */
export async function writePlan(
  parts: WorkParts,
  { plan, reports }: ImportPlan,
  summary: ImportSummary,
  job: StoredImport,
  hooks: WorkHooks,
): Promise<void> {
  const total = planSize(plan)
  const pace = parts.pace(hooks.check)
  const at = parts.clock.now()
  await parts.apply(
    plan,
    { actor: job.actor, at },
    {
      done: { ...job, state: 'done', summary, finishedAt: at },
      results: reports,
      progress: async (written) => {
        hooks.progress('writing', written, total)
        hooks.check()
        await pace()
      },
    },
  )
}

async function prepareParts(parts: WorkParts): Promise<PrepareParts> {
  const { siteId, secrets, clock, random, models, checkSetting } = parts
  return { siteId, secrets, clock, random, models, checkSetting, ...(await parts.knowledge()) }
}

/** Of a live snapshot too: its records are replaced whole, and what changes meanwhile is found by revision. */
async function loadExisting({ load, surroundings, siteId }: WorkParts, pace: Pace): Promise<Existing> {
  const stored = await load()
  const extensions = new Map<string, ExtensionRecord>()
  for await (const one of paced(stored.extensions, pace)) if (one.siteId === siteId) extensions.set(one.number, one)
  const devices = new Map<Mac, DeviceRecord>()
  const foreign = new Set<Mac>()
  for await (const one of paced(stored.devices, pace)) {
    if (one.siteId === siteId) devices.set(one.mac, one)
    else foreign.add(one.mac)
  }
  const siteLayers = [stored.layer('site', siteId).values, stored.layer('global', '').values]
  const policy = policyOf([...siteLayers].reverse())
  const settings: Existing['settings'] = (id, layer = 'extension') => stored.layer(layer, id)
  return { extensions, devices, foreign, policy, settings, siteLayers, ...(await surroundings(siteId)) }
}
