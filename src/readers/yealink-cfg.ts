import { Remembered } from '../domain/remembered.js'
import {
  decodeUtf8,
  type Entry,
  LINES_REMEMBERED,
  NO_ATTRIBUTES,
  ownText,
  ReadFailure,
  type Reader,
  readResult,
} from './entry.js'

const FIRST_LINE = '#!version:1.0.0.1'
const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/
// Anything that could end or hide a line on some phone: C0 but TAB, CR and LF; DEL and C1; Unicode line breaks.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff]/
/** The vendor documents these as given once per user, `<user>:<password>`. */
const ONCE_PER_USER = new Set(['security.user_password', 'static.security.user_password'])

/** A parameter, and what must not come twice in a file. */
interface Parameter {
  readonly line: string
  readonly identity: string
  readonly entry: Entry
  /** The one that came after it the last time: comparing it costs much less than looking the line up. */
  next?: Parameter
}

/** What a line says depends on nothing else, and phones of a model share most of theirs. */
const KNOWN_LINES = new Remembered<Parameter>(LINES_REMEMBERED)

/**
 * Reads Yealink's `key = value` files of firmware V70 and later: `#!version:1.0.0.1` first, one parameter a line,
 * comments start in column 1, outer blanks are not part of a value, nothing is quoted or escaped, LF or CRLF.
 * Source: Yealink Administrator's Guide, "Configuration Files".
 */
export const readYealinkCfg: Reader = (bytes) => readResult(() => parse(decodeUtf8(bytes)))

function parse(text: string): Entry[] {
  const entries: Entry[] = []
  const seen = new Set<string>()
  // One look at the whole text is much cheaper than one at each line; which line it was matters only if there is one.
  const isSuspect = FORBIDDEN.test(text)
  let line = 0
  let before: Parameter | undefined
  for (let start = 0; start < text.length;) {
    line += 1
    const likely = isSuspect ? undefined : before?.next
    if (likely && text.startsWith(likely.line, start) && text.charCodeAt(start + likely.line.length) === 0x0a) {
      take(likely, line, entries, seen)
      before = likely
      start += likely.line.length + 1
      continue
    }
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const isCrLf = newline > start && text.charCodeAt(newline - 1) === 0x0d
    const content = text.slice(start, isCrLf ? end - 1 : end)
    start = end + 1
    if (line === 1) requireVersion(content)
    else {
      if (isSuspect && FORBIDDEN.test(content)) throw new ReadFailure(line, 'control character')
      const parameter = KNOWN_LINES.get(content) ?? newLine(content, line)
      if (!parameter) continue
      take(parameter, line, entries, seen)
      if (before) before.next = parameter
      before = parameter
    }
  }
  if (line === 0) requireVersion('')
  return entries
}

function requireVersion(content: string): void {
  if (content === FIRST_LINE) return
  const reason = content.startsWith('\ufeff') ? 'a byte order mark stands before' : 'the first line must be'
  throw new ReadFailure(1, `${reason} ${FIRST_LINE}`)
}

function take({ identity, entry }: Parameter, line: number, entries: Entry[], seen: Set<string>): void {
  const before = seen.size
  seen.add(identity)
  if (seen.size === before) throw new ReadFailure(line, `${entry.name} is given twice`)
  entries.push(entry)
}

/** @returns undefined for a comment or an empty line */
function newLine(content: string, line: number): Parameter | undefined {
  if (content.includes('\r')) throw new ReadFailure(line, 'control character')
  if (content.charCodeAt(0) === 0x23) return undefined
  const own = ownText(content)
  const equals = own.indexOf('=')
  if (equals === -1) {
    if (trimBlanks(own, 0, own.length) === '') return undefined
    throw new ReadFailure(line, 'neither a comment nor "name = value"')
  }
  const name = trimBlanks(own, 0, equals)
  if (!NAME.test(name)) throw new ReadFailure(line, 'not a parameter name before "="')
  const value = trimBlanks(own, equals + 1, own.length)
  if (value.includes('\t')) throw new ReadFailure(line, 'tabulator in a value')
  const identity = ONCE_PER_USER.has(name) ? `${name}=${value.split(':', 1)[0] ?? ''}` : name
  const parameter: Parameter = { line: own, identity, entry: { name, attributes: NO_ATTRIBUTES, value } }
  KNOWN_LINES.set(own, parameter)
  return parameter
}

/** As String.trim, but for blank and TAB only: other white space is data. */
function trimBlanks(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
