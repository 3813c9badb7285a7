import Handlebars from 'handlebars'
import { AppError } from '../domain/errors.js'

/** A piece of a parsed template. */
export type Node = hbs.AST.Node & Record<string, unknown>

/** Parses a template in Handlebars' language, with its rules for blanks. Throws TEMPLATES_INVALID. */
export function parseTemplate(source: string, where: string): readonly Node[] {
  try {
    return Handlebars.parse(source).body as unknown as Node[]
  } catch (error) {
    throw new AppError('TEMPLATES_INVALID', `${where}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function refuse(where: string, node: Node, reason: string): never {
  throw new AppError('TEMPLATES_INVALID', `${where}:${node.loc.start.line}: ${reason}`)
}

/** As it stands in the template: `set`, `settings.vlanId`, `../mac`. */
export function originalOf(node: unknown): string {
  return String((node as hbs.AST.PathExpression | undefined)?.original)
}

export function paramsOf(node: Node): readonly Node[] {
  return (node.params as Node[] | undefined) ?? []
}

/** Arguments by name. */
export function pairsOf(node: Node): readonly { key: string; value: Node }[] {
  return (node.hash as { pairs: { key: string; value: Node }[] } | undefined)?.pairs ?? []
}

/** What a block holds, in its first part or after `else`. */
export function branchOf(node: Node, branch: 'program' | 'inverse'): readonly Node[] | undefined {
  return (node[branch] as { body: Node[] } | undefined)?.body
}

/** What `@root` may name in a block whose items are kept: the same for every phone that shares the items. */
const ROOTS_OF_MODEL = ['model', 'era']

/** The statements of a partial; undefined when there is none of this name. */
export type PartialBody = (name: string) => readonly Node[] | undefined

/** True when everything in these statements comes from the context they stand in, or from the model. */
export function standsAlone(body: readonly Node[], partial: PartialBody, blocks = 0): boolean {
  return body.every((node) => {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return true
      case 'MustacheStatement':
        return originalOf(node.path) !== 'rest' && usesOwn(node, blocks)
      case 'PartialStatement': {
        const inner = partial(originalOf(node.name))
        return paramsOf(node).length === 0 && usesOwn(node, blocks) && !!inner && standsAlone(inner, partial)
      }
      case 'BlockStatement': {
        const name = originalOf(node.path)
        const inside = name === 'if' || name === 'unless' ? blocks : blocks + 1
        return (
          usesOwn(node, blocks) &&
          standsAlone(branchOf(node, 'program') ?? [], partial, inside) &&
          standsAlone(branchOf(node, 'inverse') ?? [], partial, blocks)
        )
      }
      default:
        return false
    }
  })
}

/** The arguments of a call, and a bare value, name nothing outside. */
function usesOwn(node: Node, blocks: number): boolean {
  const paths = [...paramsOf(node), ...pairsOf(node).map(({ value }) => value)]
  if (node.type === 'MustacheStatement') paths.push(node.path as Node)
  return paths.every((path) => {
    if (path.type === 'SubExpression') return usesOwn(path, blocks)
    if (path.type !== 'PathExpression') return true
    const { data, depth, parts } = path as unknown as hbs.AST.PathExpression
    return data ? parts[0] === 'root' && ROOTS_OF_MODEL.includes(parts[1] ?? '') : depth <= blocks
  })
}
