import { optionTags, type SipRequest } from '../sip/message.js'
import type { Answer } from '../sip/response.js'
import { ALLOW, SUPPORTED } from './policy.js'

/**
 * What can be said without knowing who asks (RFC 3261 §8.2, §10.3 steps 1 and 2). Returns undefined for a REGISTER
 * that goes on to authentication.
 * @param forUs is the Request-URI ours?
 */
export function screen(request: SipRequest, forUs: boolean): Answer | undefined {
  // A CANCEL finds no INVITE here (RFC 3261 §9.2).
  if (request.method === 'CANCEL') return { status: 481 }
  if (!forUs) return { status: 404 }
  if (request.method !== 'REGISTER' && request.method !== 'OPTIONS') {
    return { status: 405, headers: [{ name: 'Allow', value: ALLOW }] }
  }
  const known: readonly string[] = SUPPORTED
  const unknown = optionTags(request, 'Require').filter((tag) => !known.includes(tag))
  if (unknown.length > 0) return { status: 420, headers: [{ name: 'Unsupported', value: unknown.join(', ') }] }
  if (request.method === 'REGISTER') return undefined
  return {
    status: 200,
    headers: [
      { name: 'Allow', value: ALLOW },
      { name: 'Accept', value: 'application/sdp' },
      { name: 'Supported', value: SUPPORTED.join(', ') },
    ],
  }
}
