import type { Clock } from '../../domain/clock.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { systemRandom } from '../../domain/edge/system-random.js'
import { type Random, randomText } from '../../domain/random.js'
import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { answerChallenge, parseDigest } from '../../sip/digest.js'
import { paramValue, parseDecimal } from '../../sip/lexical.js'
import { headerValue, headerValues, listValues, type SipResponse } from '../../sip/message.js'
import type { Parsed } from '../../sip/parse.js'
import { createResponse } from '../../sip/response.js'
import { serialize } from '../../sip/serialize.js'
import { CLIENT_START, type ClientInput, stepClient } from '../../sip/transaction/client-non-invite.js'
import { MAGIC_COOKIE } from '../../sip/transaction/key.js'
import { parseSipUri, sameUri } from '../../sip/uri.js'
import { answerToRequest, type CheckSync, readCheckSync } from '../check-sync.js'
import { registerMessage, registrarUri } from '../register-message.js'
import { type Registration, RegistrationFailure, type RegistrationRequest } from '../registration.js'
import { openPhoneSocket, type PhoneSocket } from './phone-socket.js'

/** Challenges answered in one registration: the first, a stale nonce, and one more for a server that restarted. */
const MOST_CHALLENGES = 3

interface World {
  readonly clock: Clock
  readonly random: Random
  /** The server asks the phone to look for a new config or to restart; the request is answered already. */
  readonly onCheckSync?: (kind: CheckSync) => void
}

/**
 * Registers one account of a simulated phone: 401, digest, 200, with the resends of RFC 3261 §17.1.2 on UDP. The
 * socket stays open until `unregister` or `close`.
 * @throws RegistrationFailure `register-refused` for what another try would not mend, else `register-timeout`
 */
export async function registerPhone(request: RegistrationRequest, world: Partial<World> = {}): Promise<Registration> {
  const client = new RegisterClient(request, {
    clock: world.clock ?? systemClock,
    random: world.random ?? systemRandom,
    ...(world.onCheckSync && { onCheckSync: world.onCheckSync }),
  })
  const startedAt = performance.now()
  try {
    await client.register(request.expires)
  } catch (error) {
    client.close()
    throw error
  }
  const latencyMs = performance.now() - startedAt
  let busy: Promise<void> = Promise.resolve()
  /** One REGISTER after the other, as RFC 3261 §10.2 has it. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = busy.then(work)
    busy = next.catch(() => undefined)
    return next
  }
  return {
    get expires() {
      return client.granted
    },
    latencyMs,
    refresh: () => inTurn(() => client.register(request.expires)),
    unregister: async () => {
      try {
        await inTurn(() => client.register(0))
      } finally {
        client.close()
      }
    },
    close: () => client.close(),
  }
}

interface Exchanged {
  readonly response: SipResponse
  readonly contactUri: string
}

/** The user agent client of one account: its Call-ID, its CSeq, its nonce. */
class RegisterClient {
  granted = 0
  #off = false
  readonly #callId: string
  readonly #fromTag: string
  #cseq = 0
  #socket: PhoneSocket | undefined
  #challenges: readonly string[] = []
  #count = 0
  /** The last request of the server that was obeyed: copies of it get an answer, and nothing else. */
  #obeyed = ''
  #onResponse: (response: SipResponse, branch: string) => void = () => undefined
  #abort: (reason: string) => void = () => undefined

  constructor(
    private readonly request: RegistrationRequest,
    private readonly world: World,
  ) {
    this.#callId = randomText(world.random, 26)
    this.#fromTag = randomText(world.random, 12)
  }

  close(): void {
    this.#off = true
    this.#socket?.close()
    this.#abort('the phone was switched off')
  }

  /** One registration for so many seconds, with as many challenges as that takes. */
  async register(seconds: number): Promise<void> {
    let expires = seconds
    for (let challenges = 0; ;) {
      const { response, contactUri } = await this.#exchange(expires)
      const { status } = response
      if (status === 200) {
        this.granted = grantedSeconds(response, contactUri) ?? expires
        return
      }
      const minimum = parseDecimal(headerValue(response, 'Min-Expires') ?? '', 1e9)
      if (status === 423 && minimum !== undefined && minimum > expires) {
        // RFC 3261 §10.2.8
        expires = minimum
        continue
      }
      if (status !== 401) throw failure(response)
      challenges += 1
      if (!this.#takeChallenge(response) || challenges >= MOST_CHALLENGES) throw failure(response)
    }
  }

  /**
   * Remembers the nonces of a 401. False: our answer to a fresh nonce was wrong, so asking again is useless. A nonce
   * that served before may have been lost in a restart of the server.
   */
  #takeChallenge(response: SipResponse): boolean {
    const answered = this.#count === 1
    this.#challenges = headerValues(response, 'WWW-Authenticate')
    this.#count = 0
    const stale = this.#challenges.some((value) => parseDigest(value)?.get('stale')?.toLowerCase() === 'true')
    return this.#challenges.length > 0 && (!answered || stale)
  }

  #authorization(): string | undefined {
    if (this.#challenges.length === 0) return undefined
    this.#count += 1
    const value = answerChallenge({
      challenges: this.#challenges,
      method: 'REGISTER',
      uri: registrarUri(this.request.domain),
      username: this.request.authUser,
      password: this.request.password,
      cnonce: randomText(this.world.random, 16),
      count: this.#count,
    })
    if (value === undefined) throw new RegistrationFailure('register-refused', 'no challenge that can be answered')
    return value
  }

  async #open(): Promise<PhoneSocket> {
    if (this.#socket && !this.#socket.closed) return this.#socket
    const { transport, serverAddress, port, localAddress } = this.request
    try {
      this.#socket = await openPhoneSocket({
        transport,
        server: { address: serverAddress, port },
        localAddress,
        onMessage: (parsed) => this.#receive(parsed),
        onClosed: () => this.#abort('the server closed the connection'),
      })
      return this.#socket
    } catch (error) {
      throw new RegistrationFailure('register-timeout', error instanceof Error ? error.message : String(error))
    }
  }

  #receive(parsed: Parsed): void {
    if (parsed.kind === 'request') this.#answer(parsed)
    if (parsed.kind !== 'response') return
    const { via, callId, cseq } = parsed.envelope
    if (callId === this.#callId && cseq.number === this.#cseq) this.#onResponse(parsed.response, via.branch)
  }

  #answer({ request, envelope }: Extract<Parsed, { kind: 'request' }>): void {
    const { serverAddress: address, port } = this.request
    const echoed = { headers: request.headers, via: envelope.via }
    const answer = answerToRequest(request)
    this.#socket?.send(serialize(createResponse(echoed, { address, port }, this.#fromTag, answer)))
    const asked = `${envelope.callId} ${envelope.cseq.number}`
    const kind = request.method === 'NOTIFY' && asked !== this.#obeyed ? readCheckSync(request) : undefined
    if (kind === undefined) return
    this.#obeyed = asked
    this.world.onCheckSync?.(kind)
  }

  /** One REGISTER and its answer. A connection that proves dead is opened anew, as phones do; a fresh one is not. */
  async #exchange(expires: number): Promise<Exchanged> {
    const before = this.#socket
    const socket = await this.#open()
    try {
      return await this.#exchangeOn(socket, expires)
    } catch (error) {
      if (socket !== before || !socket.closed || this.#off) throw error
      return await this.#exchangeOn(await this.#open(), expires)
    }
  }

  async #exchangeOn(socket: PhoneSocket, expires: number): Promise<Exchanged> {
    this.#cseq += 1
    const branch = MAGIC_COOKIE + randomText(this.world.random, 16)
    const authorization = this.#authorization()
    const message = registerMessage(this.request, {
      callId: this.#callId,
      fromTag: this.#fromTag,
      cseq: this.#cseq,
      branch,
      local: socket.local,
      expires,
      ...(authorization === undefined ? {} : { authorization }),
    })
    const contactUri = parseNameAddr(headerValue(message, 'Contact') ?? '')?.uri ?? ''
    const response = await this.#transact(socket, serialize(message), branch)
    return { response, contactUri }
  }

  /** Runs the client transaction; its timers are gone when the promise settles. */
  #transact(socket: PhoneSocket, text: string, branch: string): Promise<SipResponse> {
    const { clock } = this.world
    return new Promise((resolve, reject) => {
      let state = CLIENT_START
      const cancels = new Map<string, () => void>()
      const cancelAll = (): void => {
        cancels.forEach((cancel) => cancel())
        // An error's stack is costly, and nobody would read it.
        this.#abort = () => undefined
      }
      const run = (input: ClientInput, response?: SipResponse): void => {
        const step = stepClient(state, input, socket.reliable)
        state = step.state
        for (const output of step.outputs) {
          if (output.kind === 'send') socket.send(text)
          else if (output.kind === 'start-timer-e')
            cancels.set(
              'e',
              clock.after(output.ms, () => run({ kind: 'timer-e' })),
            )
          else if (output.kind === 'start-timer-f')
            cancels.set(
              'f',
              clock.after(output.ms, () => run({ kind: 'timer-f' })),
            )
          else if (output.kind === 'cancel-timers') cancelAll()
          else if (output.kind === 'deliver' && response) resolve(response)
          else if (output.kind === 'timed-out')
            reject(new RegistrationFailure('register-timeout', 'no answer to REGISTER'))
        }
      }
      this.#onResponse = (response, answered) => {
        if (answered === branch) run({ kind: 'response', status: response.status }, response)
      }
      this.#abort = (reason) => {
        cancelAll()
        reject(new RegistrationFailure('register-timeout', reason))
      }
      run({ kind: 'start' })
    })
  }
}

/** Seconds of our own Contact in a 200 (RFC 3261 §10.2.4). */
function grantedSeconds(response: SipResponse, contactUri: string): number | undefined {
  const own = parseSipUri(contactUri)
  for (const value of listValues(response, 'Contact') ?? []) {
    const contact = parseNameAddr(value)
    const uri = contact && parseSipUri(contact.uri)
    if (!contact || !uri || !own || !sameUri(uri, own)) continue
    return parseDecimal(paramValue(contact.params, 'expires') ?? '', 2 ** 32 - 1)
  }
  return undefined
}

/** Server trouble passes; a refusal does not. */
function failure({ status, reason }: SipResponse): RegistrationFailure {
  const passes = status >= 500 || status === 408
  return new RegistrationFailure(passes ? 'register-timeout' : 'register-refused', `${status} ${reason}`)
}
