import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, Millis } from '../../domain/clock.js'
import { announcedLastModified, decideConditions } from '../conditional.js'
import type { Provisioning, ProvisioningRequest } from '../delivery.js'
import { isForPeople } from '../people-paths.js'
import { LONGEST_PLAIN_HEAD, readPlainGet, type PlainGet } from '../plain-get.js'
import { bytesHeaders, headText, httpDate, textAnswer, type BytesDelivery } from './http-answer.js'
import type { HttpGuard } from './http-guard.js'
import { connectionOf, pathOf, type Connection } from './http-request.js'
import { TurnAnswers } from './turn-answers.js'

/** Answers that wait for the client to take them, in bytes, before no more is read from it. */
const MOST_UNSENT_BYTES = 64 * 1024

export interface PlainGetsOptions {
  /** A delivery that node:http is to send is not finished, but asked for once more by it. */
  provisioning: Provisioning
  guard?: HttpGuard | undefined
  /** As node:http has them, in milliseconds: after an answer, with nothing moving, and how often that is looked at. */
  keepAliveMs: number
  idleMs: number
  checkMs: number
  requestsPerConnection: number
  clock: Clock
}

/**
 * Stands between a server and node:http's reader of connections, and answers the one request that phones send all the
 * time (see readPlainGet) from the same pipeline with the same bytes, at a third of the cost. Everything else, and whoever is
 * slow, is handed to node:http together with what was read, and stays there: so every limit against hostile clients
 * stands once, in node:http (decision 15).
 */
export class PlainGets {
  readonly #connections = new Set<PlainConnection>()
  readonly #answers = new TurnAnswers()
  readonly #written: AnswerBytes
  #cancelCheck: (() => void) | undefined
  #stopping = false

  constructor(private readonly options: PlainGetsOptions) {
    this.#written = new AnswerBytes(options, this.#answers)
  }

  /** Takes the place of node:http's own listener, which is the first one of `event`, but comes last of those there are. */
  standBefore(server: Server, event: 'connection' | 'secureConnection'): void {
    const [own] = server.listeners(event) as ((socket: Socket) => void)[]
    if (!own) throw new Error(`${event}: node:http does not listen`)
    server.off(event, own)
    server.on(event, (socket: Socket) => this.#take(socket, (taken) => Reflect.apply(own, server, [taken])))
  }

  /** From now on node:http answers everything, as it knows how to end connections. */
  stop(): void {
    this.#stopping = true
    this.#cancelCheck?.()
  }

  /** Ends connections on which no answer is on its way. */
  closeIdle(): void {
    this.#answers.flush()
    for (const { socket } of this.#connections) if (socket.writableLength === 0) socket.destroy()
  }

  closeAll(): void {
    for (const { socket } of this.#connections) socket.destroy()
  }

  #take(socket: Socket, handOver: (socket: Socket) => void): void {
    if (socket.destroyed) return
    const connection: PlainConnection = new PlainConnection(
      socket,
      this.#answers,
      (head) => !this.#stopping && answer(this.options, this.#written, connection, head),
      handOver,
    )
    this.#connections.add(connection)
    connection.onLeave = () => this.#connections.delete(connection)
    this.#cancelCheck ??= this.options.clock.after(this.options.checkMs, () => this.#check())
  }

  #check(): void {
    this.#cancelCheck = undefined
    const now = performance.now()
    const { keepAliveMs, idleMs, checkMs } = this.options
    for (const connection of this.#connections) {
      const { socket, answered, movedAt } = connection
      const still = now - movedAt
      // Who has hung up is not waited for: over TLS nobody may ever tell that the answer cannot leave.
      const hasHungUp = socket.readableEnded
      if (answered > 0 || hasHungUp) {
        if (still > (socket.writableLength > 0 && !hasHungUp ? idleMs : keepAliveMs)) socket.destroy()
      } else if (still >= checkMs / 2) connection.leave()
    }
    if (this.#connections.size > 0 && !this.#stopping) {
      this.#cancelCheck = this.options.clock.after(checkMs, () => this.#check())
    }
  }
}

interface Sending {
  data: Buffer
  keepAlive: boolean
  /** Called when the answer is out, or cannot go out any more. */
  done: (isOut: boolean) => void
}

/** A connection on which nothing but plain GETs has come yet. */
class PlainConnection {
  /** When something was read or written last, by the clock of this process. */
  movedAt = performance.now()
  answered = 0
  onLeave = (): void => undefined
  /** Most have one request at a time. */
  readonly #waiting: Sending[] = []

  /** @param answer gives false when it is not for us to answer */
  constructor(
    readonly socket: Socket,
    private readonly answers: TurnAnswers,
    private readonly answer: (head: string) => boolean,
    private readonly handOver: (socket: Socket) => void,
  ) {
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', ignore)
    socket.on('close', this.#onClose)
  }

  /** Gives the connection to node:http, with what was read and not answered. */
  leave(unread?: Buffer): void {
    const { socket } = this
    this.answers.flush()
    this.onLeave()
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', ignore)
    socket.off('close', this.#onClose)
    if (unread) socket.unshift(unread)
    this.handOver(socket)
  }

  /** At the end of this turn. */
  send(sending: Sending): void {
    this.#waiting.push(sending)
    this.answers.add(this)
  }

  sendWaiting(): boolean {
    for (const sending of this.#waiting) this.#sendNow(sending)
    this.#waiting.length = 0
    return this.socket.writableLength === 0
  }

  #sendNow({ data, keepAlive, done }: Sending): void {
    const { socket } = this
    socket.write(data, (error) => {
      this.movedAt = performance.now()
      if (socket.isPaused() && socket.writableLength === 0) socket.resume()
      // A connection that broke while reading ends what was to be written without an error of its own.
      done(!error && !socket.destroyed)
    })
    if (!keepAlive) socket.destroySoon()
    // Who does not take his answers is not read from.
    else if (socket.writableLength > MOST_UNSENT_BYTES) socket.pause()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.movedAt = performance.now()
    const { length } = chunk
    const isWhole =
      length <= LONGEST_PLAIN_HEAD && chunk[length - 1] === 10 && chunk[length - 2] === 13 && chunk[length - 3] === 10
    if (!isWhole || !this.answer(chunk.toString('latin1'))) this.leave(chunk)
  }

  readonly #onEnd = (): void => {
    this.answers.flush()
    this.socket.end()
  }

  readonly #onClose = (): void => this.onLeave()
}

/** What follows is 'close', and whatever was on its way is told as failed. */
function ignore(): void {}

/** @returns false when node:http is to answer; nothing was sent then */
function answer(
  { provisioning, guard, clock, requestsPerConnection }: PlainGetsOptions,
  written: AnswerBytes,
  connection: PlainConnection,
  head: string,
): boolean {
  const started = performance.now()
  const get = readPlainGet(head)
  const peer = get && connectionOf(connection.socket)
  if (!peer || isForPeople(get.target) || guard?.refuses(peer.remoteAddress)) return false
  const now = clock.now()
  const { delivery, finish } = provisioning.deliver(questionOf(get, peer, now))
  if (delivery.kind !== 'bytes' && delivery.kind !== 'absent') return false
  connection.answered += 1
  const keepAlive = get.keepAlive && connection.answered < requestsPerConnection
  const reply = delivery.kind === 'absent' ? written.absent : written.ofFile(delivery, get, now)
  const data = written.whole(reply, now, keepAlive, peer.transport === 'http')
  const done = (isOut: boolean): void => {
    const micros = Math.round((performance.now() - started) * 1000)
    const { status, body } = reply
    if (!isOut) finish({ status, bytes: body.length, micros, outcome: 'failed' })
    else if (status === 304) finish({ status, bytes: 0, micros, outcome: 'not-modified' })
    else finish({ status, bytes: body.length, micros })
  }
  connection.send({ data, keepAlive, done })
  return true
}

function questionOf(
  { target, userAgent }: PlainGet,
  { transport, remoteAddress, localAddress, localPort }: Connection,
  receivedAt: Millis,
): ProvisioningRequest {
  const question: ProvisioningRequest = {
    transport,
    operation: 'read',
    path: pathOf(target),
    peerAddress: remoteAddress,
    peerAddressProven: true,
    localAddress,
    localPort,
    receivedAt,
  }
  if (userAgent !== undefined) question.userAgent = userAgent
  return question
}

/** An answer but for the headers that differ from second to second. */
interface Reply {
  status: number
  head: Uint8Array
  body: Uint8Array
}

const NO_BODY = new Uint8Array()

/** Writes answers out as node:http does. */
class AnswerBytes {
  readonly absent: Reply
  readonly #kept: string
  #second = -1
  /** What ends a head within this second. */
  #ends = { kept: NO_BODY, closed: NO_BODY }

  constructor(
    { keepAliveMs, requestsPerConnection }: PlainGetsOptions,
    private readonly answers: TurnAnswers,
  ) {
    const { text, headers } = textAnswer(404)
    const head = Buffer.from(headText(404, Object.entries(headers).flat().map(String)))
    this.absent = { status: 404, head, body: Buffer.from(text) }
    const seconds = Math.floor(keepAliveMs / 1000)
    this.#kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}, max=${requestsPerConnection}\r\n\r\n`
  }

  ofFile(delivery: BytesDelivery, { conditions }: PlainGet, now: Millis): Reply {
    const { body, lastModified } = delivery
    const { unchangedHead, fullHead } = bytesHeaders(delivery, announcedLastModified(lastModified, now))
    // Of what may stand in a plain GET, nothing leads to a third answer.
    return decideConditions(conditions, delivery, now, undefined).status === 304
      ? { status: 304, head: unchangedHead, body: NO_BODY }
      : { status: 200, head: fullHead, body }
  }

  /** @param mayReuse the socket needs the memory only until it is written */
  whole({ head, body }: Reply, now: Millis, keepAlive: boolean, mayReuse: boolean): Buffer {
    const { kept, closed } = this.#endsAt(now)
    const end = keepAlive ? kept : closed
    const bodyAt = head.length + end.length
    const length = bodyAt + body.length
    const memory = mayReuse ? this.answers.memory(length) : Buffer.allocUnsafe(length)
    memory.set(head)
    memory.set(end, head.length)
    memory.set(body, bodyAt)
    return memory
  }

  #endsAt(now: Millis): { kept: Uint8Array; closed: Uint8Array } {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      const date = `Date: ${httpDate(now)}\r\n`
      this.#ends = { kept: Buffer.from(date + this.#kept), closed: Buffer.from(`${date}Connection: close\r\n\r\n`) }
    }
    return this.#ends
  }
}
