import type { Flow } from '../../sip/flow.js'
import { headerValue } from '../../sip/message.js'
import type { Parsed } from '../../sip/parse.js'
import type { Endpoint } from '../../network/udp.js'
import { scannerTest } from '../scanners.js'
import type { Limits, StrangerAnswer } from './limits.js'

/** User-Agents whose verdict is remembered. */
const MOST_AGENTS = 1_000

/** The limits as SIP's transports and the registrar ask them. */
export class SipGuard {
  readonly #isScanner: (userAgent: string | undefined) => boolean
  readonly #agents = new Map<string, boolean>()

  /** @param scanners names in User-Agents, parted by commas; undefined: the built-in list */
  constructor(
    private readonly limits: Limits,
    scanners: string | undefined,
  ) {
    this.#isScanner = scannerTest(scanners)
  }

  /** Is nothing from there read? Asked before a datagram is parsed, and when a connection comes. */
  readonly refuses = (remote: Endpoint): boolean => this.limits.refusesSip(remote)

  /** Is this message looked at? One that calls itself a scanner is not, without a word. */
  hears(parsed: Parsed, flow: Flow): boolean {
    if (flow.transport !== 'udp' && this.limits.refusesSip(flow.remote)) return false
    if (parsed.kind !== 'request') return true
    const userAgent = headerValue(parsed.request, 'User-Agent')
    if (userAgent === undefined || !this.#said(userAgent)) return true
    this.#note('scanner', flow, userAgent)
    return false
  }

  /** How to answer somebody who proved nothing. On a connection the answer reaches nobody else, so it is full. */
  strangerAnswer(flow: Flow): StrangerAnswer {
    return flow.transport !== 'udp' ? 'full' : this.limits.strangerAnswer(flow.remote.address)
  }

  mayTry(username: string, flow: Flow): boolean {
    return this.limits.mayTry(username, flow.remote.address)
  }

  /** @param proven the nonce answered was sent to this very address */
  wrongPassword(username: string, guess: string, proven: boolean, flow: Flow): void {
    const { address } = flow.remote
    this.limits.wrongPassword({ username, address, guess, proven: proven || flow.transport !== 'udp' })
  }

  /** A message that is none, or a method no phone uses here. */
  odd(kind: 'malformed' | 'bad-method', flow: Flow, evidence: string): void {
    this.#note(kind, flow, evidence)
  }

  #note(kind: 'scanner' | 'malformed' | 'bad-method', { remote, transport }: Flow, evidence: string): void {
    this.limits.note({ kind, address: remote.address, protocol: 'sip', proven: transport !== 'udp', evidence })
  }

  #said(userAgent: string): boolean {
    const known = this.#agents.get(userAgent)
    if (known !== undefined) return known
    if (this.#agents.size >= MOST_AGENTS) this.#agents.clear()
    const said = this.#isScanner(userAgent)
    this.#agents.set(userAgent, said)
    return said
  }
}
