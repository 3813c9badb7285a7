import Handlebars, { type HelperDelegate } from 'handlebars'
import type { Permission } from '../accounts/permissions.js'
import type { Feature } from '../admin/features.js'
import { entityTag } from '../admin/entity-tag.js'
import type { Millis } from '../domain/clock.js'
import type { Seen } from '../domain/revision.js'
import { iconSvg } from './icons.js'
import type { Drawing } from './island/drawing.js'
import { frontSvg } from './phone-front.js'
import type { ViewName } from './view-names.js'
import type { WordKey, Words } from './words/words.js'

/** What the build stores of the pages. */
export interface WebPages {
  /** Name in the templates -> name of the file, which holds its hash. */
  assets: Readonly<Record<string, string>>
  views: Readonly<Record<string, string>>
  partials: Readonly<Record<string, string>>
}

/** What every template may use beside its own data. */
export interface Surroundings {
  words: Words
  permissions: readonly Permission[]
  /** What the site does without. */
  hidden?: readonly Feature[]
  now: Millis
}

/** Renders the pages; everything that is not a template's own text is escaped. */
export interface Templates {
  render(view: ViewName, data: object, around: Surroundings): string
  /** A part of a page alone; undefined when the view has no part of this name. */
  renderPart(view: ViewName, part: string, data: object, around: Surroundings): string | undefined
}

/** Where the assets are served. */
export const ASSETS_PATH = '/assets'

interface Options {
  hash: Record<string, unknown>
  data: Surroundings
}

const { SafeString, escapeExpression } = Handlebars

/** An environment of its own: nothing here is known to the files of phones, and the other way round. */
export function createTemplates({ assets, views, partials }: WebPages): Templates {
  const environment = Handlebars.create()
  const helpers: Record<string, HelperDelegate> = {
    t: (key: WordKey, { hash, data }: Options) => {
      if (data.words.find(key) === undefined) throw new Error(`there is no text ${key}`)
      return data.words.t(key, hash)
    },
    count: (key: string, n: number, { data }: Options) => data.words.count(key, n),
    ago: (at: Millis, { data }: Options) => {
      const iso = new Date(at).toISOString()
      const told = escapeExpression(data.words.ago(at, data.now))
      return new SafeString(`<time datetime="${iso}" title="${iso}" data-ago>${told}</time>`)
    },
    can: (permission: Permission, { data }: Options) => data.permissions.includes(permission),
    /** False where the site hides the feature. */
    shows: (feature: Feature, { data }: Options) => data.hidden?.includes(feature) !== true,
    icon: (name: string) => new SafeString(iconSvg(name)),
    front: (drawn: Drawing, size: unknown) => new SafeString(frontSvg(drawn, size === 'small')),
    asset: (name: string) => {
      const file = assets[name]
      if (file === undefined) throw new Error(`there is no asset ${name}`)
      return `${ASSETS_PATH}/${file}`
    },
    /** For a part of an address. */
    u: (text: unknown) => encodeURIComponent(String(text)),
    seen: (record: Seen) => entityTag(record),
    eq: (a: unknown, b: unknown) => a === b,
    or: (a: unknown, b: unknown) => Boolean(a) || Boolean(b),
    add: (a: number, b: number) => a + b,
    concat: (...parts: unknown[]) => parts.slice(0, -1).map(String).join(''),
    default: (value: unknown, otherwise: unknown) => value ?? otherwise,
    get: (record: Record<string, unknown> | undefined, name: string) => record?.[name],
  }
  for (const [name, helper] of Object.entries(helpers)) environment.registerHelper(name, helper)
  const options: CompileOptions = {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(Object.keys(helpers).map((name) => [name, true])),
  }
  const compile = (text: string): HandlebarsTemplateDelegate => environment.compile(text, options)
  for (const [name, text] of Object.entries(partials)) environment.registerPartial(name, compile(text))
  const compiled = new Map(Object.entries(views).map(([name, text]) => [name, compile(text)]))
  const parts = new Map(Object.keys(partials).map((name) => [name, compile(`{{> ${name}}}`)]))
  const run = (template: HandlebarsTemplateDelegate, data: object, around: Surroundings): string =>
    template(data, { data: around }).trimStart()
  return {
    render: (view, data, around) => {
      const template = compiled.get(view)
      if (!template) throw new Error(`there is no view ${view}`)
      return run(template, data, around)
    },
    renderPart: (view, part, data, around) => {
      const template = parts.get(`${view}-${part}`)
      return template && run(template, data, around)
    },
  }
}
