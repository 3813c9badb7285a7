import { z } from 'zod'
import { KEY_KINDS } from '../domain/entities.js'

/** Value of one key field: literal, or text with `{number}`-like places; null clears the field. */
const fieldValue = z.union([z.string(), z.number(), z.null()])
/** Neutral key kind -> this vendor's fields. */
const kindTable = z.partialRecord(z.enum(KEY_KINDS), z.record(z.string(), fieldValue))

/** Keys of a bank that lie on expansion modules: `count` of the bank is `max` modules of `keys` numbers each. */
const moduleSchema = z.strictObject({
  /** Most modules that the phone takes, one behind the other. */
  max: z.number().int().min(1).max(10),
  /** By how many the vendor's numbering goes on from a module to the next. */
  keys: z.number().int().min(1).max(100),
  /** Kinds of modules by their word in the setting keyModuleType, the usual one first. */
  types: z.record(
    z.string().regex(/^[a-z0-9]+$/),
    z.strictObject({
      name: z.string(),
      keys: z.number().int().min(1).max(100),
      /** Keys, counted on one module from 1, that cannot be set. */
      skip: z.array(z.number().int()).optional(),
    }),
  ),
})

const bankSchema = z.strictObject({
  /** How many keys, expansion pages included. */
  count: z.number().int().min(1).max(400),
  /** Index of the first key in the vendor's numbering. */
  first: z.number().int().min(0).default(1),
  /** What a key of this bank can be; `none` is always allowed. */
  kinds: z.array(z.enum(KEY_KINDS)),
  /** False: a person's keys are never laid here by themselves, because the keys have a factory purpose. */
  auto: z.boolean().default(true),
  /** Vendor fields of this bank's kinds, laid over the family's keyKinds. */
  keyKinds: kindTable.optional(),
  /** Longest label the phone takes, in characters; 0: the key has no label. */
  labelMax: z.number().int().min(0).default(32),
  /** The keys lie on expansion modules, of which a phone has as many as the setting keyModules says. */
  module: moduleSchema.optional(),
  /** Indexes that the hardware lacks although the numbering has them. */
  skip: z.array(z.number().int()).optional(),
  /** Parameter names per key when the numbering is irregular. */
  slots: z.array(z.record(z.string(), z.string())).optional(),
})

/** Where keys lie, seen from the display; `board`: an expansion module, `pad`: beside the digits. */
export const KEY_SITES = ['left', 'right', 'sides', 'below', 'column', 'pad', 'board'] as const

/** Keys that lie together, for the drawing of the phone. More keys than fit are on further pages of the same buttons. */
const keyBlock = z.strictObject({
  /** Banks whose keys lie here, one after the other. */
  banks: z.array(z.string()).min(1),
  at: z.enum(KEY_SITES),
  /** Counted downwards first; `sides` has the first half on the left. */
  columns: z.number().int().min(1).max(8).default(1),
  rows: z.number().int().min(1).max(32),
  /** False: the keys have no lamp. */
  lamp: z.boolean().default(true),
})

const frontSchema = z.strictObject({
  /** True: number, order and pages of the keys are right, their places on the case are not to scale. */
  schematic: z.boolean().default(true),
  blocks: z.record(z.string(), keyBlock),
})

function isExpression(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

const escape = z.enum(['kv', 'xml'])

const fileSchema = z.strictObject({
  /** Name with {mac}, {MAC}, {model}, {model:lower}, {hardware:12}: parses requests and builds names. */
  path: z.string().min(1),
  /** What the view contains: vendor (nothing), model (settings up to the model), device (all). */
  scope: z.enum(['vendor', 'model', 'device']),
  template: z.string().optional(),
  /** A file that phones ask for and must not get; the miss is expected and not logged as a scan. */
  refuse: z.literal(404).optional(),
  /** Only such files may contain passwords. */
  secrets: z.boolean().optional(),
  contentType: z.string().optional(),
  escape: escape.optional(),
  /** Form of one parameter; {name}, {attributes} and {value} are filled in. */
  entry: z.string().optional(),
  /** Attributes every parameter gets. */
  attributes: z.record(z.string(), z.string()).optional(),
  /** Written for a value that is null. */
  empty: z.string().optional(),
  booleans: z.tuple([fieldValue, fieldValue]).optional(),
  reader: z.string().optional(),
  /** Expression for names of parameters the file can hold; raw parameters of another form are for another file. */
  parameters: z.string().refine(isExpression, 'is no regular expression').optional(),
})

/** The people of a site as a vendor's phones read them: one file for all phones of a site. */
const phonebookSchema = z.strictObject({
  template: z.string(),
  reader: z.string(),
  contentType: z.string().default('text/xml; charset=utf-8'),
  /** As in `files`. */
  entry: z.string().default('<{name}>{value}</{name}>'),
})

const passwordRule = z.strictObject({
  alphabet: z.string().min(10),
  length: z.number().int().min(4).max(63),
})

/** Fields that a family and a model share; a model's win (see inherit.ts). */
const inheritable = {
  vendor: z.string(),
  oui: z.array(z.string()),
  userAgent: z.array(z.string()),
  /** Templates are looked up here, relative to the templates root; usually the family's folder. */
  templates: z.string(),
  files: z.record(z.string(), fileSchema),
  fileDefaults: fileSchema.omit({ path: true, scope: true, refuse: true }).partial(),
  /** Which number of the firmware version is the generation, counted from 1. */
  generation: z.strictObject({ part: z.number().int().min(1) }),
  /**
   * Named ranges of generations. A template sees `era.<name>`: true when the phone may run such firmware, so that
   * for an unknown generation both spellings of a parameter are written.
   */
  eras: z.record(z.string(), z.strictObject({ min: z.number().int(), max: z.number().int() }).partial()),
  keyKinds: kindTable,
  /** Names of all key banks that models of this family may have; a template sees a bank the model lacks as empty. */
  banks: z.array(z.string()),
  /** How the phone's front is drawn; keys of banks that it leaves out are drawn in a column of their own. */
  front: frontSchema,
  /** Fields every key has, with their cleared value. */
  keyFields: z.record(z.string(), fieldValue),
  /** Named tables: neutral word -> vendor's word; used by {{word "table" value}}. */
  words: z.record(z.string(), z.record(z.string(), fieldValue)),
  phonebook: phonebookSchema,
  adminPassword: passwordRule,
  /** Longest line label, in characters: one made of a name is cut to it. */
  limits: z.strictObject({ label: z.number().int() }),
  /** SIP NOTIFY that makes the phone look for a new config, and the one that restarts it. */
  notify: z.strictObject({ resync: z.string(), reboot: z.string() }),
  /** Parameter names per account, by position, when the numbering is irregular. */
  accounts: z.array(z.record(z.string(), z.string())),
  /** Expression for names of raw parameters that hold passwords: their values are sealed at rest and masked. */
  secretParameters: z.string().refine(isExpression, 'is no regular expression').default('[Pp]ass|[Pp]wd|[Ss]ecret'),
  /** Further facts that this family's templates ask for. */
  capabilities: z.record(z.string(), z.unknown()),
}

export const familySchema = z.strictObject({
  manifest: z.literal(1),
  family: z.string().regex(/^[a-z0-9-]+$/),
  ...inheritable,
  phonebook: inheritable.phonebook.optional(),
  limits: inheritable.limits.optional(),
  front: inheritable.front.optional(),
  accounts: inheritable.accounts.optional(),
  templates: inheritable.templates.optional(),
  capabilities: inheritable.capabilities.optional(),
})

const sampleSchema = z.strictObject({
  userAgent: z.string(),
  is: z.strictObject({ model: z.string(), firmware: z.string().optional(), mac: z.string().optional() }),
})

/** A model after inheritance: everything a family has, and its own facts. */
export const modelSchema = z.strictObject({
  manifest: z.literal(1),
  model: z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/),
  extends: z.string().optional(),
  family: z.string(),
  /** True for a model that only exists to be extended. */
  abstract: z.boolean().optional(),
  name: z.string(),
  /** Model token of the User-Agent; aliases; number in the common file's name. */
  match: z.strictObject({
    model: z.string(),
    aliases: z.array(z.string()).optional(),
    hardware: z.number().int().optional(),
  }),
  /** SIP accounts. */
  lines: z.number().int().min(1).max(64),
  /** Key banks, in the order in which a person's keys are laid out. */
  keys: z.record(z.string(), bankSchema),
  /** Firmware generations this hardware had. */
  generations: z.strictObject({ min: z.number().int(), max: z.number().int() }),
  firmware: z.strictObject({ file: z.string(), version: z.string() }).optional(),
  samples: z.array(sampleSchema).optional(),
  ...inheritable,
  phonebook: inheritable.phonebook.optional(),
  limits: inheritable.limits.optional(),
  front: inheritable.front.optional(),
  accounts: inheritable.accounts.optional(),
  templates: inheritable.templates,
  capabilities: inheritable.capabilities.optional(),
})

export type PhoneModel = z.infer<typeof modelSchema>
export type KeyBank = z.infer<typeof bankSchema>
export type ModuleRules = z.infer<typeof moduleSchema>
export type KeyField = z.infer<typeof fieldValue>

/** A file of a model with the family's fileDefaults laid under it. */
export interface PhoneFile {
  key: string
  path: string
  scope: 'vendor' | 'model' | 'device'
  template?: string
  expectedMiss: boolean
  secrets: boolean
  contentType: string
  escape: 'kv' | 'xml'
  entry: string
  attributes: Readonly<Record<string, string>>
  empty: string
  booleans: readonly [KeyField, KeyField]
  reader: string
  parameters?: string
}
