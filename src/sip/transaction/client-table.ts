import type { Clock } from '../../domain/clock.js'
import type { Flow } from '../flow.js'
import type { SipResponse } from '../message.js'
import type { Parsed } from '../parse.js'
import { CLIENT_START, type ClientInput, type ClientNonInvite, stepClient } from './client-non-invite.js'

/** A request of ours on its way, serialised. `branch`: of its topmost Via, drawn at random. */
export interface ClientRequest {
  readonly text: string
  readonly branch: string
  readonly method: string
  readonly flow: Flow
}

/** How it ended: the one final answer, or none within 64*T1 (32 s). */
export type ClientEnd = { readonly kind: 'answered'; readonly response: SipResponse } | { readonly kind: 'timed-out' }

interface Live {
  readonly request: ClientRequest
  readonly done: (end: ClientEnd) => void
  readonly cancels: Map<'e' | 'f' | 'k', () => void>
  state: ClientNonInvite
}

/** The live non-INVITE client transactions (RFC 3261 §17.1.2) of a server that sends requests to its phones. */
export class ClientTransactions {
  readonly #live = new Map<string, Live>()

  constructor(private readonly clock: Clock) {}

  /** Those that wait for an answer, or take in copies of one. */
  get size(): number {
    return this.#live.size
  }

  /** Sends and resends; `done` is called once, unless `close` comes first. */
  start(request: ClientRequest, done: (end: ClientEnd) => void): void {
    const live: Live = { request, done, cancels: new Map(), state: CLIENT_START }
    this.#live.set(keyOf(request.branch, request.method), live)
    this.#run(live, { kind: 'start' })
  }

  /** [RFC3261-17.1.3] Takes a response by branch and method of its CSeq. False: it answers nothing of ours. */
  receive({ response, envelope }: Extract<Parsed, { kind: 'response' }>): boolean {
    const live = this.#live.get(keyOf(envelope.via.branch, envelope.cseq.method))
    if (!live) return false
    this.#run(live, { kind: 'response', status: response.status }, response)
    return true
  }

  /** Forgets all of them; nobody is told. */
  close(): void {
    for (const { cancels } of this.#live.values()) for (const cancel of cancels.values()) cancel()
    this.#live.clear()
  }

  #run(live: Live, input: ClientInput, response?: SipResponse): void {
    const { request, cancels } = live
    const step = stepClient(live.state, input, request.flow.transport !== 'udp')
    live.state = step.state
    const arm = (timer: 'e' | 'f' | 'k', ms: number): void => {
      cancels.set(
        timer,
        this.clock.after(ms, () => this.#run(live, { kind: `timer-${timer}` })),
      )
    }
    for (const output of step.outputs) {
      if (output.kind === 'send') request.flow.send(request.text)
      else if (output.kind === 'start-timer-e') arm('e', output.ms)
      else if (output.kind === 'start-timer-f') arm('f', output.ms)
      else if (output.kind === 'start-timer-k') arm('k', output.ms)
      else if (output.kind === 'cancel-timers') for (const cancel of cancels.values()) cancel()
      else if (output.kind === 'deliver' && response) live.done({ kind: 'answered', response })
      else if (output.kind === 'timed-out') {
        this.#forget(request)
        live.done({ kind: 'timed-out' })
      } else if (output.kind === 'terminated') this.#forget(request)
    }
  }

  #forget({ branch, method }: ClientRequest): void {
    this.#live.delete(keyOf(branch, method))
  }
}

function keyOf(branch: string, method: string): string {
  return `${branch}\n${method}`
}
