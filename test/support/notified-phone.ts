import { formatEndpoint } from '../../src/network/address.js'
import { openPhoneSocket, type PhoneSocket } from '../../src/simulator/edge/phone-socket.js'
import { headerValue, headerValues, type SipRequest, type SipResponse } from '../../src/sip/message.js'
import type { Parsed } from '../../src/sip/parse.js'
import { createResponse, type Answer } from '../../src/sip/response.js'
import { serialize } from '../../src/sip/serialize.js'
import { eventually } from './server.js'
import { authorizationFor, registerText } from './sip-requests.js'

/** How a phone meets a request of its server; undefined: silence. */
export type Meet = (request: SipRequest, nth: number) => Answer | undefined

export interface NotifiedPhoneOptions {
  port: number
  transport: 'udp' | 'tcp'
  /** The n-th phone of a ResyncBench. */
  n?: number
  /** Address of the server that it registers at. */
  server?: string
  localAddress?: string
  meet?: Meet
  /** Registers this in place of where it really is. */
  contact?: string
}

/** A phone that registers and meets NOTIFY as told; keeps what it got. */
export class NotifiedPhone {
  readonly requests: SipRequest[] = []
  readonly #responses: SipResponse[] = []
  #socket: PhoneSocket | undefined

  private constructor(private readonly options: NotifiedPhoneOptions) {}

  static async register(options: NotifiedPhoneOptions): Promise<NotifiedPhone> {
    const phone = new NotifiedPhone(options)
    const { port, transport, server = '127.0.0.1', localAddress, n = 0 } = options
    const socket = await openPhoneSocket({
      ...{ transport, server: { address: server, port }, localAddress },
      onMessage: (parsed) => phone.#take(parsed),
      onClosed: () => undefined,
    })
    phone.#socket = socket
    const number = String(100 + n)
    const local = formatEndpoint(socket.local)
    const contact = options.contact ?? `<sip:${number}@${local};line=x>`
    const parts = { user: number, contact, callId: `reg-${local}`, expires: 600 }
    const via = (branch: string): string =>
      `Via: SIP/2.0/${transport.toUpperCase()} ${local};branch=z9hG4bK${branch};rport`
    socket.send(registerText({ ...parts, via: via('1') }))
    const challenge = await phone.#response(1)
    const authorization = authorizationFor(headerValues(challenge, 'WWW-Authenticate'), `line${n}`, `pw-${n}`)
    socket.send(registerText({ ...parts, cseq: 2, via: via('2'), authorization }))
    const answer = await phone.#response(2)
    if (answer.status !== 200) throw new Error(`not registered: ${answer.status} ${answer.reason}`)
    return phone
  }

  get local(): string {
    return this.#socket ? formatEndpoint(this.#socket.local) : ''
  }

  /** Event headers of the requests it got. */
  get events(): (string | undefined)[] {
    return this.requests.map((request) => headerValue(request, 'Event'))
  }

  close(): void {
    this.#socket?.close()
  }

  #response(nth: number): Promise<SipResponse> {
    return eventually(() => {
      const found = this.#responses[nth - 1]
      if (!found) throw new Error('no answer')
      return found
    })
  }

  #take(parsed: Parsed): void {
    if (parsed.kind === 'response') this.#responses.push(parsed.response)
    if (parsed.kind !== 'request') return
    this.requests.push(parsed.request)
    const { meet = () => ({ status: 200 }), port, server = '127.0.0.1' } = this.options
    const answer = meet(parsed.request, this.requests.length)
    if (!answer) return
    const echoed = { headers: parsed.request.headers, via: parsed.envelope.via }
    this.#socket?.send(serialize(createResponse(echoed, { address: server, port }, 'phone', answer)))
  }
}
