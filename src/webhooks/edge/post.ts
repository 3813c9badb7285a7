import { createHmac } from 'node:crypto'
import { systemErrorCode } from '../../domain/errors.js'
import type { Secret } from '../../domain/secret.js'

/** A receiver that takes longer has failed. */
const TIMEOUT_MS = 10_000
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
export async function post(what: Post): Promise<Posted> {
  try {
    const response = await fetch(what.url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'phoneboot',
        'Webhook-Id': what.id,
        'Webhook-Timestamp': String(what.timestamp),
        'Webhook-Signature': signatureOf(what),
      },
      body: what.body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    // What a receiver answers is of no use here.
    await response.body?.cancel()
    return { status: response.status }
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** Looks at the shape and not at the class, as systemErrorCode does. */
function reasonOf(error: unknown): string {
  const { name, cause } = (typeof error === 'object' && error !== null ? error : {}) as Partial<Error>
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1_000} s`
  return systemErrorCode(cause) ?? 'no answer'
}
