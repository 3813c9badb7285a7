import type { Millis } from '../domain/clock.js'
import type { Option, Packet } from './packet.js'

/**
 * The receiving side of one read request as a function `(state, input, now) -> state, outputs`: what a phone does.
 * RFC 1350, RFC 2348 (blksize), RFC 7440 (windowsize).
 */
export interface ReceiverState {
  readonly phase: 'requested' | 'receiving' | 'finished'
  readonly fileName: string
  readonly options: readonly Option[]
  readonly blockSize: number
  readonly windowSize: number
  /** Blocks received in order, counted from 1 without end. */
  readonly received: number
  /** Blocks received since the last ACK. */
  readonly unacknowledged: number
  readonly resends: number
  readonly deadline: Millis | undefined
}

export type ReceiverInput = { kind: 'start' } | { kind: 'packet'; packet: Packet } | { kind: 'tick' }

export type ReceiverEnd = { kind: 'received' } | { kind: 'timeout' } | { kind: 'error'; code: number; message: string }

type ReceiverOutput =
  { kind: 'send'; packet: Packet } | { kind: 'deliver'; data: Uint8Array } | { kind: 'finished'; end: ReceiverEnd }

export interface ReceiverStep {
  state: ReceiverState
  outputs: readonly ReceiverOutput[]
}

/** Wait before the request or the last ACK is sent again, and how often that is done without progress. */
const RESEND_MS = 1_000
const MAX_RESENDS = 8

export function newReceiver(fileName: string, wanted: { blockSize?: number; windowSize?: number } = {}): ReceiverState {
  const options: Option[] = []
  if (wanted.blockSize !== undefined) options.push(['blksize', String(wanted.blockSize)])
  if (wanted.windowSize !== undefined) options.push(['windowsize', String(wanted.windowSize)])
  return {
    phase: 'requested',
    fileName,
    options,
    blockSize: 512,
    windowSize: 1,
    received: 0,
    unacknowledged: 0,
    resends: 0,
    deadline: undefined,
  }
}

export function stepReceiver(state: ReceiverState, input: ReceiverInput, now: Millis): ReceiverStep {
  if (state.phase === 'finished') return { state, outputs: [] }
  switch (input.kind) {
    case 'start':
      return say(state, now)
    case 'tick':
      return state.deadline === undefined || now < state.deadline ? { state, outputs: [] } : resend(state, now)
    case 'packet':
      return receive(state, input.packet, now)
  }
}

/** Sends what stands out: the request, or an ACK of everything received. */
function say(state: ReceiverState, now: Millis): ReceiverStep {
  const packet: Packet =
    state.phase === 'requested'
      ? { kind: 'read', fileName: state.fileName, mode: 'octet', options: state.options }
      : { kind: 'ack', block: state.received & 0xffff }
  const wait = Math.min(RESEND_MS * 2 ** state.resends, RESEND_MS * 4)
  return { state: { ...state, unacknowledged: 0, deadline: now + wait }, outputs: [{ kind: 'send', packet }] }
}

function resend(state: ReceiverState, now: Millis): ReceiverStep {
  if (state.resends >= MAX_RESENDS) return finish(state, { kind: 'timeout' })
  return say({ ...state, resends: state.resends + 1 }, now)
}

function receive(state: ReceiverState, packet: Packet, now: Millis): ReceiverStep {
  switch (packet.kind) {
    case 'error':
      return finish(state, { kind: 'error', code: packet.code, message: packet.message })
    case 'option-ack':
      // A repeated OACK means that our ACK 0 was lost; once data has come it is a late duplicate.
      return state.received > 0 ? { state, outputs: [] } : say(withTerms(state, packet.options), now)
    case 'data':
      return take(state, packet.block, packet.data, now)
    case 'ack':
    case 'read':
    case 'write':
      return { state, outputs: [] }
  }
}

function withTerms(state: ReceiverState, options: readonly Option[]): ReceiverState {
  const granted = new Map(options.map(([name, value]) => [name.toLowerCase(), Number(value)]))
  return {
    ...state,
    phase: 'receiving',
    blockSize: granted.get('blksize') ?? 512,
    windowSize: granted.get('windowsize') ?? 1,
    resends: 0,
  }
}

function take(state: ReceiverState, block: number, data: Uint8Array, now: Millis): ReceiverStep {
  const awaited = (state.received + 1) & 0xffff
  // A block out of order: say what is there, so that the sender goes back (RFC 7440 §4).
  if (block !== awaited) return state.phase === 'receiving' ? say(state, now) : { state, outputs: [] }
  const next: ReceiverState = {
    ...state,
    phase: 'receiving',
    received: state.received + 1,
    unacknowledged: state.unacknowledged + 1,
    resends: 0,
    deadline: now + RESEND_MS,
  }
  const deliver: ReceiverOutput = { kind: 'deliver', data }
  if (data.length < state.blockSize) {
    const { state: said, outputs } = say(next, now)
    const ended = finish(said, { kind: 'received' })
    return { state: ended.state, outputs: [deliver, ...outputs, ...ended.outputs] }
  }
  if (next.unacknowledged < state.windowSize) return { state: next, outputs: [deliver] }
  const { state: said, outputs } = say(next, now)
  return { state: said, outputs: [deliver, ...outputs] }
}

function finish(state: ReceiverState, end: ReceiverEnd): ReceiverStep {
  return { state: { ...state, phase: 'finished', deadline: undefined }, outputs: [{ kind: 'finished', end }] }
}
