/** RFC 3261 §25.1 token. */
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/
const DIGITS = /^[0-9]+$/

const QUOTE_OR_BRACKET = /["<>]/
const NOT_ASCII = /[^\x00-\x7f]/

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Text of octets below 80 hex is the same in latin1 and UTF-8. */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text)
}

/** The same text, stored by itself: a part of a message would keep the whole message in memory. */
export function owned(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

/**
 * A decimal number without sign, blanks or fraction. Leading zeros are fine (RFC 4475 §3.1.1.1).
 * Returns undefined for anything else; values above `max` give `max + 1`, so the caller can refuse or cap.
 */
export function parseDecimal(text: string, max: number): number | undefined {
  if (!DIGITS.test(text)) return undefined
  let start = 0
  while (start < text.length - 1 && text.charCodeAt(start) === 0x30) start += 1
  if (text.length - start > 16) return max + 1
  const value = Number(text.slice(start))
  return value > max ? max + 1 : value
}

/** SP or HTAB. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Cuts SP and HTAB from both ends. `String.trim` would also eat octet A0, which is half of many UTF-8 characters. */
export function trimLws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

/** True when `text` holds an octet below 20 hex or 7F. */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

/**
 * Index behind the quoted string that starts at `start` (which is a `"`); -1 when the quote is never closed.
 * A backslash escapes the next octet.
 */
export function endOfQuoted(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x5c) i += 1
    else if (code === 0x22) return i + 1
  }
  return -1
}

/**
 * Splits at `separator` outside of `"…"` and `<…>` (RFC 3261 §7.3.1). Parts are trimmed and may be empty.
 * Returns undefined when a quote or a bracket stays open.
 */
export function splitOutside(text: string, separator: ',' | ';'): string[] | undefined {
  if (!text.includes(separator) && !QUOTE_OR_BRACKET.test(text)) return [trimLws(text)]
  const wanted = separator.charCodeAt(0)
  const parts: string[] = []
  let from = 0
  let inBrackets = false
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x22 && !inBrackets) {
      const end = endOfQuoted(text, i)
      if (end < 0) return undefined
      i = end - 1
    } else if (code === 0x3c) inBrackets = true
    else if (code === 0x3e) inBrackets = false
    else if (code === wanted && !inBrackets) {
      parts.push(trimLws(text.slice(from, i)))
      from = i + 1
    }
  }
  if (inBrackets) return undefined
  parts.push(trimLws(text.slice(from)))
  return parts
}

/** The text inside a quoted string with its escapes undone; text without quotes is returned as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  const inside = text.slice(1, -1)
  return inside.includes('\\') ? inside.replace(/\\([\s\S])/g, '$1') : inside
}

/** Puts `text` into quotes, escaping `"` and `\`. */
export function quote(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/(["\\])/g, '\\$1')}"` : `"${text}"`
}

/** A `;name=value` of a header. */
export interface Param {
  /** Lower case. */
  readonly name: string
  /** As sent, quotes included; undefined for a parameter without `=`. */
  readonly value?: string
}

/** What no parameter value holds outside of quotes. */
const NOT_IN_VALUE = /[\s"<>,;]/

/** Reads `name`, `name=value`, `name = "value"`. Returns undefined when it is none of these. */
function parseParam(text: string): Param | undefined {
  const equals = text.indexOf('=')
  if (equals < 0) return isToken(text) ? { name: text.toLowerCase() } : undefined
  const name = trimLws(text.slice(0, equals))
  const value = trimLws(text.slice(equals + 1))
  if (!isToken(name) || value === '') return undefined
  if (value.startsWith('"')) {
    if (endOfQuoted(value, 0) !== value.length) return undefined
  } else if (NOT_IN_VALUE.test(value)) return undefined
  return { name: name.toLowerCase(), value }
}

/** Reads `;a;b=c`, or the empty text. Returns undefined for an empty or malformed parameter. */
export function parseParams(text: string): Param[] | undefined {
  const rest = trimLws(text)
  if (rest === '') return []
  if (!rest.startsWith(';')) return undefined
  const pieces = splitOutside(rest.slice(1), ';')
  if (!pieces) return undefined
  const params: Param[] = []
  for (const piece of pieces) {
    const param = parseParam(piece)
    if (!param) return undefined
    params.push(param)
  }
  return params
}

/** Value of the first parameter of that name: unquoted; '' when it has none; undefined when it is not there. */
export function paramValue(params: readonly Param[], name: string): string | undefined {
  const param = params.find((one) => one.name === name)
  return param && unquote(param.value ?? '')
}
