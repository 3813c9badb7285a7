import Handlebars from 'handlebars'
import { AppError } from '../domain/errors.js'
import { Secret } from '../domain/secret.js'
import { isShared, type MadeOfItem } from './shared-item.js'
import type { Sheet } from './sheet.js'

/** A compiled template: writes on the sheet and gives the whole text of the file. */
export type Template = (view: object, sheet: Sheet) => string

/** Helpers templates may use; docs/add-a-phone.md explains them. */
const HELPERS = [
  'set',
  'rest',
  'word',
  'words',
  'eq',
  'and',
  'or',
  'not',
  'join',
  'concat',
  'ceilDiv',
  'add',
  'times',
  'pad',
  'default',
  'has',
  'rank',
  'choice',
  'clamp',
  'urlScheme',
  'urlTarget',
] as const
const BLOCKS: readonly string[] = ['if', 'unless', 'each', 'with']

interface HelperOptions {
  hash: Record<string, unknown>
  data: { sheet: Sheet; root: Record<string, unknown> }
}

function options(args: unknown[]): HelperOptions {
  return args[args.length - 1] as HelperOptions
}

/** Fills `{n}`-like places of a parameter name from the loop's own item. */
function fillName(name: string, item: unknown): string {
  if (!name.includes('{')) return name
  return name.replace(/\{(\w+)\}/g, (_place, key: string) => {
    const value = (item as Record<string, unknown>)[key]
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new AppError('TEMPLATE_VALUE_MISSING', `${name}: {${key}} has no value here`)
    }
    return String(value)
  })
}

/** A text with a secret in it is a secret. */
function glue(parts: readonly unknown[], separator: string): string | Secret {
  if (!parts.some((part) => part instanceof Secret)) return parts.join(separator)
  return new Secret(parts.map((part) => (part instanceof Secret ? part.reveal() : part)).join(separator))
}

function registerHelpers(environment: typeof Handlebars): void {
  const register = (name: (typeof HELPERS)[number], helper: Handlebars.HelperDelegate): void => {
    environment.registerHelper(name, helper)
  }
  register('set', function (this: unknown, name: unknown, value: unknown, ...rest: unknown[]) {
    const { hash, data } = options(rest)
    return data.sheet.set(fillName(String(name), this), value, hash)
  })
  register('rest', (...args: unknown[]) => options(args).data.sheet.rest())
  register('word', (table: unknown, value: unknown, ...rest: unknown[]) => {
    const { hash, data } = options(rest)
    return data.sheet.word(String(table), value, hash.default)
  })
  register('words', (table: unknown, list: unknown, ...rest: unknown[]) =>
    options(rest).data.sheet.words(String(table), list),
  )
  register('default', (value: unknown, otherwise: unknown) => value ?? otherwise)
  register('eq', (a: unknown, b: unknown) => a === b)
  register('and', (...args: unknown[]) => args.slice(0, -1).every(Boolean))
  register('or', (...args: unknown[]) => args.slice(0, -1).some(Boolean))
  register('not', (value: unknown) => !value)
  register('has', (list: unknown, item: unknown) => Array.isArray(list) && list.includes(item))
  register('rank', (list: unknown, item: unknown) => (Array.isArray(list) ? list.indexOf(item) + 1 : 0))
  register('join', (list: unknown, separator: unknown) => glue(list as unknown[], String(separator)))
  register('concat', (...args: unknown[]) => (args.slice(0, -1).includes(null) ? null : glue(args.slice(0, -1), '')))
  register('ceilDiv', (value: unknown, divisor: unknown) =>
    value === null ? null : Math.ceil(Number(value) / Number(divisor)),
  )
  register('choice', (table: unknown, list: unknown, n: unknown, ...rest: unknown[]) =>
    options(rest).data.sheet.choice(String(table), list, Number(n)),
  )
  register('clamp', (value: unknown, min: unknown, max: unknown) =>
    value === null ? null : Math.min(Math.max(Number(value), Number(min)), Number(max)),
  )
  register('urlScheme', (url: unknown) => (url === null ? null : String(url).split('://')[0]))
  // Some phones take the scheme apart, and add the file's name themselves.
  register('urlTarget', (url: unknown, fileName: unknown) => {
    if (url === null) return null
    const target = String(url).replace(/^[a-z]+:\/\//i, '')
    return target.endsWith(`/${String(fileName)}`) ? target.slice(0, -String(fileName).length - 1) : target
  })
  register('add', (a: unknown, b: unknown) => Number(a) + Number(b))
  register('times', (value: unknown, factor: unknown) => (value === null ? null : Number(value) * Number(factor)))
  register('pad', (value: unknown, width: unknown) =>
    value === null ? null : String(Number(value)).padStart(Number(width), '0'),
  )
  // The two below are written into the AST by `guard`, never by people.
  environment.registerHelper('__need', (value: unknown, name: unknown) => {
    if (value === undefined) throw new AppError('TEMPLATE_VALUE_MISSING', `"${String(name)}" does not exist`)
    return value
  })
  environment.registerHelper('__frame', (value: unknown, name: unknown, ...rest: unknown[]) =>
    options(rest).data.sheet.escape(value, String(name)),
  )
}

/** What `@root` may name in a block whose items are kept: the same for every phone that shares the items. */
const ROOTS_OF_MODEL = ['model', 'era']

/** As `#each`, for a block that uses nothing but its item: an item that phones share is written once. */
function eachAlone(environment: typeof Handlebars): Handlebars.HelperDelegate {
  const kept = new Map<unknown, WeakMap<object, MadeOfItem & { file: unknown; era: unknown }>>()
  return function (this: unknown, list: unknown, block: unknown, given: unknown) {
    const { fn, data: outer } = given as Handlebars.HelperOptions
    const { sheet, root } = outer as HelperOptions['data']
    if (!Array.isArray(list)) return (environment.helpers.each as Handlebars.HelperDelegate).call(this, list, given)
    let made = kept.get(block)
    if (!made) kept.set(block, (made = new WeakMap()))
    const items = list as unknown[]
    const write = (item: unknown, index: number): string => {
      const place = { key: index, index, first: index === 0, last: index === items.length - 1 }
      return fn(item, { data: { ...(outer as object), ...place, _parent: outer }, blockParams: [item, index] })
    }
    let text = ''
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index]
      if (!isShared(item) || !sheet.isPlain) {
        text += write(item, index)
        continue
      }
      let known = made.get(item)
      if (known?.file === sheet.file && known.era === root.era) sheet.copy(known.entries)
      else {
        const before = sheet.entries.length
        known = { file: sheet.file, era: root.era, text: write(item, index), entries: sheet.entries.slice(before) }
        made.set(item, known)
      }
      text += known.text
    }
    return text
  }
}

type Node = hbs.AST.Node & Record<string, unknown>

function call(name: string, params: hbs.AST.Expression[], loc: hbs.AST.SourceLocation): Node {
  const path = { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc }
  return { type: 'SubExpression', path, params, loc, hash: undefined } as unknown as Node
}

function text(value: string, loc: hbs.AST.SourceLocation): hbs.AST.Expression {
  return { type: 'StringLiteral', value, original: value, loc } as unknown as hbs.AST.Expression
}

function refuse(where: string, node: Node, reason: string): never {
  throw new AppError('TEMPLATES_INVALID', `${where}:${node.loc.start.line}: ${reason}`)
}

function isHelper(name: string): boolean {
  return (HELPERS as readonly string[]).includes(name)
}

function calledName(node: Node): string {
  return String((node.path as hbs.AST.PathExpression | undefined)?.original)
}

/** Handlebars does not refuse a missing name given as an argument, so every argument is asked for its value. */
function guardArgument(node: Node, where: string): Node {
  if (node.type === 'SubExpression') {
    if (!isHelper(calledName(node))) refuse(where, node, `there is no helper "${calledName(node)}"`)
    guardCall(node, where)
    return node
  }
  if (node.type !== 'PathExpression') return node
  const original = String(node.original)
  if (original === 'this' || original === '.') return node
  return call('__need', [node as unknown as hbs.AST.Expression, text(original, node.loc)], node.loc)
}

function guardCall(node: Node, where: string): void {
  node.params = ((node.params as Node[]) ?? []).map((param) => guardArgument(param, where))
  for (const pair of (node.hash as unknown as { pairs: { value: Node }[] } | undefined)?.pairs ?? []) {
    pair.value = guardArgument(pair.value, where)
  }
}

/** Walks the program: guards arguments, escapes bare values by the file's rule, refuses raw output. */
function guard(program: { body: Node[] }, where: string): void {
  for (const node of program.body) guardStatement(node, where)
}

function guardStatement(node: Node, where: string): void {
  switch (node.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return
    case 'PartialStatement':
      return guardCall(node, where)
    case 'MustacheStatement':
      return guardMustache(node, where)
    case 'BlockStatement':
      if (calledName(node) !== '__eachAlone' && !BLOCKS.includes(calledName(node)))
        refuse(where, node, `there is no block "#${calledName(node)}"`)
      guardCall(node, where)
      for (const branch of ['program', 'inverse']) {
        const inner = node[branch] as { body: Node[] } | undefined
        if (inner) guard(inner, where)
      }
      return
    default:
      // Decorators and partial blocks carry templates of their own past this guard.
      refuse(where, node, `${node.type} is not allowed`)
  }
}

function guardMustache(node: Node, where: string): void {
  if (node.escaped === false) refuse(where, node, '{{{ }}} and {{& }} write unescaped text')
  const name = calledName(node)
  const called = ((node.params as Node[] | undefined)?.length ?? 0) > 0 || node.hash !== undefined
  if (called && !isHelper(name)) refuse(where, node, `there is no helper "${name}"`)
  guardCall(node, where)
  // What `set` and `rest` give is a line of the file already; every other text is escaped.
  if (name === 'set' || name === 'rest') return
  const shown = isHelper(name)
    ? ({ type: 'SubExpression', path: node.path, params: node.params, hash: node.hash, loc: node.loc } as Node)
    : guardArgument({ ...(node.path as unknown as Node) }, where)
  const frame = call('__frame', [shown as unknown as hbs.AST.Expression, text(name, node.loc)], node.loc)
  node.path = frame.path
  node.params = frame.params
  node.hash = undefined
}

type PartialBody = (name: string) => readonly Node[] | undefined

/** True when everything in these statements comes from the context they stand in, or from the model. */
function standsAlone(body: readonly Node[], partial: PartialBody, blocks = 0): boolean {
  return body.every((node) => {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return true
      case 'MustacheStatement':
        return calledName(node) !== 'rest' && usesOwn(node, blocks)
      case 'PartialStatement': {
        const inner = partial(String((node.name as hbs.AST.PathExpression).original))
        return (node.params as Node[]).length === 0 && usesOwn(node, blocks) && !!inner && standsAlone(inner, partial)
      }
      case 'BlockStatement': {
        const inside = calledName(node) === 'if' || calledName(node) === 'unless' ? blocks : blocks + 1
        const branch = (name: string): readonly Node[] => (node[name] as { body: Node[] } | undefined)?.body ?? []
        return (
          usesOwn(node, blocks) &&
          standsAlone(branch('program'), partial, inside) &&
          standsAlone(branch('inverse'), partial, blocks)
        )
      }
      default:
        return false
    }
  })
}

/** The arguments of a call, and a bare value, name nothing outside. */
function usesOwn(node: Node, blocks: number): boolean {
  const pairs = (node.hash as { pairs: { value: Node }[] } | undefined)?.pairs ?? []
  const paths = [...((node.params as Node[] | undefined) ?? []), ...pairs.map(({ value }) => value)]
  if (node.type === 'MustacheStatement') paths.push(node.path as Node)
  return paths.every((path) => {
    if (path.type === 'SubExpression') return usesOwn(path, blocks)
    if (path.type !== 'PathExpression') return true
    const { data, depth, parts } = path as unknown as hbs.AST.PathExpression
    return data ? parts[0] === 'root' && ROOTS_OF_MODEL.includes(parts[1] ?? '') : depth <= blocks
  })
}

/** Turns each `#each` that stands alone into `__eachAlone`, which is told its name among all blocks. */
function markAlone(body: readonly Node[], partial: PartialBody, where: string): void {
  for (const node of body) {
    if (node.type !== 'BlockStatement') continue
    const [program, inverse] = [node.program, node.inverse] as ({ body: Node[] } | undefined)[]
    const alone = calledName(node) === 'each' && !inverse && standsAlone(program?.body ?? [], partial)
    if (alone) {
      const { line, column } = node.loc.start
      node.path = call('__eachAlone', [], node.loc).path
      ;(node.params as hbs.AST.Expression[]).push(text(`${where}:${line}:${column}`, node.loc))
    } else {
      markAlone(program?.body ?? [], partial, where)
      markAlone(inverse?.body ?? [], partial, where)
    }
  }
}

const KNOWN_HELPERS = Object.fromEntries(
  [...HELPERS, ...BLOCKS, '__need', '__frame', '__eachAlone'].map((name) => [name, true]),
)
const COMPILE_OPTIONS = { noEscape: true, strict: true, knownHelpers: KNOWN_HELPERS, knownHelpersOnly: true }

/**
 * Compiles templates of one catalogue. Every name that does not exist is TEMPLATE_VALUE_MISSING in any position;
 * `{{{ }}}` and unknown helpers are refused when compiling (TEMPLATES_INVALID with file and line).
 */
export function createTemplates(partials: ReadonlyMap<string, string>): (source: string, where: string) => Template {
  const environment = Handlebars.create()
  registerHelpers(environment)
  environment.registerHelper('__eachAlone', eachAlone(environment))
  const partialBody: PartialBody = (name) => {
    const source = partials.get(name)
    return source === undefined ? undefined : (environment.parse(source) as unknown as { body: Node[] }).body
  }
  const compile = (source: string, where: string): HandlebarsTemplateDelegate => {
    try {
      const program = environment.parse(source) as unknown as { body: Node[] }
      markAlone(program.body, partialBody, where)
      guard(program, where)
      return environment.compile(program as unknown as hbs.AST.Program, COMPILE_OPTIONS)
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('TEMPLATES_INVALID', `${where}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  for (const [name, source] of partials) environment.registerPartial(name, compile(source, name))
  return (source, where) => {
    const compiled = compile(source, where)
    return (view, sheet) => {
      try {
        return compiled(view, { data: { sheet }, allowProtoPropertiesByDefault: false })
      } catch (error) {
        if (error instanceof AppError) throw error
        // Handlebars' strict mode names the missing value itself.
        throw new AppError(
          'TEMPLATE_VALUE_MISSING',
          `${where}: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  }
}
