import { hash as hashOf, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../domain/secret.js'
import { isAscii, isToken, owned, quote, splitOutside, trimLws, unquote, endOfQuoted } from './lexical.js'

export const ALGORITHMS = ['MD5', 'SHA-256'] as const
export type DigestAlgorithm = (typeof ALGORITHMS)[number]

/** Parameters of a Digest challenge or answer; names in lower case, values unquoted. */
export type DigestParams = ReadonlyMap<string, string>

/** Hash in lower-case hex over octets: text from the wire is latin1. */
function hash(algorithm: DigestAlgorithm, text: string): string {
  return hashOf(algorithm === 'MD5' ? 'md5' : 'sha256', isAscii(text) ? text : Buffer.from(text, 'latin1'), 'hex')
}

const latin1OfUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** H(user:realm:password) of RFC 7616 §3.4.2, in hex. Text is taken as UTF-8. */
export function computeHa1(algorithm: DigestAlgorithm, username: string, realm: string, password: Secret): string {
  return hash(algorithm, latin1OfUtf8(`${username}:${realm}:${password.reveal()}`))
}

const USUAL_NAMES: ReadonlySet<string> = new Set(
  'username realm nonce uri response algorithm qop nc cnonce opaque stale domain'.split(' '),
)

/**
 * Reads `Digest name="value", …`. Returns undefined for another scheme, a malformed or a doubled parameter: all of
 * them are simply not an answer to our challenge (RFC 3261 §22.4, RFC 4475 §3.3.7).
 */
export function parseDigest(value: string): DigestParams | undefined {
  let start = value.startsWith('Digest ') ? 7 : -1
  if (start < 0) {
    const match = /^[ \t]*digest[ \t]+/i.exec(value)
    if (!match) return undefined
    start = match[0].length
  }
  const params = new Map<string, string>()
  for (const piece of splitOutside(value.slice(start), ',') ?? []) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const given = trimLws(piece.slice(0, Math.max(equals, 0)))
    const usual = USUAL_NAMES.has(given)
    const name = usual ? given : given.toLowerCase()
    const text = trimLws(piece.slice(equals + 1))
    if ((!usual && !isToken(name)) || params.has(name)) return undefined
    if (text.startsWith('"') && endOfQuoted(text, 0) !== text.length) return undefined
    params.set(name, unquote(text))
  }
  return params.size > 0 ? params : undefined
}

/** Algorithm of a challenge or answer; MD5 when it names none; undefined when we do not know it. */
function digestAlgorithm(params: DigestParams): DigestAlgorithm | undefined {
  const given = params.get('algorithm')
  if (given === undefined || given === 'MD5') return 'MD5'
  const name = given.toUpperCase()
  return ALGORITHMS.find((algorithm) => algorithm === name)
}

/** What the hash covers besides HA1. `nc` and `cnonce` only with qop. */
interface Covered {
  readonly method: string
  readonly uri: string
  readonly nonce: string
  readonly qop?: { readonly nc: string; readonly cnonce: string } | undefined
}

let lastHa2: { readonly algorithm: DigestAlgorithm; readonly text: string; readonly hex: string } | undefined

/** Phones of one office all ask for the same URI. */
function computeHa2(algorithm: DigestAlgorithm, method: string, uri: string): string {
  const text = `${method}:${uri}`
  if (lastHa2?.algorithm !== algorithm || lastHa2.text !== text) {
    lastHa2 = { algorithm, text: owned(text), hex: hash(algorithm, text) }
  }
  return lastHa2.hex
}

/** `response` of RFC 7616 §3.4.1 (qop=auth), or of RFC 2069 when there is no qop. */
export function digestResponse(algorithm: DigestAlgorithm, ha1: string, covered: Covered): string {
  const ha2 = computeHa2(algorithm, covered.method, covered.uri)
  const middle = covered.qop ? `${covered.qop.nc}:${covered.qop.cnonce}:auth:` : ''
  return hash(algorithm, `${ha1}:${covered.nonce}:${middle}${ha2}`)
}

/** An answer to a challenge, taken apart; what it proves is not checked yet. */
export interface Credentials {
  readonly username: string
  readonly realm: string
  readonly nonce: string
  readonly uri: string
  readonly algorithm: DigestAlgorithm
  /** Lower-case hex. */
  readonly response: string
  /** Undefined for a client without qop (RFC 2069, still allowed by RFC 3261 §22.4). */
  readonly qop: { readonly nc: string; readonly cnonce: string; readonly count: number } | undefined
}

const HEX = /^[0-9a-f]+$/
const COUNT = /^[0-9A-Fa-f]{8}$/

/** Credentials with all parts in place and of the right shape, else undefined. */
export function readCredentials(value: string): Credentials | undefined {
  const params = parseDigest(value)
  const algorithm = params && digestAlgorithm(params)
  if (!params || !algorithm) return undefined
  const username = params.get('username')
  const realm = params.get('realm')
  const nonce = params.get('nonce')
  const uri = params.get('uri')
  const response = lowerHex(params.get('response') ?? '')
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined
  if (response?.length !== (algorithm === 'MD5' ? 32 : 64)) return undefined
  const offered = params.get('qop')
  if (offered === undefined) return { username, realm, nonce, uri, algorithm, response, qop: undefined }
  const nc = params.get('nc') ?? ''
  const cnonce = params.get('cnonce')
  if ((offered !== 'auth' && offered.toLowerCase() !== 'auth') || !COUNT.test(nc) || cnonce === undefined)
    return undefined
  const qop = { nc, cnonce, count: Number.parseInt(nc, 16) }
  return { username, realm, nonce, uri, algorithm, response, qop }
}

/** Undefined when it is no hex. */
function lowerHex(text: string): string | undefined {
  if (HEX.test(text)) return text
  const lower = text.toLowerCase()
  return HEX.test(lower) ? lower : undefined
}

/** Does the answer prove knowledge of the password behind `ha1`? Compares in constant time. */
export function provesHa1(credentials: Credentials, method: string, ha1: string): boolean {
  const { algorithm, uri, nonce, qop } = credentials
  const expected = digestResponse(algorithm, ha1, { method, uri, nonce, qop })
  return timingSafeEqual(Buffer.from(expected, 'latin1'), Buffer.from(credentials.response, 'latin1'))
}

/** A challenge (RFC 7616 §3.3, RFC 8760 §2): qop quoted; algorithm and stale not. */
export function formatChallenge(challenge: {
  realm: string
  nonce: string
  algorithm: DigestAlgorithm
  stale: boolean
}): string {
  const stale = challenge.stale ? ', stale=true' : ''
  return (
    `Digest realm=${quote(challenge.realm)}, nonce=${quote(challenge.nonce)}, qop="auth", ` +
    `algorithm=${challenge.algorithm}${stale}`
  )
}

/** The client's side: who answers what. */
export interface ChallengeAnswer {
  /** Values of all WWW-Authenticate fields, in order. */
  readonly challenges: readonly string[]
  readonly method: string
  readonly uri: string
  readonly username: string
  readonly password: Secret
  readonly cnonce: string
  /** Uses of this nonce, this one included: 1 for a fresh challenge. */
  readonly count: number
}

/**
 * Value of the Authorization header that answers the first challenge whose algorithm we know (RFC 8760 §2.4).
 * Returns undefined when there is none, or when it offers only another qop than auth.
 */
export function answerChallenge(answer: ChallengeAnswer): string | undefined {
  for (const challenge of answer.challenges) {
    const params = parseDigest(challenge)
    const algorithm = params && digestAlgorithm(params)
    const realm = params?.get('realm')
    const nonce = params?.get('nonce')
    if (!params || !algorithm || realm === undefined || nonce === undefined) continue
    const offered = params.get('qop')?.toLowerCase().split(',').map(trimLws)
    if (offered && !offered.includes('auth')) continue
    const nc = answer.count.toString(16).padStart(8, '0')
    const qop = offered ? { nc, cnonce: answer.cnonce } : undefined
    const ha1 = computeHa1(algorithm, answer.username, realm, answer.password)
    const { method, uri } = answer
    const response = digestResponse(algorithm, ha1, { method, uri, nonce, qop })
    const opaque = params.get('opaque')
    return (
      `Digest username=${quote(latin1OfUtf8(answer.username))}, realm=${quote(realm)}, nonce=${quote(nonce)}, ` +
      `uri=${quote(answer.uri)}, response="${response}", algorithm=${algorithm}` +
      (qop ? `, qop=auth, nc=${nc}, cnonce=${quote(answer.cnonce)}` : '') +
      (opaque === undefined ? '' : `, opaque=${quote(opaque)}`)
    )
  }
  return undefined
}
