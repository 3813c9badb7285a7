import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { blocksOfBytes } from '../../src/tftp/blocks.js'
import { agreeOnTerms } from '../../src/tftp/options.js'
import { decodePacket, encodePacket, type Packet } from '../../src/tftp/packet.js'
import { newReceiver, stepReceiver, type ReceiverEnd, type ReceiverInput } from '../../src/tftp/receiver.js'
import { newTransfer, stepTransfer, type TransferEnd, type TransferInput } from '../../src/tftp/transfer.js'
import { FakeClock } from '../support/fake-clock.js'
import { seededRandom } from '../support/seeded-random.js'

/** What happens to one packet. `late` is overtaken by the packets that follow it. */
type Fate = 'pass' | 'drop' | 'twice' | 'late' | 'very late'
const DELAYS_MS: Record<Fate, readonly number[]> = {
  pass: [1],
  drop: [],
  twice: [1, 3],
  late: [7],
  'very late': [1, 1500],
}

interface Outcome {
  received: Buffer
  receiver: ReceiverEnd | undefined
  sender: TransferEnd | undefined
  packets: number
  pendingTimers: number
}

/** Both state machines over a link that treats its n-th packet as `fates[n]`, and passes everything after that. */
class Link {
  readonly clock = new FakeClock(0)
  readonly #fates: readonly Fate[]
  #packets = 0
  #sender
  #receiver
  #senderTimer: (() => void) | undefined
  #receiverTimer: (() => void) | undefined
  readonly #blocks
  readonly #pieces: Uint8Array[] = []
  #ends: { sender?: TransferEnd; receiver?: ReceiverEnd } = {}
  #started = false

  constructor(file: Uint8Array, fates: readonly Fate[], wanted: { blockSize?: number; windowSize?: number }) {
    this.#fates = fates
    this.#receiver = newReceiver('file', wanted)
    const terms = agreeOnTerms(this.#receiver.options, file.length)
    this.#sender = newTransfer(terms)
    this.#blocks = blocksOfBytes(file, terms.blockSize)
  }

  run(): Outcome {
    this.#toReceiver({ kind: 'start' })
    this.clock.advance(10 * 60_000)
    return {
      received: Buffer.concat(this.#pieces),
      receiver: this.#ends.receiver,
      sender: this.#ends.sender,
      packets: this.#packets,
      pendingTimers: this.clock.pending,
    }
  }

  /** Carries a packet as bytes, so that what is tested is what a wire would do. */
  #carry(packet: Packet, arrive: (packet: Packet) => void): void {
    const fate = this.#fates[this.#packets] ?? 'pass'
    this.#packets += 1
    const wire = encodePacket(packet)
    for (const delay of DELAYS_MS[fate]) {
      this.clock.after(delay, () => {
        const arrived = decodePacket(wire)
        if (arrived) arrive(arrived)
      })
    }
  }

  #atServer(packet: Packet): void {
    if (packet.kind !== 'read') return this.#toSender({ kind: 'packet', packet })
    if (this.#started) return
    this.#started = true
    this.#toSender({ kind: 'available', blocks: this.#blocks.available, complete: true })
    this.#toSender({ kind: 'start' })
  }

  #toSender(input: TransferInput): void {
    const { state, outputs } = stepTransfer(this.#sender, input, this.clock.now())
    this.#sender = state
    const arrive = (packet: Packet): void => this.#toReceiver({ kind: 'packet', packet })
    for (const output of outputs) {
      switch (output.kind) {
        case 'send-option-ack':
          this.#carry({ kind: 'option-ack', options: state.terms.acknowledged }, arrive)
          break
        case 'send-block':
          this.#carry({ kind: 'data', block: output.block & 0xffff, data: this.#blocks.block(output.block) }, arrive)
          break
        case 'send-error':
          this.#carry({ kind: 'error', code: output.code, message: output.message }, arrive)
          break
        case 'finished':
          this.#ends.sender = output.end
      }
    }
    this.#senderTimer?.()
    this.#senderTimer = this.#timer(state.deadline, () => this.#toSender({ kind: 'tick' }))
  }

  #toReceiver(input: ReceiverInput): void {
    const { state, outputs } = stepReceiver(this.#receiver, input, this.clock.now())
    this.#receiver = state
    for (const output of outputs) {
      if (output.kind === 'send') this.#carry(output.packet, (packet) => this.#atServer(packet))
      else if (output.kind === 'deliver') this.#pieces.push(output.data)
      else this.#ends.receiver = output.end
    }
    this.#receiverTimer?.()
    this.#receiverTimer = this.#timer(state.deadline, () => this.#toReceiver({ kind: 'tick' }))
  }

  #timer(deadline: number | undefined, run: () => void): (() => void) | undefined {
    return deadline === undefined ? undefined : this.clock.after(Math.max(0, deadline - this.clock.now()), run)
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const file = fc.uint8Array({ maxLength: 600 })
const blockSize = fc.constantFrom(8, 16, 100, 512)
const windowSize = fc.constantFrom(1, 2, 3, 4, 16)
const wanted = fc.oneof(fc.constant({}), fc.record({ blockSize, windowSize }))
const harmless: Fate[] = ['pass', 'twice', 'late', 'very late']

describe('TFTP over a bad link', () => {
  test('three lost packets, and any number doubled or reordered, deliver the same bytes', () => {
    const fates = fc
      .tuple(
        fc.array(fc.constantFrom(...harmless), { maxLength: 200 }),
        fc.array(fc.nat({ max: 200 }), { maxLength: 3 }),
      )
      .map(([others, drops]) => {
        const all = others.slice()
        for (const at of drops) if (at < all.length) all[at] = 'drop'
        return all
      })
    fc.assert(
      fc.property(file, fates, wanted, (bytes, link, options) => {
        const outcome = new Link(bytes, link, options).run()
        expect(outcome.receiver).toEqual({ kind: 'received' })
        expect(outcome.received.equals(bytes)).toBe(true)
        expect(outcome.pendingTimers).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('whatever is lost, nobody is handed wrong bytes, both sides end and no timer is left', () => {
    const fates = fc.array(fc.constantFrom<Fate>('pass', 'pass', 'drop', 'twice', 'late', 'very late'), {
      maxLength: 400,
    })
    fc.assert(
      fc.property(file, fates, wanted, (bytes, link, options) => {
        const outcome = new Link(bytes, link, options).run()
        expect(outcome.received.equals(bytes.subarray(0, outcome.received.length))).toBe(true)
        if (outcome.receiver?.kind === 'received') expect(outcome.received).toHaveLength(bytes.length)
        if (outcome.sender === 'delivered') expect(outcome.receiver).toEqual({ kind: 'received' })
        expect(outcome.receiver).toBeDefined()
        expect(outcome.pendingTimers).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    [5, 1],
    [30, 4],
  ])(
    '%i %% lost each way, 5 %% doubled, 5 %% overtaken: 100 phones get their file once, asked %i times at most',
    (lost, asks) => {
      const random = seededRandom(lost)
      const fates = (): Fate[] =>
        Array.from(random.bytes(500), (byte) => {
          const chance = (byte / 256) * 100
          return chance < lost ? 'drop' : chance < lost + 5 ? 'twice' : chance < lost + 10 ? 'late' : 'pass'
        })
      for (let phone = 0; phone < 100; phone += 1) {
        const bytes = Buffer.alloc(6000 + phone, random.bytes(97))
        let outcome = new Link(bytes, fates(), {}).run()
        for (let asked = 1; asked < asks && outcome.receiver?.kind !== 'received'; asked += 1) {
          outcome = new Link(bytes, fates(), {}).run()
        }
        expect(outcome.receiver).toEqual({ kind: 'received' })
        expect(sha256(outcome.received)).toBe(sha256(bytes))
        expect(outcome.pendingTimers).toBe(0)
      }
    },
  )

  test('[RFC1123-4.2.3.1] a link that doubles every packet costs no more than twice the packets', () => {
    const bytes = new Uint8Array(512 * 100)
    const clean = new Link(bytes, [], {}).run()
    const doubled = new Link(bytes, Array<Fate>(5000).fill('twice'), {}).run()
    expect(doubled.receiver).toEqual({ kind: 'received' })
    // The receiver repeats its ACK for a block seen twice; the sender's blocks stay one each.
    expect(doubled.packets).toBeLessThanOrEqual(clean.packets * 1.6)
  })

  test('a dead link ends both sides', () => {
    const outcome = new Link(new Uint8Array(5000), Array<Fate>(500).fill('drop'), {}).run()
    expect(outcome.receiver).toEqual({ kind: 'timeout' })
    expect(outcome.pendingTimers).toBe(0)
  })

  test('a file past block 65,535 arrives whole', () => {
    const bytes = Uint8Array.from({ length: 8 * 65_600 + 3 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)
    const outcome = new Link(bytes, [], { blockSize: 8, windowSize: 16 }).run()
    expect(outcome.sender).toBe('delivered')
    expect(outcome.received.equals(bytes)).toBe(true)
  })
})
