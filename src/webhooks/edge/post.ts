import { createHmac } from 'node:crypto'
import { lookup } from 'node:dns'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { systemErrorCode } from '../../domain/errors.js'
import type { Secret } from '../../domain/secret.js'
import type { MayCall } from '../destination.js'

/** A receiver that takes longer has failed. */
const TIMEOUT_MS = 10_000
/** Told to those who may see the deliveries. */
const FORBIDDEN = 'an address that webhooks may not call'
const SECRET_PREFIX = /^whsec_/

/** What came of one attempt: the status of the answer, or why there was none. */
export type Posted = { readonly status: number } | { readonly reason: string }

/** One attempt to tell somebody something. */
export interface Post {
  readonly url: string
  readonly secret: Secret
  readonly id: string
  readonly body: string
  /** Seconds since the epoch. */
  readonly timestamp: number
}

/**
 * Signature of the Standard Webhooks specification (standardwebhooks.com): HMAC-SHA-256 over `id.timestamp.body`, with
 * the bytes that stand as base64 behind `whsec_`.
 */
export function signatureOf({ secret, id, timestamp, body }: Omit<Post, 'url'>): string {
  const key = Buffer.from(secret.reveal().replace(SECRET_PREFIX, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

/** POSTs the body, signed. Redirects are not followed: nobody but the address that was entered is told. Never rejects. */
export async function post(what: Post, mayCall: MayCall): Promise<Posted> {
  const url = new URL(what.url)
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  // Node looks up names alone.
  if (isIP(literal) !== 0 && !mayCall(literal)) return { reason: FORBIDDEN }
  try {
    return await new Promise<Posted>((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestTls : requestPlain
      const outgoing = request(url, {
        method: 'POST',
        agent: false,
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(what.body),
          'User-Agent': 'phoneboot',
          'Webhook-Id': what.id,
          'Webhook-Timestamp': String(what.timestamp),
          'Webhook-Signature': signatureOf(what),
        },
        lookup: lookingUp(mayCall),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => {
        resolve({ status: response.statusCode ?? 0 })
        // What a receiver answers is of no use here.
        response.on('error', () => undefined).destroy()
      })
      outgoing.end(what.body)
    })
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** A name may lead somewhere else at each look: what counts is where this connection would go. */
function lookingUp(mayCall: MayCall): LookupFunction {
  return (name, { all: wantsAll }, found) => {
    lookup(name, { all: true }, (error, addresses) => {
      const [first, ...others] = error ? [] : addresses.filter(({ address }) => mayCall(address))
      if (!first) found(error ?? Object.assign(new Error(FORBIDDEN), { code: FORBIDDEN }), [])
      else if (wantsAll) found(null, [first, ...others])
      else found(null, first.address, first.family)
    })
  }
}

/** Looks at the shape and not at the class, as systemErrorCode does. */
function reasonOf(error: unknown): string {
  const { name, cause } = (typeof error === 'object' && error !== null ? error : {}) as Partial<Error>
  const isLate = name === 'AbortError' || (cause as Partial<Error> | undefined)?.name === 'TimeoutError'
  if (isLate) return `no answer within ${TIMEOUT_MS / 1_000} s`
  return systemErrorCode(error) ?? 'no answer'
}
