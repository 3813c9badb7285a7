import { AppError } from '../domain/errors.js'
import { Secret } from '../domain/secret.js'

const TOKEN_LENGTH = 32
const TOKEN_CHARACTER = /^[0-9a-hjkmnp-tv-z]$/i
const ALPHANUMERIC = /^[0-9a-z]$/i
/** Most texts hold no run as long as that, and need no closer look. */
const MAY_HOLD_TOKEN = /[0-9a-z%]{32}/i
const UNIT = /%[0-9a-f]{2}|[^]/gi
const MAX_DEPTH = 6

const MASKED_TOKEN = '[token]'
const MASKED_SECRET = '[secret]'

/**
 * Masks device tokens: runs of exactly 32 characters of Crockford's base32 (any case, percent-encoded or not) that
 * stand alone, as a path segment does. Longer runs, such as a SHA-256 in hex, stay.
 */
export function maskTokens(text: string): string {
  if (!MAY_HOLD_TOKEN.test(text)) return text
  let masked = ''
  let run = ''
  let runLength = 0
  let runIsToken = true
  const endRun = (): void => {
    masked += runLength === TOKEN_LENGTH && runIsToken ? MASKED_TOKEN : run
    run = ''
    runLength = 0
    runIsToken = true
  }
  for (const unit of text.match(UNIT) ?? []) {
    const character = unit.length === 3 ? String.fromCharCode(Number.parseInt(unit.slice(1), 16)) : unit
    if (ALPHANUMERIC.test(character)) {
      run += unit
      runLength += 1
      runIsToken &&= TOKEN_CHARACTER.test(character)
    } else {
      endRun()
      masked += unit
    }
  }
  endRun()
  return masked
}

/** Masks the password in `scheme://user:password@host`; the last `@` before the path ends the password. */
export function maskUrlPasswords(text: string): string {
  return text.includes('://') ? text.replace(/(:\/\/[^\s/:@]*:)[^\s/]*@/g, `$1${MASKED_SECRET}@`) : text
}

/** Both masks, for any text that goes into a log or an event. */
export function maskText(text: string): string {
  return maskUrlPasswords(maskTokens(text))
}

const SECRET_NAME =
  /pass(word|phrase|wd)?$|^authorization$|^(proxy|www)-?auth|(^|[a-z_-])token$|^token|secret|cookie|^ha1$|privatekey/i

/** True for names of fields whose values are never shown: password, authorization, token, secret, cookie, ha1. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/**
 * A copy of `value` that is safe to log: fields with secret names and `Secret` objects become "[secret]" at any
 * depth, tokens and URL passwords in texts are masked, binary data is told by its length. Errors keep code, message
 * and, unless they are an AppError (a refusal, not a bug), their stack.
 */
export function maskValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
  if (value instanceof Secret) return MASKED_SECRET
  if (isError(value)) return maskError(value, depth)
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`
  if (value instanceof Date) return value
  if (depth >= MAX_DEPTH) return '[deeper]'
  if (Array.isArray(value)) return value.map((item) => maskValue(item, depth + 1))
  if (value instanceof Map) return maskValue(Object.fromEntries(value), depth)
  if (value instanceof Set) return maskValue([...value], depth)
  const masked: Record<string, unknown> = {}
  for (const [name, item] of Object.entries(value)) {
    masked[name] = isSecretName(name) ? MASKED_SECRET : maskValue(item, depth + 1)
  }
  return masked
}

/** By its brand: errors of Node itself are not always instances of this realm's Error. */
function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function maskError(error: Error, depth: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: maskText(error.message),
    ...(error instanceof AppError || error.stack === undefined ? {} : { stack: maskText(error.stack) }),
    ...(error.cause === undefined || depth >= MAX_DEPTH ? {} : { cause: maskValue(error.cause, depth + 1) }),
  }
}
