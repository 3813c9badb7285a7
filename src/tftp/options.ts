import type { Option } from './packet.js'

/** What both ends hold to during a transfer. */
export interface Terms {
  /** Bytes in every DATA packet but the last. */
  blockSize: number
  /** DATA packets sent before an ACK is waited for (RFC 7440). */
  windowSize: number
  /** Time before a resend that the client asked for; absent: the server adapts it. */
  timeoutMs?: number
  /** Options to acknowledge, in the client's spelling; empty: no OACK, the first DATA packet answers. */
  acknowledged: readonly Option[]
}

/** RFC 2348: the largest block there is; on Ethernet blocks above 1468 bytes travel in fragments. */
const MAX_BLOCK_BYTES = 65_464
/** A window holds no more than this many packets, nor more bytes than `MAX_WINDOW_BYTES` (one packet always). */
const MAX_WINDOW = 64
const MAX_WINDOW_BYTES = 131_072
/** RFC 2349 allows 255 s; a vanished client would then hold its transfer for half an hour. */
const MAX_TIMEOUT_SECONDS = 30

/**
 * Answers the options of a read request: each is granted, lowered, or left out, which means refused (RFC 2347).
 * Names count in any case; a value that breaks its RFC leaves that option out and harms nothing else.
 * @param sizeBytes bytes of the file as transferred; undefined when not known beforehand (tsize is left out)
 */
export function agreeOnTerms(options: readonly Option[], sizeBytes: number | undefined): Terms {
  const asked = new Map<string, { name: string; value: number }>()
  for (const [name, text] of options) {
    const key = name.toLowerCase()
    if (!asked.has(key) && /^\d{1,9}$/.test(text)) asked.set(key, { name, value: Number(text) })
  }
  const acknowledged: Option[] = []
  const grant = (key: string, decide: (value: number) => number | undefined): number | undefined => {
    const option = asked.get(key)
    const granted = option && decide(option.value)
    if (option && granted !== undefined) acknowledged.push([option.name, String(granted)])
    return granted
  }

  const blockSize = grant('blksize', (value) => (value < 8 ? undefined : Math.min(value, MAX_BLOCK_BYTES))) ?? 512
  // RFC 2349: a read request carries tsize 0; any other number is none we could confirm. The size of an empty file
  // is left out, because curl takes an acknowledged tsize of 0 for an error.
  grant('tsize', (value) => (value === 0 && sizeBytes !== 0 ? sizeBytes : undefined))
  const seconds = grant('timeout', (value) => (value >= 1 && value <= MAX_TIMEOUT_SECONDS ? value : undefined))
  const windowSize = grant('windowsize', (value) => (value < 1 ? undefined : lowerWindow(value, blockSize))) ?? 1
  return {
    blockSize,
    windowSize,
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    acknowledged,
  }
}

function lowerWindow(asked: number, blockSize: number): number {
  return Math.min(asked, MAX_WINDOW, Math.max(1, Math.floor(MAX_WINDOW_BYTES / blockSize)))
}
