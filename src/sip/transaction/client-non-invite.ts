import { LIFETIME_MS, T1_MS, T2_MS, T4_MS } from './timers.js'

/**
 * [RFC3261-17.1.2] The client side of REGISTER and NOTIFY: resends on unreliable transports after T1, then twice as long
 * each time up to T2 (timer E), and gives up after 64*T1 (timer F). After a provisional answer it resends every T2.
 * After the final answer it stays for T4 (timer K) to take in further copies of it; on reliable transports it ends.
 */
export interface ClientNonInvite {
  readonly phase: 'trying' | 'proceeding' | 'completed' | 'timed-out' | 'terminated'
  /** Milliseconds until the next resend. */
  readonly resendAfterMs: number
}

export type ClientInput =
  | { readonly kind: 'start' | 'timer-e' | 'timer-f' | 'timer-k' }
  | { readonly kind: 'response'; readonly status: number }

type ClientOutput =
  | { readonly kind: 'send' | 'cancel-timers' | 'timed-out' | 'deliver' | 'terminated' }
  | { readonly kind: 'start-timer-e' | 'start-timer-f' | 'start-timer-k'; readonly ms: number }

export interface ClientStep {
  readonly state: ClientNonInvite
  readonly outputs: readonly ClientOutput[]
}

export const CLIENT_START: ClientNonInvite = { phase: 'trying', resendAfterMs: T1_MS }

const ended = (state: ClientNonInvite): boolean => state.phase !== 'trying' && state.phase !== 'proceeding'

/** One step. What comes after the end changes nothing. */
export function stepClient(state: ClientNonInvite, input: ClientInput, reliable: boolean): ClientStep {
  if (input.kind === 'timer-k' && state.phase === 'completed') {
    return { state: { ...state, phase: 'terminated' }, outputs: [{ kind: 'terminated' }] }
  }
  if (ended(state) || input.kind === 'timer-k') return { state, outputs: [] }
  switch (input.kind) {
    case 'start': {
      const timers: ClientOutput[] = [{ kind: 'start-timer-f', ms: LIFETIME_MS }]
      if (!reliable) timers.push({ kind: 'start-timer-e', ms: state.resendAfterMs })
      return { state, outputs: [{ kind: 'send' }, ...timers] }
    }
    case 'timer-e': {
      const resendAfterMs = state.phase === 'proceeding' ? T2_MS : Math.min(state.resendAfterMs * 2, T2_MS)
      return {
        state: { ...state, resendAfterMs },
        outputs: [{ kind: 'send' }, { kind: 'start-timer-e', ms: resendAfterMs }],
      }
    }
    case 'timer-f':
      return { state: { ...state, phase: 'timed-out' }, outputs: [{ kind: 'cancel-timers' }, { kind: 'timed-out' }] }
    case 'response':
      return input.status < 200 ? { state: { ...state, phase: 'proceeding' }, outputs: [] } : finished(state, reliable)
  }
}

/** [RFC3261-17.1.2.2] The final answer goes to the transaction user once. */
function finished(state: ClientNonInvite, reliable: boolean): ClientStep {
  const outputs: ClientOutput[] = [{ kind: 'cancel-timers' }, { kind: 'deliver' }]
  return reliable
    ? { state: { ...state, phase: 'terminated' }, outputs: [...outputs, { kind: 'terminated' }] }
    : { state: { ...state, phase: 'completed' }, outputs: [...outputs, { kind: 'start-timer-k', ms: T4_MS }] }
}
