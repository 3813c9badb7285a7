import type { Registrar } from '../../src/registrar/edge/registrar.js'
import type { Flow } from '../../src/sip/flow.js'
import { headerValues, type SipResponse } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'

/** A phone's end of a transport without a socket: remembers what was sent to it. */
export class FakeFlow implements Flow {
  readonly sent: { text: string; port: number | undefined }[] = []

  constructor(
    readonly transport: Flow['transport'] = 'udp',
    readonly remote = { address: '10.0.0.7', port: 5062 },
    readonly local = { address: '10.0.0.1', port: 5060 },
  ) {}

  send(text: string, port?: number): void {
    this.sent.push({ text, port })
  }

  /** The last answer, read. */
  get answer(): SipResponse {
    const last = this.sent.at(-1)
    const parsed = last && parseDatagram(last.text)
    if (parsed?.kind !== 'response') throw new Error(`no answer: ${last?.text ?? 'nothing sent'}`)
    return parsed.response
  }
}

/** Runs what waits: commits take a few turns of the event loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Hands a datagram to the registrar and lets it finish. */
export async function deliver(registrar: Registrar, text: string, flow: FakeFlow): Promise<void> {
  registrar.handle(parseDatagram(text), flow)
  await settle()
}

/** Contact values of an answer. */
export function contactsOf(answer: SipResponse): string[] {
  return headerValues(answer, 'Contact')
}
