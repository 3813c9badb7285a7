import { authorizationFor } from '../support/sip-requests.js'
import type { ServerPorts } from '../support/server.js'
import { adminRequests } from './admin-requests.js'
import { httpRequests, sipMessages, tftpPackets, tortureMessages } from './corpus.js'
import { webSocketFrame, webSocketHandshake } from './web-socket.js'
import type { Dice } from './dice.js'
import { mutate } from './mutate.js'

/** Who may register, and the challenge that was given for it. */
export interface KnownAccount {
  user: string
  authUser: string
  password: string
  domain: string
  challenges: readonly string[]
}

/** What inputs are made of. */
export interface Seeds {
  account: KnownAccount
  files: readonly string[]
  clientHello: Buffer
  admin: Parameters<typeof adminRequests>[0]
}

/** Something to send, and where. */
export interface HostileInput {
  /** `port0`: a datagram from source port 0. `tls`: the segments go through a TLS connection. */
  protocol: 'udp' | 'port0' | 'tcp' | 'tls'
  port: number
  /** From an address that phones get their config at. */
  trusted: boolean
  segments: readonly Buffer[]
  rude: boolean
}

/** Makes inputs one after the other, the same ones for the same dice. */
export class HostileInputs {
  readonly #sip: readonly Buffer[]
  readonly #tftp: readonly Buffer[]
  readonly #http: readonly Buffer[]
  readonly #admin: readonly Buffer[]
  readonly #account: KnownAccount
  readonly #clientHello: Buffer
  #made = 0
  #count = 0

  constructor(
    private readonly dice: Dice,
    private readonly ports: ServerPorts,
    { account, files, clientHello, admin }: Seeds,
  ) {
    this.#account = account
    this.#clientHello = clientHello
    this.#admin = adminRequests(admin)
    this.#sip = [...sipMessages(account.domain, account.user), ...tortureMessages()]
    this.#tftp = tftpPackets(files)
    this.#http = httpRequests(files)
  }

  /** A new nonce: counts begin anew. */
  challenged(challenges: readonly string[]): void {
    this.#account.challenges = challenges
    this.#count = 0
  }

  next(): HostileInput {
    this.#made += 1
    const { dice, ports } = this
    const at = dice.below(100)
    if (at < 30) return this.#datagram(ports.sip, this.#sipMessage())
    if (at < 50) return this.#datagram(ports.tftp, mutate(dice.pick(this.#tftp), dice))
    if (at < 58) return this.#datagram(dice.pick([ports.sip, ports.tftp]), dice.bytes(dice.below(65)))
    if (at < 68) return this.#stream(ports.sip, this.#sipStream())
    if (at < 71) return { ...this.#stream(ports.sips, this.#sipStream()), protocol: 'tls' }
    if (at < 75) return { ...this.#stream(ports.https, this.#webSocket()), protocol: 'tls' }
    if (at < 85) return this.#stream(ports.http, mutate(dice.pick(this.#http), dice))
    if (at < 93) return this.#stream(ports.admin, mutate(dice.pick(this.#admin), dice))
    if (at < 96) return { ...this.#stream(ports.https, mutate(dice.pick(this.#http), dice)), protocol: 'tls' }
    if (at < 97) return this.#stream(ports.https, mutate(this.#clientHello, dice))
    return this.#stream(
      dice.pick([ports.https, ports.http, ports.sip, ports.sips, ports.admin]),
      dice.bytes(dice.below(65)),
    )
  }

  #datagram(port: number, data: Buffer): HostileInput {
    const protocol = this.dice.chance(3) ? 'port0' : 'udp'
    return { protocol, port, trusted: this.dice.chance(50), segments: [data], rude: false }
  }

  #stream(port: number, data: Buffer): HostileInput {
    const { dice } = this
    const segments: Buffer[] = []
    const pieces = dice.chance(50) ? 1 : 1 + dice.below(6)
    let from = 0
    for (let n = 1; n < pieces; n += 1) {
      const to = from + dice.below(data.length - from + 1)
      segments.push(data.subarray(from, to))
      from = to
    }
    segments.push(data.subarray(from))
    return { protocol: 'tcp', port, trusted: dice.chance(50), segments, rude: dice.chance(8) }
  }

  /** Every third is a REGISTER with the right digest, so that mutations reach what lies behind it. */
  #sipMessage(): Buffer {
    const { dice } = this
    const n = String(this.#made)
    const seed = dice.chance(33) ? this.#authorised() : dice.pick(this.#sip)
    const message = Buffer.from(seed.toString('latin1').replaceAll('{n}', n), 'latin1')
    return dice.chance(8) ? message : mutate(message, dice)
  }

  #sipStream(): Buffer {
    const { dice } = this
    const messages = Array.from({ length: 1 + dice.below(3) }, () => this.#sipMessage())
    if (dice.chance(20)) messages.push(Buffer.from('\r\n\r\n'))
    return Buffer.concat(messages)
  }

  /** A handshake, and messages in frames: masked, as clients must. */
  #webSocket(): Buffer {
    const { dice } = this
    const frames = Array.from({ length: 1 + dice.below(3) }, () => webSocketFrame(this.#sipMessage(), dice))
    const whole = Buffer.concat([webSocketHandshake(), ...frames])
    return dice.chance(30) ? mutate(whole, dice) : whole
  }

  #authorised(): Buffer {
    const { user, authUser, password, domain, challenges } = this.#account
    const uri = `sip:${domain}`
    this.#count += 1
    const authorization = authorizationFor(challenges, authUser, password, { count: this.#count, uri })
    const [register = Buffer.alloc(0)] = sipMessages(domain, user)
    return Buffer.from(
      register.toString('latin1').replace('\r\n\r\n', `\r\nAuthorization: ${authorization}\r\n\r\n`),
      'latin1',
    )
  }
}
