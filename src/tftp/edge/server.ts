import { performance } from 'node:perf_hooks'
import type { Clock } from '../../domain/clock.js'
import { steadyClock } from '../../domain/edge/system-clock.js'
import { AppError } from '../../domain/errors.js'
import { formatEndpoint, type Bind } from '../../network/address.js'
import { openUdpListeners } from '../../network/edge/udp-listeners.js'
import type { Datagram, Endpoint, UdpListeners } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import { Admission, type AdmissionLimits, type Admitted } from '../admission.js'
import { blocksOfBytes } from '../blocks.js'
import type { TftpContent, TftpFinished, TftpHandler } from '../handler.js'
import { toNetascii } from '../netascii.js'
import { agreeOnTerms, type Terms } from '../options.js'
import { decodePacket, encodePacket, TFTP_ERROR, type RequestPacket } from '../packet.js'
import type { TransferEnd } from '../transfer.js'
import { FileBlocks } from './file-blocks.js'
import { LiveTransfer, type ReadableBlocks } from './live-transfer.js'
import { OverloadNotice } from './overload-notice.js'
import { TransferPorts, type PortRange } from './transfer-ports.js'

/** A morning power-up is a burst of requests: what the kernel cannot hold is lost (docs/operations). */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
/** Larger blocks are worth forging ACKs for: such transfers have a port of their own. */
const MAX_SHARED_BLOCK_BYTES = 1468
/** How long transfers may go on after `stop`, in milliseconds. */
const STOP_GRACE_MS = 5_000

export interface TftpServerOptions {
  /** 0 = any free port. */
  port: number
  /** Taken instead when `port` is forbidden to this user; left out: that is an error. */
  fallbackPort?: number
  bind: Bind
  handle: TftpHandler
  /** Ports for the transfers; left out: any free one. */
  transferPorts?: PortRange
  /** Live transfers at once (defaults: `DEFAULT_LIMITS`). A request over a limit goes unanswered. */
  limits?: Partial<AdmissionLimits>
  /** Addresses and networks without a limit of their own. */
  isUnlimited?: (address: string) => boolean
  /** Asked before a request is read; a request of an address that may not be answered is dropped. */
  mayAnswer?: (address: string) => boolean
  /** Of differences only, so it should be one that nobody sets (default: `steadyClock`). */
  clock?: Clock
  log: Log
}

export interface TftpServer {
  readonly port: number
  readonly receiveBufferBytes: number
  addresses(): readonly string[]
  /** Requests that are being answered now. */
  readonly liveTransfers: number
  /** Takes no more requests, lets transfers go on for a while (5 s), then ends them with error 0. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Starts the TFTP server. RFC 1350, 2347, 2348, 2349, 7440.
 * @throws AppError PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID
 */
export async function openTftpServer(options: TftpServerOptions): Promise<TftpServer> {
  const listeners = await openListeners(options)
  const { port, receiveBufferBytes } = listeners
  const fields = { port, addresses: listeners.addresses(), receiveBufferBytes }
  if (receiveBufferBytes >= RECEIVE_BUFFER_BYTES) options.log.info(fields, 'TFTP listens')
  else {
    const message = 'TFTP listens with a small receive buffer: many phones at once may have to ask twice'
    options.log.warn({ ...fields, hint: `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}` }, message)
  }
  return new Server(listeners, options)
}

async function openListeners(options: TftpServerOptions): Promise<UdpListeners> {
  const { port, fallbackPort, bind, log } = options
  const clock = options.clock ?? steadyClock
  const common = { bind, log, clock, receiveBufferBytes: RECEIVE_BUFFER_BYTES }
  try {
    return await openUdpListeners({ ...common, port })
  } catch (error) {
    if (fallbackPort === undefined || !(error instanceof AppError) || error.code !== 'PORT_FORBIDDEN') throw error
    log.warn({ port, fallbackPort }, `TFTP port ${port} is not permitted to this user: listening on ${fallbackPort}`)
    return openUdpListeners({ ...common, port: fallbackPort })
  }
}

/** One request from its arrival to its end. */
interface Live {
  readonly key: string
  readonly client: Endpoint
  readonly local: Endpoint
  readonly datagram: Uint8Array
  readonly admitted: Admitted
  /** Of `performance.now()`: only differences count. */
  readonly startedAt: number
  transfer?: LiveTransfer
  ended: boolean
}

class Server implements TftpServer {
  readonly #listeners: UdpListeners
  readonly #options: TftpServerOptions
  readonly #clock: Clock
  readonly #ports: TransferPorts
  readonly #isUnlimited: (address: string) => boolean
  readonly #live = new Set<Live>()
  /** The last request by client address and port and local address. */
  readonly #latest = new Map<string, Live>()
  readonly #admission: Admission
  readonly #overload: OverloadNotice
  #stopping = false
  #stopped = false
  #onIdle: () => void = () => undefined

  constructor(listeners: UdpListeners, options: TftpServerOptions) {
    this.#listeners = listeners
    this.#options = options
    this.#clock = options.clock ?? steadyClock
    this.#isUnlimited = options.isUnlimited ?? (() => false)
    const { transferPorts: range, log } = options
    this.#ports = new TransferPorts({ range, clock: this.#clock, present: () => listeners.addresses() })
    this.#admission = new Admission(options.limits)
    this.#overload = new OverloadNotice(this.#clock, log)
    listeners.onDatagram((datagram) => this.#onDatagram(datagram))
  }

  get port(): number {
    return this.#listeners.port
  }

  get receiveBufferBytes(): number {
    return this.#listeners.receiveBufferBytes
  }

  get liveTransfers(): number {
    return this.#live.size
  }

  addresses(): readonly string[] {
    return this.#listeners.addresses()
  }

  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    this.#stopping = true
    await this.#listeners.close()
    if (this.#live.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(graceMs, resolve)
        this.#onIdle = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#stopped = true
    for (const { transfer } of [...this.#live]) transfer?.stop()
    await this.#ports.close()
  }

  #onDatagram({ data, remote, local }: Datagram): void {
    if (this.#stopping || !looksLikeRequest(data) || this.#options.mayAnswer?.(remote.address) === false) return
    const key = `${remote.address} ${remote.port} ${local.address}`
    const latest = this.#latest.get(key)
    // A resend or a late duplicate of a request that is being answered. After a silence it may also be a phone that
    // restarted: it is answered again, and the first transfer goes on beside it, for only the client knows which of
    // the two it wants; the other it ends with error 5.
    if (latest && (latest.transfer?.isAwaited ?? true) && Buffer.compare(latest.datagram, data) === 0) return
    // Unanswered, not refused: a phone asks again in a moment, and gives up on an error.
    const refusal = this.#admission.refusalOf(remote.address, this.#isUnlimited)
    if (refusal !== undefined) return this.#overload.tell(refusal, remote.address)
    const packet = decodePacket(data)
    if (packet?.kind !== 'read' && packet?.kind !== 'write') return
    const admitted = this.#admission.begin(remote.address)
    const startedAt = performance.now()
    const live = { key, client: remote, local, datagram: data, admitted, startedAt, ended: false }
    this.#live.add(live)
    this.#latest.set(key, live)
    void this.#answer(live, packet)
  }

  /** Never rejects. */
  async #answer(live: Live, packet: RequestPacket): Promise<void> {
    const { client, local } = live
    const content = await this.#content(packet, client, local)
    if (content.kind === 'error') {
      this.#refuse(live, content.code, content.message)
      return this.#end(live, content, 'error', 0)
    }
    try {
      await this.#transfer(live, packet, content)
    } catch (error) {
      this.#options.log.warn({ err: error, peer: formatEndpoint(client), path: packet.fileName }, 'no TFTP transfer')
      this.#refuse(live, TFTP_ERROR.notDefined, 'Not available now')
      this.#end(live, content, 'unreadable', 0)
    }
  }

  /** Asks the handler; what RFC 1350 itself refuses is refused whatever the handler says. */
  async #content(packet: RequestPacket, peer: Endpoint, local: Endpoint): Promise<TftpContent> {
    const { kind: operation, fileName: path, mode } = packet
    if (mode !== 'octet' && mode !== 'netascii') {
      return { kind: 'error', code: TFTP_ERROR.illegalOperation, message: 'Mode is not supported' }
    }
    try {
      const content = await this.#options.handle({ operation, path, mode, peer, local })
      if (operation === 'read') return content
      const refusal = { kind: 'error', code: TFTP_ERROR.accessViolation, message: 'Uploads are refused' } as const
      return { ...refusal, ...(content.onFinished && { onFinished: content.onFinished }) }
    } catch (error) {
      this.#options.log.error({ err: error, peer: formatEndpoint(peer) }, 'a TFTP request failed')
      return { kind: 'error', code: TFTP_ERROR.notDefined, message: 'Internal error' }
    }
  }

  async #transfer(live: Live, packet: RequestPacket, content: Exclude<TftpContent, { kind: 'error' }>): Promise<void> {
    const { client, local } = live
    const { terms, blocks } = await prepare(packet, content)
    const alone = terms.windowSize > 1 || terms.blockSize > MAX_SHARED_BLOCK_BYTES
    const port = await this.#ports.open(local.address, client, alone).catch(async (error: unknown) => {
      await blocks.close?.()
      throw error
    })
    const onEnd = (end: TransferEnd, bytes: number): void => {
      port.release()
      this.#end(live, content, end, bytes)
    }
    const onProved = (): void => this.#admission.prove(live.admitted)
    live.transfer = new LiveTransfer({ port, terms, blocks, clock: this.#clock, onProved, onEnd })
    if (this.#stopped) live.transfer.stop()
    else live.transfer.start()
  }

  /** Errors leave from the server's own port: a stranger's question costs no socket and no state. */
  #refuse({ client, local }: Live, code: number, message: string): void {
    this.#listeners.send(encodePacket({ kind: 'error', code, message }), client, local.address)
  }

  #end(live: Live, content: TftpContent, end: TftpFinished['end'], bytes: number): void {
    if (live.ended) return
    live.ended = true
    this.#live.delete(live)
    if (this.#latest.get(live.key) === live) this.#latest.delete(live.key)
    this.#admission.end(live.admitted)
    const micros = Math.round((performance.now() - live.startedAt) * 1000)
    try {
      content.onFinished?.({ ok: end === 'delivered', bytes, micros, end })
    } catch (error) {
      this.#options.log.error({ err: error, peer: formatEndpoint(live.client) }, 'the end of a transfer was not noted')
    }
    if (this.#live.size === 0) this.#onIdle()
  }
}

function looksLikeRequest(data: Uint8Array): boolean {
  return data[0] === 0 && (data[1] === 1 || data[1] === 2)
}

async function prepare(
  { mode, options }: RequestPacket,
  content: Exclude<TftpContent, { kind: 'error' }>,
): Promise<{ terms: Terms; blocks: ReadableBlocks }> {
  const netascii = mode === 'netascii'
  if (content.kind === 'bytes') {
    const bytes = netascii ? toNetascii(content.bytes) : content.bytes
    const terms = agreeOnTerms(options, bytes.length)
    return { terms, blocks: blocksOfBytes(bytes, terms.blockSize) }
  }
  const terms = agreeOnTerms(options, netascii ? undefined : content.sizeBytes)
  const blocks = await FileBlocks.open({ ...content, terms, ...(netascii && { convert: toNetascii }) })
  return { terms, blocks }
}
