import { requireModel } from '../catalog/catalog.js'
import type { Mac } from '../domain/mac-address.js'
import { differencesOf, type Difference } from './differences.js'
import { gather, type Gathered, type OldFile } from './gather.js'
import { learn, type LearnParts, type ModelKnowledge } from './learn.js'
import { planMoveIn, type MoveInPlan } from './plan.js'

/** What was found in the files of another provisioning server, and what would be made of it. */
export interface MoveIn extends Gathered {
  readonly plan: MoveInPlan
  readonly differences: readonly Difference[]
}

export interface MoveInParts extends LearnParts {
  /** The model of a phone whose files could be those of several, as far as somebody knows. */
  modelOf(mac: Mac): string | undefined
  /** What is known of models already; what is learnt is added. */
  readonly learnt: Map<string, ModelKnowledge>
}

/** Reads phones, people, keys and settings out of files. */
export async function moveIn(parts: MoveInParts, files: readonly OldFile[]): Promise<MoveIn> {
  const { catalog, readers, vocabulary } = parts
  const knowledgeOf = async (id: string): Promise<ModelKnowledge> => {
    // Zones are named by preference.
    const key = JSON.stringify([id, parts.preferredZones])
    const known = parts.learnt.get(key) ?? (await learn(parts, requireModel(catalog, id)))
    parts.learnt.set(key, known)
    return known
  }
  const sources = { catalog, readers, knowledgeOf, modelOf: (mac: Mac) => parts.modelOf(mac), pace: parts.pace }
  const gathered = await gather(sources, files)
  const plan = planMoveIn(gathered.phones, vocabulary, {
    modelOf: (id) => catalog.model(id),
    oldHosts: [...new Set(gathered.phones.flatMap(({ servers }) => servers))],
  })
  return { ...gathered, plan, differences: await differencesOf(parts, plan, knowledgeOf) }
}
