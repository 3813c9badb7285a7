import type { PhoneAccount } from '../readers/phone-account.js'
import { headerValue, type SipRequest } from '../sip/message.js'
import type { Answer } from '../sip/response.js'

/** What a server may ask a phone to do. */
export type CheckSync = 'resync' | 'reboot'

/** What a NOTIFY asks for: `check-sync`, `check-sync;reboot=true`, `resync`. Undefined: something else. */
export function readCheckSync(request: Pick<SipRequest, 'headers'>): CheckSync | undefined {
  const [event = '', ...params] = (headerValue(request, 'Event') ?? '').split(';').map((part) => part.trim())
  if (!['check-sync', 'resync'].includes(event.toLowerCase())) return undefined
  return params.some((param) => /^reboot\s*=\s*true$/i.test(param)) ? 'reboot' : 'resync'
}

/** How a phone answers a request out of the blue. */
export function answerToRequest(request: SipRequest): Answer {
  if (request.method === 'OPTIONS') return { status: 200 }
  if (request.method !== 'NOTIFY') return { status: 405 }
  return readCheckSync(request) === undefined ? { status: 489, reason: 'Bad Event' } : { status: 200 }
}

/** Nothing about the account differs that a phone would have to register anew for. */
export function sameAccount(a: PhoneAccount, b: PhoneAccount): boolean {
  const shown = (account: PhoneAccount): string => JSON.stringify({ ...account, password: account.password.reveal() })
  return shown(a) === shown(b)
}
