import type { Millis } from '../domain/clock.js'
import type { Terms } from './options.js'
import { TFTP_ERROR, type Packet } from './packet.js'

/**
 * The sending side of one transfer as a function `(state, input, now) -> state, outputs`. RFC 1350, RFC 7440.
 * Blocks are counted from 1 without end here; only the wire goes round after 65,535.
 */
export interface TransferState {
  /** `offered`: nothing acknowledged yet, so the address may be forged. */
  readonly phase: 'offered' | 'sending' | 'finished'
  readonly terms: Terms
  /** Everything up to this block is acknowledged. */
  readonly acked: number
  /** The block sent last; goes back to `acked` when blocks have to be sent again. */
  readonly sent: number
  /** The highest block that was ever sent: an ACK beyond it is not for us. */
  readonly highest: number
  /** Blocks that can be sent by now, and whether the last of the file is among them. */
  readonly available: number
  readonly complete: boolean
  /** Resends since the last progress. */
  readonly resends: number
  /** When the first resend after the last progress was made. */
  readonly resendingSince: Millis | undefined
  /** When to resend or give up; undefined while nothing is awaited. */
  readonly deadline: Millis | undefined
  /** A block sent once, and when: its ACK measures the round trip (never a resent one: Karn's rule). */
  readonly probe: { readonly block: number; readonly at: Millis } | undefined
  readonly roundTripMs: number | undefined
}

export type TransferInput =
  /** Sends the OACK or, without options, the first block. */
  | { kind: 'start' }
  /** More of the file can be sent. */
  | { kind: 'available'; blocks: number; complete: boolean }
  /** A packet from the client's own address and port. */
  | { kind: 'packet'; packet: Packet }
  /** Time has passed. */
  | { kind: 'tick' }
  /** The server cannot go on: the client is told with error 0. */
  | { kind: 'fail'; reason: 'unreadable' | 'stopped' }

export type TransferEnd =
  | 'delivered'
  /** The client stopped answering. */
  | 'timeout'
  /** The client sent an error. */
  | 'refused'
  | 'unreadable'
  | 'stopped'

export type TransferOutput =
  | { kind: 'send-option-ack' }
  | { kind: 'send-block'; block: number }
  | { kind: 'send-error'; code: number; message: string }
  | { kind: 'finished'; end: TransferEnd }

export interface TransferStep {
  state: TransferState
  outputs: readonly TransferOutput[]
}

/** Wait before the first resend while no round trip was measured, and the most that is waited then. */
const FIRST_TIMEOUT_MS = 1_000
const MIN_TIMEOUT_MS = 250
/**
 * Back-off stops doubling here, unless the client asked for more: early for a client that has answered, so that a link
 * that loses every third packet still gets the file through; late for one that may not exist.
 */
const MAX_TIMEOUT_MS = 2_000
const MAX_TIMEOUT_UNANSWERED_MS = 8_000
/** An address that never answered is sent four packets, no more: it may be somebody else's (reflection). */
export const MAX_RESENDS_UNANSWERED = 3
/** A phone may be busy erasing its flash: a client that has answered is given up after so many resends and this long. */
export const MIN_RESENDS = 6
export const PATIENCE_MS = 24_000

export function newTransfer(terms: Terms): TransferState {
  return {
    phase: 'offered',
    terms,
    acked: 0,
    sent: 0,
    highest: 0,
    available: 0,
    complete: false,
    resends: 0,
    resendingSince: undefined,
    deadline: undefined,
    probe: undefined,
    roundTripMs: undefined,
  }
}

export function stepTransfer(state: TransferState, input: TransferInput, now: Millis): TransferStep {
  if (state.phase === 'finished') return unchanged(state)
  switch (input.kind) {
    case 'start':
      return offer(copyOf(state), now)
    case 'available': {
      const next = copyOf(state)
      next.available = input.blocks
      next.complete = input.complete
      return pump(next, now)
    }
    case 'packet':
      return receive(state, input.packet, now)
    case 'tick':
      return state.deadline === undefined || now < state.deadline ? unchanged(state) : resend(state, now)
    case 'fail':
      return fail(state, input.reason)
  }
}

/** A state that this step has made and nobody else has seen yet. */
type Draft = { -readonly [Key in keyof TransferState]: TransferState[Key] }

/** Written out: spreading an object of this size costs more than all else that an ACK brings. */
function copyOf(state: TransferState): Draft {
  return {
    phase: state.phase,
    terms: state.terms,
    acked: state.acked,
    sent: state.sent,
    highest: state.highest,
    available: state.available,
    complete: state.complete,
    resends: state.resends,
    resendingSince: state.resendingSince,
    deadline: state.deadline,
    probe: state.probe,
    roundTripMs: state.roundTripMs,
  }
}

function offer(draft: Draft, now: Millis): TransferStep {
  if (draft.terms.acknowledged.length === 0) return pump(draft, now)
  draft.deadline = now + waitMs(draft)
  return { state: draft, outputs: [{ kind: 'send-option-ack' }] }
}

/** Sends what window and file allow: before the first ACK that is one block of 512 bytes, and none after an OACK. */
function pump(draft: Draft, now: Millis): TransferStep {
  if (draft.phase === 'offered' && draft.terms.acknowledged.length > 0) return unchanged(draft)
  const upTo = Math.min(draft.acked + draft.terms.windowSize, draft.available)
  if (draft.sent >= upTo) return unchanged(draft)
  const outputs: TransferOutput[] = []
  for (let block = draft.sent + 1; block <= upTo; block += 1) outputs.push({ kind: 'send-block', block })
  draft.deadline = now + waitMs(draft)
  if (draft.probe === undefined && upTo > draft.highest) draft.probe = { block: upTo, at: now }
  draft.sent = upTo
  draft.highest = Math.max(draft.highest, upTo)
  return { state: draft, outputs }
}

function receive(state: TransferState, packet: Packet, now: Millis): TransferStep {
  // Answering an error with an error would never end (RFC 1350 §7).
  if (packet.kind === 'error') return finish(copyOf(state), 'refused')
  // Anything else but an ACK has no place here; a stray packet must not cost the phone its file.
  if (packet.kind !== 'ack') return unchanged(state)
  if (state.phase === 'offered' && state.terms.acknowledged.length > 0) {
    // RFC 2347: ACK 0 takes the options.
    return packet.block === 0 ? acknowledge(copyOf(state), 0, now) : unchanged(state)
  }
  const block = state.acked + ((packet.block - state.acked) & 0xffff)
  // [RFC1123-4.2.3.1] An ACK seen before sends nothing, or every duplicate would live on (Sorcerer's Apprentice).
  if (block === state.acked || block > state.highest) return unchanged(state)
  return acknowledge(copyOf(state), block, now)
}

/** [RFC7440-4] An ACK inside the window says that the block after it was lost: go on from there. */
function acknowledge(draft: Draft, block: number, now: Millis): TransferStep {
  const { probe, sent } = draft
  draft.phase = 'sending'
  draft.acked = block
  draft.sent = block
  draft.resends = 0
  draft.resendingSince = undefined
  draft.deadline = undefined
  if (draft.complete && block === draft.available) return finish(draft, 'delivered')
  if (probe && block >= probe.block) draft.roundTripMs = smooth(draft.roundTripMs, now - probe.at)
  if (probe && (block >= probe.block || block < sent)) draft.probe = undefined
  return pump(draft, now)
}

function resend(state: TransferState, now: Millis): TransferStep {
  const draft = copyOf(state)
  draft.resendingSince ??= now
  if (isHopeless(draft, now)) return finish(draft, 'timeout')
  draft.resends += 1
  draft.sent = draft.acked
  draft.probe = undefined
  draft.deadline = undefined
  return draft.phase === 'offered' ? offer(draft, now) : pump(draft, now)
}

function isHopeless({ phase, resends, resendingSince = Infinity }: TransferState, now: Millis): boolean {
  if (phase === 'offered') return resends >= MAX_RESENDS_UNANSWERED
  return resends >= MIN_RESENDS && now - resendingSince >= PATIENCE_MS
}

/** [RFC1123-4.2.3.2] The wait adapts to the round trip, and doubles with every resend. */
function waitMs({ phase, terms, roundTripMs, resends }: TransferState): number {
  const adapted = roundTripMs === undefined ? FIRST_TIMEOUT_MS : roundTripMs * 4
  const base = terms.timeoutMs ?? Math.min(Math.max(adapted, MIN_TIMEOUT_MS), FIRST_TIMEOUT_MS)
  const most = phase === 'offered' ? MAX_TIMEOUT_UNANSWERED_MS : MAX_TIMEOUT_MS
  return Math.min(base * 2 ** resends, Math.max(base, most))
}

function smooth(previous: number | undefined, measured: number): number {
  return previous === undefined ? measured : (previous * 7 + measured) / 8
}

const FAILURES = { unreadable: 'File cannot be read', stopped: 'Server is stopping' } as const

function fail(state: TransferState, reason: keyof typeof FAILURES): TransferStep {
  const { state: ended, outputs } = finish(copyOf(state), reason)
  const message = FAILURES[reason]
  return { state: ended, outputs: [{ kind: 'send-error', code: TFTP_ERROR.notDefined, message }, ...outputs] }
}

function finish(draft: Draft, end: TransferEnd): TransferStep {
  draft.phase = 'finished'
  draft.deadline = undefined
  return { state: draft, outputs: [{ kind: 'finished', end }] }
}

function unchanged(state: TransferState): TransferStep {
  return { state, outputs: NOTHING }
}

const NOTHING: readonly TransferOutput[] = []
