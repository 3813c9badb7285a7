import type { LineKey } from '../domain/entities.js'
import type { BankRules, KeyModel } from './key-bank.js'
import type { ModuleRules } from './manifest.js'

/** Expansion modules that a phone has. */
export interface AttachedModules {
  readonly number: number
  /** One of the types of its model; undefined: the usual one. */
  readonly type?: string | undefined
}

export const NO_MODULES: AttachedModules = { number: 0 }

/** What a model says of the modules it takes; undefined: none. */
export function moduleRules(model: KeyModel): ModuleRules | undefined {
  return Object.values(model.keys).find(({ module }) => module !== undefined)?.module
}

/**
 * The modules of a phone: as many as the settings say, and at least those on which it has keys of its own, since
 * nobody places a key on a module that is not there.
 * @param wanted values of the settings keyModules and keyModuleType
 */
export function attachedModules(
  model: KeyModel,
  wanted: { number: unknown; type: unknown },
  deviceKeys: readonly Pick<LineKey, 'bank' | 'position'>[],
): AttachedModules {
  const rules = moduleRules(model)
  if (!rules) return NO_MODULES
  const used = deviceKeys.flatMap(({ bank, position }) =>
    bank !== undefined && Object.hasOwn(model.keys, bank) && model.keys[bank]?.module
      ? [moduleOf(rules, position).module]
      : [],
  )
  const told = typeof wanted.number === 'number' ? wanted.number : 0
  const number = Math.min(rules.max, Math.max(told, ...used))
  const isKnown = typeof wanted.type === 'string' && Object.hasOwn(rules.types, wanted.type)
  return { number, ...(isKnown ? { type: String(wanted.type) } : {}) }
}

/** Which module a place of its bank is on, and which key of it, both from 1. */
export function moduleOf({ keys }: Pick<ModuleRules, 'keys'>, position: number): { module: number; key: number } {
  return { module: Math.ceil(position / keys), key: ((position - 1) % keys) + 1 }
}

const EQUIPPED = new WeakMap<KeyModel, Map<string, KeyModel>>()

/** The model with just the keys that such modules give it. The same object for the same modules. */
export function withModules<Model extends KeyModel>(model: Model, attached: AttachedModules): Model {
  if (!moduleRules(model)) return model
  const known = EQUIPPED.get(model) ?? new Map<string, KeyModel>()
  EQUIPPED.set(model, known)
  const name = `${attached.number} ${attached.type ?? ''}`
  let equipped = known.get(name) as Model | undefined
  if (!equipped) {
    const keys = Object.entries(model.keys).map(([bank, rules]) => [bank, equippedBank(rules, attached)] as const)
    known.set(name, (equipped = { ...model, keys: Object.fromEntries(keys) }))
  }
  return equipped
}

/** The type of module that is attached: the one that is named, else the usual one. */
export function moduleType(
  { types }: ModuleRules,
  { type }: AttachedModules,
): ModuleRules['types'][string] | undefined {
  return type !== undefined && Object.hasOwn(types, type) ? types[type] : Object.values(types)[0]
}

function equippedBank<Bank extends BankRules>(bank: Bank, attached: AttachedModules): Bank {
  const { module, first } = bank
  const type = module && moduleType(module, attached)
  if (!module || !type) return bank
  const number = Math.min(attached.number, module.max)
  const skip = [...(bank.skip ?? [])]
  for (let position = 1; position <= number * module.keys; position += 1) {
    const { key } = moduleOf(module, position)
    if (key > type.keys || type.skip?.includes(key)) skip.push(first + position - 1)
  }
  return { ...bank, count: number * module.keys, skip }
}
