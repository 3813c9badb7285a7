import { AppError } from '../domain/errors.js'
import { isShared, type MadeOfItem } from './shared-item.js'
import type { Sheet } from './sheet.js'
import { helperOf, nameFiller } from './template-helpers.js'
import {
  branchOf,
  originalOf,
  paramsOf,
  parseTemplate,
  refuse,
  standsAlone,
  type Node,
  type PartialBody,
} from './template-nodes.js'
import { compileCall, compileHash, compileValue, type Scope, type Value } from './template-values.js'

/** A compiled template: writes on the sheet and gives the whole text of the file. */
export type Template = (view: object, sheet: Sheet) => string

/** Statements, compiled: gives their text. */
type Program = (scope: Scope) => string

/** What statements are compiled with. */
interface Source {
  where: string
  partialBody: PartialBody
  partial(name: string): Program | undefined
}

/**
 * Compiles templates of one catalogue: Handlebars' language, its parser, and a compiler of our own, since what is
 * allowed is little and a phone's file is some three hundred calls of `set`. Every name that does not exist is
 * TEMPLATE_VALUE_MISSING in any position; `{{{ }}}`, unknown helpers and blocks are refused when compiling
 * (TEMPLATES_INVALID with file and line).
 */
export function createTemplates(partials: ReadonlyMap<string, string>): (source: string, where: string) => Template {
  const bodies = new Map([...partials].map(([name, source]) => [name, parseTemplate(source, name)]))
  const programs = new Map<string, Program>()
  const compile = (body: readonly Node[], where: string): Program =>
    compileBody(body, { where, partialBody: (name) => bodies.get(name), partial: (name) => programs.get(name) })
  for (const [name, body] of bodies) programs.set(name, compile(body, name))
  return (source, where) => {
    const program = compile(parseTemplate(source, where), where)
    return (view, sheet) => {
      try {
        const root = view as Readonly<Record<string, unknown>>
        return program({ sheet, root, item: view, outer: undefined, loop: undefined })
      } catch (error) {
        if (error instanceof AppError) throw error
        throw new AppError(
          'TEMPLATE_VALUE_MISSING',
          `${where}: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  }
}

function compileBody(body: readonly Node[], source: Source): Program {
  const programs = body.map((node) => compileStatement(node, source)).filter((program) => program !== undefined)
  const [only] = programs
  if (only && programs.length === 1) return only
  return (scope) => {
    let text = ''
    for (const program of programs) text += program(scope)
    return text
  }
}

function compileStatement(node: Node, source: Source): Program | undefined {
  switch (node.type) {
    case 'ContentStatement': {
      const text = String(node.value)
      return text === '' ? undefined : () => text
    }
    case 'CommentStatement':
      return undefined
    case 'MustacheStatement':
      return compileMustache(node, source.where)
    case 'PartialStatement':
      return compilePartial(node, source)
    case 'BlockStatement':
      return compileBlock(node, source)
    default:
      // Decorators and partial blocks carry templates of their own past this compiler.
      return refuse(source.where, node, `${node.type} is not allowed`)
  }
}

function compileMustache(node: Node, where: string): Program {
  if (node.escaped === false) refuse(where, node, '{{{ }}} and {{& }} write unescaped text')
  const name = originalOf(node.path)
  // What `set` and `rest` give is a line of the file already; every other text is escaped.
  if (name === 'set') return compileSet(node, where)
  if (name === 'rest') return ({ sheet }) => sheet.rest()
  const isCall = paramsOf(node).length > 0 || node.hash !== undefined || helperOf(name) !== undefined
  const shown = isCall ? compileCall(node, where) : compileValue(node.path as Node, where)
  return (scope) => scope.sheet.escape(shown(scope), name)
}

function compileSet(node: Node, where: string): Program {
  const [nameNode, valueNode] = paramsOf(node)
  if (!nameNode || !valueNode) return refuse(where, node, 'set needs a name and a value')
  const value = compileValue(valueNode, where)
  const hash = compileHash(node, where)
  if (nameNode.type === 'StringLiteral') {
    const name = nameFiller(String(nameNode.value))
    return (scope) => scope.sheet.set(name(scope.item), value(scope), hash(scope))
  }
  const made = compileValue(nameNode, where)
  return (scope) => scope.sheet.set(nameFiller(String(made(scope)))(scope.item), value(scope), hash(scope))
}

/** A partial sees its context, with the arguments laid over it, and nothing of what is around. */
function compilePartial(node: Node, { where, partial }: Source): Program {
  if ((node.name as Node).type === 'SubExpression')
    refuse(where, node, 'the name of a partial must stand in the template')
  const name = originalOf(node.name)
  const [contextNode] = paramsOf(node)
  const context: Value = contextNode ? compileValue(contextNode, where) : ({ item }) => item
  const hash = node.hash === undefined ? undefined : compileHash(node, where)
  const indent = typeof node.indent === 'string' ? node.indent : ''
  return (scope) => {
    const program = partial(name)
    if (!program) throw new AppError('TEMPLATE_VALUE_MISSING', `${where}: there is no partial "${name}"`)
    const given = context(scope)
    const item = hash ? { ...(given as object), ...hash(scope) } : given
    const text = program({ ...scope, item, outer: undefined })
    return indent === '' ? text : text.replace(/^(?!$(?![^]))/gm, indent)
  }
}

const NOTHING: Program = () => ''

function compileBlock(node: Node, source: Source): Program {
  const { where } = source
  const name = originalOf(node.path)
  const [subject, ...more] = paramsOf(node)
  if (!['if', 'unless', 'each', 'with'].includes(name)) refuse(where, node, `there is no block "#${name}"`)
  const programNode = node.program as { blockParams?: unknown[] } | undefined
  if (!subject || more.length > 0 || node.hash !== undefined || (programNode?.blockParams ?? []).length > 0) {
    return refuse(where, node, `#${name} takes one argument`)
  }
  const value = compileValue(subject, where)
  const body = branchOf(node, 'program')
  const otherBody = branchOf(node, 'inverse')
  const inner = body ? compileBody(body, source) : NOTHING
  const otherwise = otherBody ? compileBody(otherBody, source) : NOTHING
  switch (name) {
    case 'if':
      return (scope) => (isSomething(value(scope)) ? inner(scope) : otherwise(scope))
    case 'unless':
      return (scope) => (isSomething(value(scope)) ? otherwise(scope) : inner(scope))
    case 'with':
      return (scope) => {
        const item = value(scope)
        return isSomething(item) || item === 0 ? inner({ ...scope, item, outer: scope }) : otherwise(scope)
      }
    default:
      return eachOf(value, inner, otherwise, standsAlone(body ?? [], source.partialBody))
  }
}

/** As Handlebars has it: an empty list is nothing. */
function isSomething(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** @param isAlone it uses nothing but its item: an item that phones share is written once */
function eachOf(list: Value, inner: Program, otherwise: Program, isAlone: boolean): Program {
  const kept = new WeakMap<object, MadeOfItem & { file: unknown; era: unknown }>()
  const write = (scope: Scope, item: unknown, index: number, last: boolean): string =>
    inner({ ...scope, item, outer: scope, loop: { index, key: index, first: index === 0, last } })
  return (scope) => {
    const items = list(scope)
    if (!isSomething(items)) return otherwise(scope)
    if (!Array.isArray(items)) throw new AppError('TEMPLATE_VALUE_MISSING', '#each goes through a list')
    const { sheet, root } = scope
    let text = ''
    for (let index = 0; index < items.length; index += 1) {
      const item: unknown = items[index]
      const isLast = index === items.length - 1
      if (!isAlone || !isShared(item) || !sheet.isPlain) {
        text += write(scope, item, index, isLast)
        continue
      }
      let known = kept.get(item)
      if (known?.file === sheet.file && known.era === root.era) sheet.copy(known.entries)
      else {
        const before = sheet.entries.length
        const made = write(scope, item, index, isLast)
        known = { file: sheet.file, era: root.era, text: made, entries: sheet.entries.slice(before) }
        kept.set(item, known)
      }
      text += known.text
    }
    return text
  }
}
