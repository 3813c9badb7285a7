import { AppError } from '../domain/errors.js'
import type { Sheet } from './sheet.js'
import { helperOf, type Hash } from './template-helpers.js'
import { originalOf, pairsOf, paramsOf, refuse, type Node } from './template-nodes.js'

/** Where a statement stands when it is written. */
export interface Scope {
  readonly sheet: Sheet
  /** The whole view. */
  readonly root: Readonly<Record<string, unknown>>
  /** What names are looked up in: the view, or a loop's item. */
  readonly item: unknown
  /** What `../` leads to. */
  readonly outer: Scope | undefined
  /** `@index`, `@key`, `@first`, `@last` of the loop around. */
  readonly loop: Readonly<Record<string, unknown>> | undefined
}

/** An expression, compiled. */
export type Value = (scope: Scope) => unknown

/** Compiles an argument. Every name that does not exist is TEMPLATE_VALUE_MISSING when it is asked for. */
export function compileValue(node: Node, where: string): Value {
  switch (node.type) {
    case 'PathExpression':
      return compilePath(node, where)
    case 'SubExpression':
      return compileCall(node, where)
    default: {
      const { value } = node
      return () => value
    }
  }
}

/** A helper with its arguments. */
export function compileCall(node: Node, where: string): Value {
  const name = originalOf(node.path)
  const helper = helperOf(name) ?? refuse(where, node, `there is no helper "${name}"`)
  const args = paramsOf(node).map((param) => compileValue(param, where))
  const hash = compileHash(node, where)
  const [first, second] = args
  // Most have two arguments at most, and this is where a file's time goes.
  if (first && args.length === 1) return (scope) => helper([first(scope)], hash(scope), scope.sheet)
  if (first && second && args.length === 2) {
    return (scope) => helper([first(scope), second(scope)], hash(scope), scope.sheet)
  }
  return (scope) =>
    helper(
      args.map((arg) => arg(scope)),
      hash(scope),
      scope.sheet,
    )
}

const NO_HASH: Hash = {}

export function compileHash(node: Node, where: string): (scope: Scope) => Hash {
  const pairs = pairsOf(node).map(({ key, value }) => ({ key, value: compileValue(value, where) }))
  // The last comes first in the file, as with Handlebars' own compiler: phones must not see other bytes for it.
  pairs.reverse()
  if (pairs.length === 0) return () => NO_HASH
  return (scope) => {
    const hash: Record<string, unknown> = {}
    for (const { key, value } of pairs) hash[key] = value(scope)
    return hash
  }
}

function compilePath(node: Node, where: string): Value {
  const { data, depth, parts, original } = node as unknown as hbs.AST.PathExpression
  if (data) return compileData(node, where)
  const start = scopeAt(depth)
  if (parts.length === 0 && depth === 0) return ({ item }) => item
  const [name = ''] = parts
  if (parts.length === 1 && depth === 0) {
    return ({ item }) => property(item, name) ?? nullOrMissing(item, name, original)
  }
  return (scope) => follow(start(scope)?.item, parts, 0, original)
}

function compileData(node: Node, where: string): Value {
  const { depth, parts, original } = node as unknown as hbs.AST.PathExpression
  const [first = ''] = parts
  if (depth > 0) refuse(where, node, `${original} is not allowed`)
  if (first === 'root') return ({ root }) => follow(root, parts, 1, original)
  return ({ loop }) => follow(loop, parts, 0, original)
}

function scopeAt(depth: number): (scope: Scope) => Scope | undefined {
  return (scope) => {
    let at: Scope | undefined = scope
    for (let left = depth; left > 0; left -= 1) at = at?.outer
    return at
  }
}

/** An own property, never an inherited one. */
function property(of: unknown, name: string): unknown {
  return of !== null && of !== undefined && Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined
}

function nullOrMissing(of: unknown, name: string, original: string): null {
  if (of === null || property(of, name) === null) return null
  throw new AppError('TEMPLATE_VALUE_MISSING', `"${original}" does not exist`)
}

/** What is part of null is null: cleared. */
function follow(from: unknown, parts: readonly string[], first: number, original: string): unknown {
  let value = from
  for (let index = first; index < parts.length; index += 1) {
    if (value === null) return null
    value = property(value, parts[index] ?? '')
  }
  if (value === undefined) throw new AppError('TEMPLATE_VALUE_MISSING', `"${original}" does not exist`)
  return value
}
