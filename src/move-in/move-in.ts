import { AppError } from '../domain/errors.js'
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
}

/** Reads phones, people, keys and settings out of files. Throws FILE_NOT_FOUND when there is no phone in them. */
export function moveIn(parts: MoveInParts, files: readonly OldFile[]): MoveIn {
  const { catalog, readers, vocabulary } = parts
  const known = new Map<string, ModelKnowledge>()
  const knowledgeOf = (id: string): ModelKnowledge => {
    const model = catalog.model(id)
    if (!model) throw new AppError('MODEL_UNKNOWN', `there is no model "${id.slice(0, 40)}"`, { field: 'model' })
    const learnt = known.get(id) ?? learn(parts, model)
    known.set(id, learnt)
    return learnt
  }
  const gathered = gather({ catalog, readers, knowledgeOf, modelOf: (mac) => parts.modelOf(mac) }, files)
  const plan = planMoveIn(gathered.phones, vocabulary, {
    modelOf: (id) => catalog.model(id),
    oldHosts: [...new Set(gathered.phones.flatMap(({ servers }) => servers))],
  })
  return { ...gathered, plan, differences: differencesOf(parts, plan, knowledgeOf) }
}
