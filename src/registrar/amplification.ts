import type { Header } from '../sip/message.js'
import type { Answer } from '../sip/response.js'
import { compacted } from '../sip/serialize.js'

/** How many times its request an answer to somebody unproven may be as long: his source may be forged. */
const MOST = 1.5

/**
 * The longest form of an answer that is no weapon: with all challenges, with the first one only, the same as short as
 * SIP can be, or none for a request so short that no phone sends it.
 * @param octets of the request; undefined: the way back proves the source, so any length will do
 * @param write the answer in latin1
 * @returns what to send; undefined for silence
 */
export function unamplified(
  answer: Answer,
  octets: number | undefined,
  write: (answer: Answer) => string,
): string | undefined {
  const text = write(answer)
  if (octets === undefined || text.length <= octets * MOST) return text
  const [, ...others] = answer.headers?.filter(({ name }) => name === 'WWW-Authenticate') ?? []
  const headers = answer.headers?.filter((header) => !others.includes(header)) ?? []
  const short = others.length === 0 ? text : write({ ...answer, headers })
  if (short.length <= octets * MOST) return short
  const shortest = compacted(write({ ...answer, headers: headers.map(withoutDefault) }))
  return shortest.length <= octets * MOST ? shortest : undefined
}

/** MD5 is what a challenge means that names no algorithm (RFC 7616 §3.3). */
function withoutDefault({ name, value }: Header): Header {
  return { name, value: value.replace(/, algorithm=MD5\b/, '') }
}
