import type { Conditions } from './conditional.js'

/** A head longer than that is not looked at, in characters; phones' heads have 100 to 600. */
export const LONGEST_PLAIN_HEAD = 2_048

/** All that is to be known of a GET as phones send it. */
export interface PlainGet {
  /** As sent, with query; always begins with a slash. */
  target: string
  userAgent?: string
  conditions: Conditions
  /** The client means to ask again on this connection. */
  keepAlive: boolean
}

/** Characters about which no reader of HTTP is of two minds; others may be right too, but are not plain. */
const TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*$/
const VALUE = /^[ -~]*$/

/**
 * Headers that may stand in a plain GET, by what they mean here. All others are left to the full reader of HTTP: bodies,
 * ranges, upgrades, what a proxy adds, and whatever nobody has thought of.
 */
const HEADERS: ReadonlyMap<string, 'ignored' | 'host' | 'connection' | 'user-agent' | keyof Conditions> = new Map([
  ['host', 'host'],
  ['connection', 'connection'],
  ['user-agent', 'user-agent'],
  ['if-none-match', 'ifNoneMatch'],
  ['if-modified-since', 'ifModifiedSince'],
  ['accept', 'ignored'],
  ['accept-charset', 'ignored'],
  ['accept-encoding', 'ignored'],
  ['accept-language', 'ignored'],
  ['authorization', 'ignored'],
  ['cache-control', 'ignored'],
  ['pragma', 'ignored'],
  ['referer', 'ignored'],
])

/**
 * Reads the head of a GET in the one spelling nobody reads differently (a subset of RFC 9112 §2-5): what this accepts
 * means the same to every reader.
 * @param head latin1, all that was received and not answered yet
 * @returns undefined for anything else, which says nothing against it: incomplete, two requests at once, other methods
 */
export function readPlainGet(head: string): PlainGet | undefined {
  const lineEnd = head.indexOf('\r\n')
  const version = lineEnd - 9
  if (version < 5 || head.length > LONGEST_PLAIN_HEAD || !head.startsWith('GET /')) return undefined
  const isHttp10 = head.startsWith(' HTTP/1.0', version)
  if (!isHttp10 && !head.startsWith(' HTTP/1.1', version)) return undefined
  const target = head.slice(4, version)
  if (!TARGET.test(target)) return undefined
  const get: PlainGet = { target, conditions: {}, keepAlive: !isHttp10 }
  let seen = ''
  let from = lineEnd + 2
  while (!head.startsWith('\r\n', from)) {
    const to = head.indexOf('\r\n', from)
    const colon = head.indexOf(':', from)
    if (to < 0 || colon < 0 || colon > to) return undefined
    const meaning = HEADERS.get(head.slice(from, colon).toLowerCase())
    const value = head.slice(head.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1, to)
    if (meaning === undefined || !VALUE.test(value)) return undefined
    from = to + 2
    if (meaning === 'ignored') continue
    // Which of two counts is not for us to say.
    if (seen.includes(meaning) || !take(get, meaning, value.trim(), isHttp10)) return undefined
    seen += `${meaning} `
  }
  // RFC 9112 §3.2: a request of HTTP/1.1 without Host is a bad one.
  return from + 2 === head.length && (isHttp10 || seen.includes('host')) ? get : undefined
}

function take(
  get: PlainGet,
  meaning: 'host' | 'connection' | 'user-agent' | keyof Conditions,
  value: string,
  isHttp10: boolean,
): boolean {
  switch (meaning) {
    case 'host':
      return true
    case 'user-agent':
      get.userAgent = value
      return true
    case 'connection': {
      const option = value.toLowerCase()
      // HTTP/1.0 has keep-alive only by agreement, with rules of its own.
      if (isHttp10 || (option !== 'close' && option !== 'keep-alive')) return false
      get.keepAlive = option === 'keep-alive'
      return true
    }
    default:
      get.conditions[meaning] = value
      return true
  }
}
