import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Mac } from '../domain/mac-address.js'
import { buildName, lookupKey, readName } from './file-pattern.js'
import type { PhoneFile, PhoneModel } from './manifest.js'
import { compileUserAgents, type UserAgentClaim } from './user-agent.js'

/** A file of one model, as found by a requested name. */
export interface FileMatch {
  model: PhoneModel
  file: PhoneFile
  /** 12 hex digits in the name, if it has any: a claim. */
  mac?: string
}

/** The phones we know, immutable. */
export interface Catalog {
  model(id: string): PhoneModel | undefined
  models(): readonly PhoneModel[]
  /** Files of a model with the family's defaults laid under, in the order of the manifest. */
  files(modelId: string): readonly PhoneFile[]
  /** The phonebook as a model reads it; undefined: it reads none. */
  phonebook(modelId: string): PhoneFile | undefined
  /** Every file of every model that bears this name (no folders), in any case. */
  findFile(name: string): readonly FileMatch[]
  userAgent(text: string): UserAgentClaim | undefined
  /** The model whose `match` names this model token within a family. */
  modelByToken(family: string, token: string): PhoneModel | undefined
  /** Template text by path relative to the templates root. */
  template(path: string): string | undefined
  partials(): ReadonlyMap<string, string>
  /** SHA-256 over every input: manifests, templates, vocabulary. */
  readonly digest: string
}

/** Everything a catalog is made from; what edge/load-folder.ts reads. */
export interface CatalogInput {
  models: readonly PhoneModel[]
  /** Template and partial text by path relative to the templates root, `yealink/device.hbs`. */
  templates: ReadonlyMap<string, string>
  vocabularyText: string
}

/** Lays fileDefaults under a model's files. */
function filesOf(model: PhoneModel): PhoneFile[] {
  const defaults = model.fileDefaults
  return Object.entries(model.files).map(([key, file]) => {
    const parameters = file.parameters ?? defaults.parameters
    const template = file.template ?? (file.refuse ? undefined : defaults.template)
    return {
      key,
      path: file.path,
      scope: file.scope,
      ...(template === undefined ? {} : { template: `${model.templates}/${template}` }),
      expectedMiss: file.refuse !== undefined,
      secrets: file.secrets ?? defaults.secrets ?? false,
      contentType: file.contentType ?? defaults.contentType ?? 'application/octet-stream',
      escape: file.escape ?? defaults.escape ?? 'kv',
      entry: file.entry ?? defaults.entry ?? '{name} = {value}',
      attributes: { ...defaults.attributes, ...file.attributes },
      empty: file.empty ?? defaults.empty ?? '',
      booleans: file.booleans ?? defaults.booleans ?? [0, 1],
      reader: file.reader ?? defaults.reader ?? '',
      ...(parameters === undefined ? {} : { parameters }),
    }
  })
}

/** Under this name phones ask for their phonebook: some add it to the folder by themselves. */
export const PHONEBOOK_FILE = 'phonebook.xml'

function phonebookOf({ phonebook, templates }: PhoneModel): PhoneFile | undefined {
  if (!phonebook) return undefined
  const { template, reader, contentType, entry } = phonebook
  return {
    ...{ key: 'phonebook', path: PHONEBOOK_FILE, scope: 'model', template: `${templates}/${template}` },
    ...{ expectedMiss: false, secrets: false, contentType, escape: 'xml', entry, attributes: {}, empty: '' },
    ...{ booleans: [0, 1], reader },
  }
}

/** Builds the look-up tables once; every look-up after that is a Map access. */
export function createCatalog(input: CatalogInput): Catalog {
  const models = new Map(input.models.map((model) => [model.model, model]))
  const files = new Map(input.models.map((model) => [model.model, filesOf(model)]))
  const phonebooks = new Map(input.models.map((model) => [model.model, phonebookOf(model)]))
  const byName = new Map<string, { model: PhoneModel; file: PhoneFile }[]>()
  for (const model of input.models) {
    for (const file of files.get(model.model) ?? []) {
      for (const token of [model.match.model, ...(model.match.aliases ?? [])]) {
        const key = lookupKey(file.path, { model: token, ...hardwareOf(model) })
        const found = key === undefined ? undefined : (byName.get(key) ?? [])
        if (key === undefined || found?.some((other) => other.model === model)) continue
        byName.set(key, [...(found ?? []), { model, file }])
      }
    }
  }
  const agents = familiesOf(input.models).map((model) => compileUserAgents(model.family, model.userAgent))
  const partials = new Map(
    [...input.templates]
      .filter(([path]) => path.includes('/partials/'))
      .map(([path, text]) => [partialName(path), text]),
  )
  return {
    model: (id) => models.get(id),
    models: () => input.models,
    files: (id) => files.get(id) ?? [],
    phonebook: (id) => phonebooks.get(id),
    findFile: (name) =>
      readName(name).flatMap(({ key, mac }) =>
        (byName.get(key) ?? []).map(({ model, file }) => ({ model, file, ...(mac === undefined ? {} : { mac }) })),
      ),
    userAgent: (text) => {
      for (const claim of agents) {
        const found = claim(text)
        if (found) return found
      }
      return undefined
    },
    modelByToken: (family, token) => {
      const wanted = token.toLowerCase()
      return input.models.find(
        (model) =>
          model.family === family &&
          [model.match.model, ...(model.match.aliases ?? [])].some((name) => name.toLowerCase() === wanted),
      )
    },
    template: (path) => input.templates.get(path),
    partials: () => partials,
    get digest() {
      const templates = [...input.templates].sort(([a], [b]) => (a < b ? -1 : 1))
      return sha256Hex(JSON.stringify([input.models, templates, input.vocabularyText]))
    },
  }
}

/** Name under which a phone asks for a file; undefined when the file's pattern wants what the phone has not. */
export function nameOfFile(model: PhoneModel, file: Pick<PhoneFile, 'path'>, mac: Mac | undefined): string | undefined {
  return buildName(file.path, { model: model.match.model, ...hardwareOf(model), ...(mac === undefined ? {} : { mac }) })
}

/** The file that a phone of this model asks for by such a name; files that are never served have none. */
export function fileNamed(
  catalog: Pick<Catalog, 'files'>,
  model: PhoneModel,
  mac: Mac,
  name: string,
): PhoneFile | undefined {
  const wanted = name.toLowerCase()
  return catalog
    .files(model.model)
    .find((file) => !file.expectedMiss && nameOfFile(model, file, mac)?.toLowerCase() === wanted)
}

/** Throws MODEL_UNKNOWN for a model that somebody named and that is not there. */
export function requireModel(catalog: Pick<Catalog, 'model'>, id: string): PhoneModel {
  const model = catalog.model(id)
  if (model) return model
  throw new AppError('MODEL_UNKNOWN', `there is no model "${id.slice(0, 60)}"`, { field: 'model' })
}

function hardwareOf(model: PhoneModel): { hardware?: number } {
  return model.match.hardware === undefined ? {} : { hardware: model.match.hardware }
}

/** One model of each family: its User-Agent expressions are the family's. */
function familiesOf(models: readonly PhoneModel[]): PhoneModel[] {
  return [...new Map(models.map((model) => [`${model.family}\n${model.userAgent.join('\n')}`, model])).values()]
}

/** `yealink/partials/account.hbs` is `{{> yealink/account}}`. */
function partialName(path: string): string {
  return path.replace('/partials/', '/').replace(/\.hbs$/, '')
}

/** True for a raw parameter that holds a password: sealed at rest, masked wherever it is shown. */
export function isSecretParameter(model: Pick<PhoneModel, 'secretParameters'>, parameter: string): boolean {
  return new RegExp(model.secretParameters).test(parameter)
}

/** What is wrong with the name of a raw parameter: no such family, or a form that none of its files can hold. */
export function rawParameterProblem(catalog: Catalog, family: string, parameter: string): string | undefined {
  const models = catalog.models().filter((model) => model.family === family)
  if (models.length === 0) {
    const known = [...new Set(catalog.models().map((model) => model.family))].join(', ')
    return `there is no family "${family}"; known are ${known}`
  }
  const files = models.flatMap((model) => catalog.files(model.model)).filter(({ expectedMiss }) => !expectedMiss)
  const fits = files.some(({ parameters }) => new RegExp(parameters ?? '').test(parameter))
  return fits ? undefined : `"${parameter}" has not the form of a parameter of ${family} phones`
}

/** The generation of a firmware version: its `generation.part`-th number, or undefined when unknown. */
export function generationOf(model: PhoneModel, firmwareVersion: string | undefined): number | undefined {
  const part = firmwareVersion?.split('.')[model.generation.part - 1]
  return part !== undefined && /^\d+$/.test(part) ? Number(part) : undefined
}
