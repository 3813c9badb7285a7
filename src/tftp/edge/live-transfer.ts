import type { Clock, Millis } from '../../domain/clock.js'
import type { Blocks } from '../blocks.js'
import type { Terms } from '../options.js'
import { dataPacket, decodePacket, encodePacket } from '../packet.js'
import {
  newTransfer,
  stepTransfer,
  type TransferEnd,
  type TransferInput,
  type TransferOutput,
  type TransferState,
} from '../transfer.js'
import type { ClientPort } from './transfer-socket.js'

/** Blocks, and for those that come from disk how to read on and to let go of the file. */
export interface ReadableBlocks extends Blocks {
  fill?(): Promise<void> | undefined
  close?(): Promise<void>
}

export interface LiveTransferOptions {
  port: ClientPort
  terms: Terms
  blocks: ReadableBlocks
  clock: Clock
  /** The client has answered: its address is not forged. Called once at most. */
  onProved?: () => void
  /** Called once, when nothing will be sent or awaited any more. `bytes` are those the client acknowledged. */
  onEnd: (end: TransferEnd, bytes: number) => void
}

/** No phone restarts and asks again in less than this. */
const SILENCE_MS = 2_000

/** One transfer on its port: carries out what the state machine of `transfer.ts` says. */
export class LiveTransfer {
  readonly #options: LiveTransferOptions
  #state: TransferState
  #progressAt: Millis = 0
  #timer: { due: Millis; cancel: () => void } | undefined

  constructor(options: LiveTransferOptions) {
    this.#options = options
    this.#state = newTransfer(options.terms)
    options.port.receive = (data) => this.#onPacket(data)
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

  #onPacket(data: Uint8Array): void {
    const packet = decodePacket(data)
    if (packet) this.#input({ kind: 'packet', packet })
  }

  #input(input: TransferInput): void {
    const before = this.#state
    const { clock, blocks, onProved } = this.#options
    const { state, outputs } = stepTransfer(before, input, clock.now())
    this.#state = state
    const isFurther = state.acked > before.acked
    if (isFurther || state.phase !== before.phase) this.#progressAt = clock.now()
    if (before.phase === 'offered' && (isFurther || state.phase === 'sending')) onProved?.()
    for (const output of outputs) this.#carryOut(output)
    if (isFurther) blocks.release(state.acked)
    this.#setTimer()
    if (isFurther) this.#readOn()
  }

  #carryOut(output: TransferOutput): void {
    const { port, terms, blocks } = this.#options
    switch (output.kind) {
      case 'send-option-ack':
        return port.send(encodePacket({ kind: 'option-ack', options: terms.acknowledged }))
      case 'send-block':
        return port.send(dataPacket(output.block, blocks.block(output.block)))
      case 'send-error':
        return port.send(encodePacket({ kind: 'error', code: output.code, message: output.message }))
      case 'finished':
        return this.#end(output.end)
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
    const { blocks, terms, onEnd } = this.#options
    const { acked, available, complete } = this.#state
    const isWhole = complete && acked > 0 && acked === available
    // Every block but the last of the file is of full length.
    const bytes = isWhole ? (acked - 1) * terms.blockSize + blocks.block(acked).length : acked * terms.blockSize
    blocks.close?.().catch(() => undefined)
    onEnd(end, bytes)
  }
}
