import { parseGiven } from '../provisioning/example.js'
import { entriesOf, parametersOf, type LearnParts, type ModelKnowledge } from './learn.js'
import { MASKED, type MoveInPlan } from './plan.js'
import type { ReadPhone } from './read-phone.js'

/** A parameter that our files give another value than the old ones did. */
export interface Difference {
  readonly family: string
  readonly name: string
  readonly theirs: string
  readonly ours: string
  readonly phones: number
}

/** What our files would say otherwise for these phones, credentials, addresses and keys apart. */
export async function differencesOf(
  parts: LearnParts,
  plan: MoveInPlan,
  knowledgeOf: (model: string) => Promise<ModelKnowledge>,
): Promise<Difference[]> {
  const seen = new Map<string, Difference>()
  for (const phone of plan.phones) {
    await parts.pace()
    const known = await knowledgeOf(phone.model)
    const secret = new RegExp(known.model.secretParameters)
    const ours = oursOf(parts, plan, phone, known)
    for (const [name, theirs] of phone.parameters) {
      const own = ours.get(name)
      if (own === undefined || own === theirs || known.identity.has(name)) continue
      const shown = secret.test(name) ? { theirs: MASKED, ours: MASKED } : { theirs, ours: own }
      const id = JSON.stringify([known.model.family, name, shown])
      const phones = (seen.get(id)?.phones ?? 0) + 1
      seen.set(id, { family: known.model.family, name, ...shown, phones })
    }
  }
  return [...seen.values()].sort((a, b) => b.phones - a.phones || (a.name < b.name ? -1 : 1))
}

function oursOf(
  parts: LearnParts,
  { settings }: MoveInPlan,
  { mac, lines }: ReadPhone,
  { model }: ModelKnowledge,
): Map<string, string> {
  const owners = ['', lines[0]?.number ?? '', mac]
  const chosen = Object.fromEntries(
    settings.flatMap(({ owner, key, value }) => (owners.includes(owner) ? [[key, value]] : [])),
  )
  const given = parseGiven(
    {
      mac,
      settings: chosen,
      people: lines.map(({ number, name }) => ({ number, name })),
      lines: lines.map(({ position, number }) => ({ position, extension: number })),
    },
    'move-in',
  )
  return parametersOf(entriesOf(parts, model, given))
}
