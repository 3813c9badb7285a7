import { isBlank, isToken, trimLws } from './lexical.js'
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

function headerName(text: string): string | undefined {
  const known = knownName(text)
  if (known !== undefined) return known
  const name = trimLws(text)
  return isToken(name) ? canonicalName(name) : undefined
}

function readHeader(line: string): Header | undefined {
  const colon = line.indexOf(':')
  const name = colon < 1 ? undefined : headerName(line.slice(0, colon))
  return name === undefined ? undefined : { name, value: trimLws(line.slice(colon + 1)) }
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

/** Line by line, for a head like nearly all are: nothing folded, malformed or too much. Undefined: look closer. */
function splitPlain(text: string): Head | undefined {
  if (text.length > LIMITS.headBytes) return undefined
  const headers: Header[] = []
  let startLine: string | undefined
  for (let from = 0; from <= text.length;) {
    const lf = text.indexOf('\n', from)
    const end = lf < 0 ? text.length : lf - 1
    const cr = text.indexOf('\r', from)
    if (cr !== (lf < 0 ? -1 : end) || end < from) return undefined
    if (startLine === undefined) startLine = text.slice(from, end)
    else {
      const colon = text.indexOf(':', from)
      const folded = isBlank(text.charCodeAt(from))
      const name = folded || colon < 0 || colon > end ? undefined : headerName(text.slice(from, colon))
      if (name === undefined || end - colon > LIMITS.valueBytes || headers.length >= LIMITS.vias) return undefined
      headers.push({ name, value: trimLws(text.slice(colon + 1, end)) })
    }
    from = end + 2
  }
  return { startLine: startLine ?? '', headers }
}

/**
 * Splits the text before the empty line (which is not part of it) into start line and headers.
 * A CR or LF that is not part of CRLF is a mistake: taking it as a line end would let two readers see two messages.
 */
export function splitHead(text: string): Head {
  return splitPlain(text) ?? splitCarefully(text)
}

function splitCarefully(text: string): Head {
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
