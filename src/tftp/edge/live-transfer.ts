import type { SocketAsPromised } from 'dgram-as-promised'
import type { Clock, Millis } from '../../domain/clock.js'
import type { Endpoint } from '../../network/udp.js'
import type { Blocks } from '../blocks.js'
import type { Terms } from '../options.js'
import { dataHeader, decodePacket, encodePacket, TFTP_ERROR, type Packet } from '../packet.js'
import {
  newTransfer,
  stepTransfer,
  type TransferEnd,
  type TransferInput,
  type TransferOutput,
  type TransferState,
} from '../transfer.js'

/** Blocks, and for those that come from disk how to read on and to let go of the file. */
export interface ReadableBlocks extends Blocks {
  fill?(): Promise<void> | undefined
  close?(): Promise<void>
}

export interface LiveTransferOptions {
  socket: SocketAsPromised
  client: Endpoint
  terms: Terms
  blocks: ReadableBlocks
  clock: Clock
  /** Called once, when nothing will be sent or awaited any more. `bytes` are those the client acknowledged. */
  onEnd: (end: TransferEnd, bytes: number) => void
}

/** No phone restarts and asks again in less than this. */
const SILENCE_MS = 2_000

/** One transfer on its own socket: carries out what the state machine of `transfer.ts` says. */
export class LiveTransfer {
  readonly #options: LiveTransferOptions
  #state: TransferState
  #bytes = 0
  #progressAt: Millis = 0
  #timer: { due: Millis; cancel: () => void } | undefined

  constructor(options: LiveTransferOptions) {
    this.#options = options
    this.#state = newTransfer(options.terms)
    options.socket.socket.on('message', (data, from) => this.#onMessage(data, from))
  }

  /** True before the first answer of the client, and while its last one is not long ago: it wants this transfer. */
  get isAwaited(): boolean {
    return this.#state.phase === 'offered' || this.#options.clock.now() - this.#progressAt < SILENCE_MS
  }

  start(): void {
    this.#input({ kind: 'start' })
    this.#offerBlocks()
    this.#readOn()
  }

  /** Ends the transfer from this side; the client is told. */
  stop(): void {
    this.#input({ kind: 'fail', reason: 'stopped' })
  }

  #onMessage(data: Uint8Array, from: Endpoint): void {
    const packet = decodePacket(data)
    const { client } = this.#options
    // Node throws for port 0; an error is never answered with an error.
    if (!packet || from.port === 0) return
    if (from.address === client.address && from.port === client.port) this.#input({ kind: 'packet', packet })
    else if (packet.kind !== 'error') this.#refuseStranger(from)
  }

  /** RFC 1350 §4: a packet from another port is answered with error 5 and disturbs nothing. */
  #refuseStranger(stranger: Endpoint): void {
    const error: Packet = { kind: 'error', code: TFTP_ERROR.unknownTransferId, message: 'Unknown transfer ID' }
    this.#send(encodePacket(error), stranger)
  }

  #input(input: TransferInput): void {
    const before = this.#state
    const { clock, blocks } = this.#options
    const { state, outputs } = stepTransfer(before, input, clock.now())
    this.#state = state
    if (state.acked > before.acked || state.phase !== before.phase) this.#progressAt = clock.now()
    for (let block = before.acked + 1; block <= state.acked; block += 1) this.#bytes += blocks.block(block).length
    if (state.acked > before.acked) blocks.release(state.acked)
    for (const output of outputs) this.#carryOut(output)
    this.#setTimer()
    if (state.acked > before.acked) this.#readOn()
  }

  #carryOut(output: TransferOutput): void {
    const { terms, blocks, client } = this.#options
    switch (output.kind) {
      case 'send-option-ack':
        return this.#send(encodePacket({ kind: 'option-ack', options: terms.acknowledged }), client)
      case 'send-block':
        return this.#send([dataHeader(output.block), blocks.block(output.block)], client)
      case 'send-error':
        return this.#send(encodePacket({ kind: 'error', code: output.code, message: output.message }), client)
      case 'finished':
        return this.#end(output.end)
    }
  }

  #send(data: Uint8Array | readonly Uint8Array[], to: Endpoint): void {
    try {
      // A packet that cannot be sent is a lost packet: the state machine resends or gives up.
      this.#options.socket.socket.send(data, to.port, to.address, () => undefined)
    } catch {
      return
    }
  }

  /** Keeps at most one timer, and lets it run into a deadline that has moved on rather than set one per packet. */
  #setTimer(): void {
    const { deadline } = this.#state
    if (deadline === undefined || (this.#timer && this.#timer.due <= deadline)) return
    this.#timer?.cancel()
    const { clock } = this.#options
    const cancel = clock.after(Math.max(0, deadline - clock.now()), () => {
      this.#timer = undefined
      this.#input({ kind: 'tick' })
    })
    this.#timer = { due: deadline, cancel }
  }

  #readOn(): void {
    if (this.#state.phase === 'finished') return
    this.#options.blocks.fill?.()?.then(
      () => {
        this.#offerBlocks()
        this.#readOn()
      },
      () => this.#input({ kind: 'fail', reason: 'unreadable' }),
    )
  }

  #offerBlocks(): void {
    const { available, complete } = this.#options.blocks
    this.#input({ kind: 'available', blocks: available, complete })
  }

  #end(end: TransferEnd): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#options.blocks.close?.().catch(() => undefined)
    this.#options.onEnd(end, this.#bytes)
  }
}
