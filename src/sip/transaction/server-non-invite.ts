import { LIFETIME_MS } from './timers.js'

/**
 * [RFC3261-17.2.2] The server side of REGISTER, OPTIONS, ...: Trying until the final answer, then Completed, where
 * each retransmission gets that same answer, until timer J ends it. (Proceeding is left out: RFC 4320 forbids
 * provisional answers that come early, and nothing here takes long.)
 */
export type ServerNonInvite = { readonly phase: 'trying' } | { readonly phase: 'completed'; readonly answer: string }

export type ServerInput =
  /** A retransmission of the request. */
  | { readonly kind: 'request' }
  /** The transaction user's final answer, serialised. */
  | { readonly kind: 'respond'; readonly answer: string }
  | { readonly kind: 'timer-j' }

type ServerOutput =
  | { readonly kind: 'send'; readonly answer: string }
  | { readonly kind: 'start-timer-j'; readonly ms: number }
  | { readonly kind: 'terminated' }

export interface ServerStep {
  readonly state: ServerNonInvite
  readonly outputs: readonly ServerOutput[]
}

/** State of a transaction that has just begun. */
export const TRYING: ServerNonInvite = { phase: 'trying' }

/** One step. A second final answer is ignored, as is timer J before the first. */
export function stepServer(state: ServerNonInvite, input: ServerInput, reliable: boolean): ServerStep {
  switch (input.kind) {
    case 'request':
      return { state, outputs: state.phase === 'completed' ? [{ kind: 'send', answer: state.answer }] : [] }
    case 'respond': {
      if (state.phase === 'completed') return { state, outputs: [] }
      const completed: ServerNonInvite = { phase: 'completed', answer: input.answer }
      const send: ServerOutput = { kind: 'send', answer: input.answer }
      // Timer J is zero on reliable transports: there are no retransmissions to absorb.
      return reliable
        ? { state: completed, outputs: [send, { kind: 'terminated' }] }
        : { state: completed, outputs: [send, { kind: 'start-timer-j', ms: LIFETIME_MS }] }
    }
    case 'timer-j':
      return { state, outputs: state.phase === 'completed' ? [{ kind: 'terminated' }] : [] }
  }
}
