import { isToken, trimLws } from './lexical.js'
import { canonicalName, type Header, knownName } from './message.js'

/** Sizes beyond which a message is refused (513, 414, 413) and a stream closed. All in octets or counts. */
export const LIMITS = {
  headBytes: 16_384,
  bodyBytes: 65_536,
  headers: 128,
  vias: 64,
  valueBytes: 4_096,
  uriBytes: 1_024,
} as const

/** Start line and headers of a message, before anybody asked whether they make sense. */
export interface Head {
  readonly startLine: string
  readonly headers: readonly Header[]
  /** First thing wrong with the header lines; the readable ones are in `headers` all the same. */
  readonly problem?: { readonly status: 400 | 513; readonly reason: string }
}

function readHeader(line: string): Header | undefined {
  const colon = line.indexOf(':')
  if (colon < 1) return undefined
  const value = trimLws(line.slice(colon + 1))
  const known = knownName(line.slice(0, colon))
  if (known !== undefined) return { name: known, value }
  const name = trimLws(line.slice(0, colon))
  return isToken(name) ? { name: canonicalName(name), value } : undefined
}

/** [RFC3261-7.3.1] Joins a line that starts with a blank to the one before it; the break becomes one space. */
function unfold(lines: readonly string[]): string[] {
  const unfolded: string[] = []
  let pieces: string[] = []
  const end = (): void => {
    if (pieces.length > 0) unfolded.push(pieces.length === 1 ? (pieces[0] ?? '') : pieces.map(trimLws).join(' '))
  }
  for (const line of lines) {
    if ((line.startsWith(' ') || line.startsWith('\t')) && pieces.length > 0) pieces.push(line)
    else {
      end()
      pieces = [line]
    }
  }
  end()
  return unfolded
}

const FOLDED = /\r\n[ \t]/
/** A CR or LF that is not part of CRLF. */
const STRAY_BREAK = /\r(?!\n)|[^\r]\n|^\n/

/**
 * Splits the text before the empty line (which is not part of it) into start line and headers.
 * A CR or LF that is not part of CRLF is a mistake: taking it as a line end would let two readers see two messages.
 */
export function splitHead(text: string): Head {
  // What lies beyond the limit is not looked at: the message is refused, and the work stays small.
  const looked = text.length > LIMITS.headBytes ? text.slice(0, LIMITS.headBytes) : text
  const [startLine = '', ...lines] = looked.split('\r\n')
  const strayBreaks = STRAY_BREAK.test(looked)
  let problem: Head['problem']
  const found = (status: 400 | 513, reason: string): void => {
    problem ??= { status, reason }
  }
  if (looked !== text) found(513, 'Message Too Large')
  const headers: Header[] = []
  let vias = 0
  for (const line of FOLDED.test(looked) ? unfold(lines) : lines) {
    const header = readHeader(line)
    if (!header || (strayBreaks && /[\r\n]/.test(line))) {
      found(400, 'Malformed Header')
      continue
    }
    if (header.name === 'Via') vias += 1
    if (headers.length >= LIMITS.headers || vias > LIMITS.vias || header.value.length > LIMITS.valueBytes) {
      found(513, 'Message Too Large')
      continue
    }
    headers.push(header)
  }
  return problem ? { startLine, headers, problem } : { startLine, headers }
}
