import { endOfQuoted, isBlank, type Param, paramValue, parseParams, trimLws, unquote } from '../lexical.js'
import { uriScheme } from '../uri.js'

/** `"Name" <uri>;params` or `uri;params` (RFC 3261 §20.10): From, To, Contact, Path, Route. */
export interface NameAddr {
  /** Without quotes and escapes; latin1 of what is usually UTF-8. */
  readonly displayName?: string
  /** The URI as sent. */
  readonly uri: string
  /** Parameters of the header, not of the URI. */
  readonly params: readonly Param[]
}

/** The display name before `<`: a quoted string or tokens. Returns undefined when it is neither. */
function readDisplayName(text: string): string | undefined {
  const name = trimLws(text)
  if (name.startsWith('"')) return endOfQuoted(name, 0) === name.length ? unquote(name) : undefined
  return /[^A-Za-z0-9\-.!%*_+`'~ \t\x80-\xff]/.test(name) ? undefined : name
}

/** Position of the `<` that opens the URI; -1 when there is none; undefined when a quote stays open. */
function openingBracket(text: string): number | undefined {
  let start = 0
  while (isBlank(text.charCodeAt(start))) start += 1
  if (text[start] !== '"') return text.indexOf('<')
  const end = endOfQuoted(text, start)
  return end < 0 ? undefined : text.indexOf('<', end)
}

/**
 * Reads one value. Without brackets every parameter belongs to the header, and the URI may hold neither `,` nor
 * `?` (RFC 3261 §20, RFC 4475 §3.1.2.13). Returns undefined when it cannot be read.
 */
export function parseNameAddr(text: string): NameAddr | undefined {
  const open = openingBracket(text)
  if (open === undefined) return undefined
  if (open < 0) {
    const value = trimLws(text)
    const semicolon = value.indexOf(';')
    const uri = trimLws(semicolon < 0 ? value : value.slice(0, semicolon))
    const params = parseParams(semicolon < 0 ? '' : value.slice(semicolon))
    if (!params || /[\s,?"<>]/.test(uri) || uriScheme(uri) === undefined) return undefined
    return { uri, params }
  }
  const close = text.indexOf('>', open)
  if (close < 0) return undefined
  const displayName = open === 0 ? '' : readDisplayName(text.slice(0, open))
  const uri = text.slice(open + 1, close)
  const params = parseParams(text.slice(close + 1))
  if (displayName === undefined || !params || /[\s"<]/.test(uri) || uriScheme(uri) === undefined) return undefined
  return displayName === '' ? { uri, params } : { displayName, uri, params }
}

/** The `tag` parameter; undefined when there is none. */
export function tagOf(address: NameAddr): string | undefined {
  return paramValue(address.params, 'tag')
}
