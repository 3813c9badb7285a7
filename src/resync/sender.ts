import type { Binding, Id } from '../domain/entities.js'
import { type Random, randomText } from '../domain/random.js'
import type { Secret } from '../domain/secret.js'
import { formatEndpoint } from '../network/address.js'
import { answerChallenge } from '../sip/digest.js'
import type { Flow } from '../sip/flow.js'
import { type Header, headerValues, type SipResponse } from '../sip/message.js'
import { serialize } from '../sip/serialize.js'
import type { ClientEnd, ClientTransactions } from '../sip/transaction/client-table.js'
import { MAGIC_COOKIE } from '../sip/transaction/key.js'
import { notifyMessage, requestUriOf, shownReason } from './notify.js'
import type { ResyncResult } from './resync.js'

export interface NotifySenderParts {
  readonly random: Random
  readonly transactions: ClientTransactions
  /** The way the binding was registered by; undefined when it is gone. */
  flowTo(binding: Binding): Promise<Flow | undefined>
  /** What the phone knows its account by, when it challenges us. */
  credentialsOf(lineId: Id): { username: string; password: Secret } | undefined
}

/** Header of a challenge and of its answer, by status (RFC 3261 §22.2, §22.3). */
const CHALLENGES: Readonly<Record<number, { asked: string; answered: string }>> = {
  401: { asked: 'WWW-Authenticate', answered: 'Authorization' },
  407: { asked: 'Proxy-Authenticate', answered: 'Proxy-Authorization' },
}

/** Statuses of phones that do not know the event, or do not take it from us. */
const WORDS: Readonly<Record<number, string>> = {
  401: 'the phone wants a password for NOTIFY and does not take the one of its account',
  403: 'the phone does not take NOTIFY from this server',
  405: 'the phone does not know NOTIFY',
  407: 'the phone wants a password for NOTIFY and does not take the one of its account',
  481: 'the phone takes no NOTIFY that it did not subscribe to',
  489: 'the phone does not know this event',
}

/** Sends one NOTIFY to one binding and tells how it ended. A challenge is answered once. Rejects never. */
export async function sendNotify(parts: NotifySenderParts, binding: Binding, event: string): Promise<ResyncResult> {
  const uri = requestUriOf(binding)
  const flow = uri === undefined ? undefined : await parts.flowTo(binding)
  if (uri === undefined || !flow) {
    const reason = uri === undefined ? 'its Contact is no SIP address' : 'the way it registered by is gone'
    return { outcome: 'unreachable', reason, event, sentTo: binding.received }
  }
  const callId = randomText(parts.random, 26)
  const fromTag = randomText(parts.random, 12)
  const exchange = (cseq: number, credentials?: Header): Promise<ClientEnd> => {
    const branch = MAGIC_COOKIE + randomText(parts.random, 20)
    const step = { event, callId, fromTag, branch, cseq, ...(credentials ? { credentials } : {}) }
    const text = serialize(notifyMessage(binding, uri, flow, step))
    return new Promise((resolve) => {
      parts.transactions.start({ text, branch, method: 'NOTIFY', flow }, resolve)
    })
  }
  let end = await exchange(1)
  const credentials = end.kind === 'answered' ? answerTo(parts, binding, uri, end.response) : undefined
  if (credentials) end = await exchange(2, credentials)
  return { ...resultOf(end), event, sentTo: formatEndpoint(flow.remote) }
}

function resultOf(end: ClientEnd): Pick<ResyncResult, 'outcome' | 'status' | 'reason'> {
  if (end.kind === 'timed-out') return { outcome: 'unanswered', reason: 'no answer in 32 seconds' }
  const { status, reason } = end.response
  if (status < 300) return { outcome: 'heard', status }
  return { outcome: 'refused', status, reason: WORDS[status] ?? shownReason(status, reason) }
}

/** [RFC3261-22.2] [RFC3261-22.3] The answer to a challenge, with the account that the phone itself registered by. */
function answerTo(
  { random, credentialsOf }: NotifySenderParts,
  { lineId }: Binding,
  uri: string,
  response: SipResponse,
): Header | undefined {
  const header = CHALLENGES[response.status]
  const account = header && lineId !== undefined ? credentialsOf(lineId) : undefined
  if (!header || !account) return undefined
  const challenges = headerValues(response, header.asked)
  const cnonce = randomText(random, 16)
  const value = answerChallenge({ challenges, method: 'NOTIFY', uri, ...account, cnonce, count: 1 })
  return value === undefined ? undefined : { name: header.answered, value }
}
