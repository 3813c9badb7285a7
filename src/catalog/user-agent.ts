import { parseMac, type Mac } from '../domain/mac-address.js'

/** What a User-Agent claims. Never proof of anything. */
export interface UserAgentClaim {
  family: string
  model: string
  firmware: string
  mac?: Mac
}

/** Longest User-Agent that is looked at. */
const MAX_LENGTH = 256

/** Compiles a family's expressions; named groups model, firmware and (optional) mac. */
export function compileUserAgents(
  family: string,
  patterns: readonly string[],
): (text: string) => UserAgentClaim | undefined {
  const expressions = patterns.map((pattern) => new RegExp(pattern, 'i'))
  return (text) => {
    const head = text.slice(0, MAX_LENGTH)
    for (const expression of expressions) {
      const groups = expression.exec(head)?.groups
      if (!groups?.model || !groups.firmware) continue
      const mac = groups.mac === undefined ? undefined : parseMac(groups.mac)
      return { family, model: groups.model, firmware: groups.firmware, ...(mac ? { mac } : {}) }
    }
    return undefined
  }
}

/**
 * A quantifier on a group that holds a quantifier can take exponential time. Optional groups `( … )?` cannot.
 * Lint refuses such expressions, because they meet text of strangers.
 */
export function hasNestedQuantifier(pattern: string): boolean {
  // One entry per open group: does it hold an unbounded quantifier?
  const groups = [false]
  const bare = pattern.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  for (const [index, character] of [...bare].entries()) {
    const next = bare.slice(index + 1)
    if (character === '(') groups.push(false)
    if (character === ')') {
      const holds = groups.pop() ?? false
      if (holds && /^(?:[+*]|\{\d+,|\{\d+\})/.test(next)) return true
      if (holds || /^(?:[+*]|\{\d+,)/.test(next)) markOpen(groups)
    } else if (character !== '(' && /^(?:[+*]|\{\d+,)/.test(next)) markOpen(groups)
  }
  return false
}

function markOpen(groups: boolean[]): void {
  if (groups.length > 0) groups[groups.length - 1] = true
}
