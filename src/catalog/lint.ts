import type { Problem } from '../domain/errors.js'
import { parseMac } from '../domain/mac-address.js'
import { nameOfFile, type Catalog } from './catalog.js'
import type { PhoneFile, PhoneModel } from './manifest.js'
import { hasNestedQuantifier } from './user-agent.js'

/** Any MAC will do to see whether names round-trip. */
const SAMPLE_MAC = parseMac('001565aabbcc')

/** Mistakes that a schema cannot see; `docs/add-a-phone.md` lists the rules. Empty when all is well. */
export function lintModels(catalog: Catalog): Problem[] {
  return catalog.models().flatMap((model) =>
    [
      ...keyProblems(model),
      ...slotProblems(model),
      ...moduleProblems(model),
      ...frontProblems(model),
      ...fileProblems(catalog, model),
      ...agentProblems(catalog, model),
    ].map((message) => ({
      code: 'TEMPLATES_INVALID' as const,
      file: model.model,
      message: `${model.model}: ${message}`,
    })),
  )
}

/** Each kind a bank can be has its fields; `{places}` in them are known. */
function keyProblems(model: PhoneModel): string[] {
  const known = new Set(['number', 'line', 'line0', 'pickup', 'groupPickup', 'domain', 'phonebook'])
  const strangers = Object.keys(model.keys).filter((name) => !model.banks.includes(name))
  const unlisted = strangers.map((name) => `keys.${name}: banks does not list it`)
  const fields = Object.entries(model.keys).flatMap(([name, bank]) =>
    [...new Set(['none' as const, ...bank.kinds])].flatMap((kind) => {
      const fields = bank.keyKinds?.[kind] ?? model.keyKinds[kind]
      if (!fields) return [`keys.${name}: keyKinds has no "${kind}"`]
      return Object.entries(fields).flatMap(([field, value]) => {
        const places = typeof value === 'string' ? [...value.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '') : []
        const unknown = places
          .filter((place) => !known.has(place))
          .map((place) => `${kind}.${field}: unknown place {${place}}`)
        return field in model.keyFields ? unknown : [...unknown, `${kind}.${field}: keyFields has no "${field}"`]
      })
    }),
  )
  return [...unlisted, ...fields]
}

/** A bank on modules has the numbers of as many modules as the phone takes. */
function moduleProblems(model: PhoneModel): string[] {
  return Object.entries(model.keys).flatMap(([name, { module, count }]) => {
    if (!module) return []
    const { max, keys, types } = module
    const amount = count === max * keys ? [] : [`keys.${name}: ${max} modules of ${keys} keys are not ${count}`]
    const large = Object.entries(types).filter(([, type]) => type.keys > keys)
    const none = Object.keys(types).length === 0 ? [`keys.${name}: module has no types`] : []
    return [...amount, ...none, ...large.map(([type]) => `keys.${name}: ${type} has more keys than ${keys}`)]
  })
}

/** Each bank is drawn once. */
function frontProblems(model: PhoneModel): string[] {
  const drawn = Object.entries(model.front?.blocks ?? {}).flatMap(([name, { banks }]) =>
    banks.map((bank) => ({ name, bank })),
  )
  return drawn.flatMap(({ name, bank }, index) => {
    if (!model.banks.includes(bank)) return [`front.blocks.${name}: banks does not list ${bank}`]
    const twice = drawn.slice(0, index).some((other) => other.bank === bank)
    return twice ? [`front.blocks.${name}: ${bank} is drawn twice`] : []
  })
}

/** Irregular numberings: as many slots as keys and accounts, and no parameter name twice. */
function slotProblems(model: PhoneModel): string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  const see = (where: string, slot: Readonly<Record<string, string>>): void => {
    for (const [field, name] of Object.entries(slot)) {
      if (seen.has(name)) problems.push(`${where}.${field}: parameter ${name} is used twice`)
      seen.add(name)
    }
  }
  for (const [name, bank] of Object.entries(model.keys)) {
    if (bank.slots && bank.slots.length < bank.count) {
      problems.push(`keys.${name}: ${bank.count} keys but ${bank.slots.length} slots`)
    }
    bank.slots?.slice(0, bank.count).forEach((slot, index) => see(`keys.${name} ${index + 1}`, slot))
  }
  if (model.accounts && model.accounts.length < model.lines) {
    problems.push(`accounts: ${model.lines} lines but ${model.accounts.length} accounts`)
  }
  model.accounts?.slice(0, model.lines).forEach((slot, index) => see(`accounts ${index + 1}`, slot))
  return problems
}

function fileProblems(catalog: Catalog, model: PhoneModel): string[] {
  const files = catalog.files(model.model)
  const problems = files.flatMap((file) => [...templateProblems(catalog, file), ...roundTrip(catalog, model, file)])
  const phonebook = catalog.phonebook(model.model)
  if (phonebook) problems.push(...templateProblems(catalog, phonebook))
  if (!files.some((file) => file.scope === 'device' && !file.expectedMiss))
    problems.push('files: no file of scope device')
  return problems
}

function templateProblems(catalog: Catalog, file: PhoneFile): string[] {
  if (file.expectedMiss) return []
  const problems: string[] = []
  if (file.template === undefined) problems.push(`files.${file.key}: neither template nor refuse`)
  else if (catalog.template(file.template) === undefined) {
    problems.push(`files.${file.key}: template ${file.template} does not exist`)
  }
  if (file.secrets && file.scope !== 'device') problems.push(`files.${file.key}: only a device's file may hold secrets`)
  if (!file.entry.includes('{name}') || !file.entry.includes('{value}')) {
    problems.push(`files.${file.key}: entry needs {name} and {value}`)
  }
  return problems
}

/** The name built for a phone must be found again as this file of this model. */
function roundTrip(catalog: Catalog, model: PhoneModel, file: PhoneFile): string[] {
  const name = nameOfFile(model, file, SAMPLE_MAC)
  if (name === undefined) return [`files.${file.key}: ${file.path} cannot be built from match`]
  const found = catalog.findFile(name).filter((match) => match.model.model === model.model)
  if (found.length === 1 && found[0]?.file.key === file.key) return []
  return [`files.${file.key}: ${name} is found as ${found.map((match) => match.file.key).join(', ') || 'nothing'}`]
}

function agentProblems(catalog: Catalog, model: PhoneModel): string[] {
  const nested = model.userAgent
    .filter(hasNestedQuantifier)
    .map((pattern) => `userAgent: nested quantifier in ${pattern}`)
  const samples = (model.samples ?? []).flatMap(({ userAgent, is }) => {
    const claim = catalog.userAgent(userAgent)
    const found = claim && catalog.modelByToken(claim.family, claim.model)
    const problems: string[] = []
    if (found?.model !== is.model) problems.push(`samples: "${userAgent}" is read as ${found?.model ?? 'nothing'}`)
    if (is.firmware !== undefined && claim?.firmware !== is.firmware) {
      problems.push(`samples: "${userAgent}" gives firmware ${claim?.firmware}`)
    }
    if (is.mac !== undefined && claim?.mac !== parseMac(is.mac))
      problems.push(`samples: "${userAgent}" gives MAC ${claim?.mac}`)
    return problems
  })
  return [...nested, ...samples]
}
