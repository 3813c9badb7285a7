import { describe, expect, test } from '@jest/globals'
import { agreeOnTerms, type Terms } from '../../src/tftp/options.js'
import type { Packet } from '../../src/tftp/packet.js'
import {
  MAX_RESENDS_UNANSWERED,
  MIN_RESENDS,
  newTransfer,
  PATIENCE_MS,
  stepTransfer,
  type TransferInput,
  type TransferOutput,
  type TransferState,
} from '../../src/tftp/transfer.js'

/** A transfer of `blocks` blocks with its own little clock; every call returns what was sent, in short. */
class Rig {
  state: TransferState
  now = 0

  constructor(blocks: number, terms: Terms = agreeOnTerms([], 1), complete = true) {
    this.state = newTransfer(terms)
    this.step({ kind: 'available', blocks, complete })
  }

  step(input: TransferInput): string[] {
    const { state, outputs } = stepTransfer(this.state, input, this.now)
    this.state = state
    return outputs.map(short)
  }

  packet(packet: Packet): string[] {
    return this.step({ kind: 'packet', packet })
  }

  ack(block: number): string[] {
    return this.packet({ kind: 'ack', block })
  }

  /** Lets time run to the next deadline. Returns the milliseconds waited and what was sent. */
  wait(): [number, string[]] {
    const before = this.now
    this.now = this.state.deadline ?? NaN
    return [this.now - before, this.step({ kind: 'tick' })]
  }
}

function short(output: TransferOutput): string {
  switch (output.kind) {
    case 'send-block':
      return `#${output.block}`
    case 'send-option-ack':
      return 'oack'
    case 'send-error':
      return `error ${output.code}`
    case 'finished':
      return output.end
  }
}

/** Starts and returns what the very first packets were. Without options block 1 leaves as soon as it is there. */
function started(blocks: number, terms: Terms): { rig: Rig; first: string[] } {
  const rig = new Rig(0, terms, false)
  const first = rig.step({ kind: 'start' })
  first.push(...rig.step({ kind: 'available', blocks, complete: true }))
  return { rig, first }
}

const windowOf = (size: number): Terms => agreeOnTerms([['windowsize', String(size)]], undefined)

describe('TFTP transfer', () => {
  test('[RFC1350-2] blocks go out one by one, each after the ACK of the one before', () => {
    const { rig, first } = started(3, agreeOnTerms([], 1))
    expect(first).toEqual(['#1'])
    expect(rig.ack(1)).toEqual(['#2'])
    expect(rig.ack(2)).toEqual(['#3'])
    expect(rig.ack(3)).toEqual(['delivered'])
    expect(rig.state.deadline).toBeUndefined()
  })

  test('[RFC2347-2] with options nothing but the OACK leaves before ACK 0', () => {
    const { rig, first } = started(3, windowOf(2))
    expect(first).toEqual(['oack'])
    expect(rig.ack(1)).toEqual([])
    expect(rig.ack(0)).toEqual(['#1', '#2'])
    expect(rig.ack(0)).toEqual([])
  })

  test('[RFC1123-4.2.3.1] a duplicate ACK sends nothing, however often it comes', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    rig.ack(1)
    rig.ack(2)
    for (let times = 0; times < 20; times += 1) {
      expect(rig.ack(2)).toEqual([])
      expect(rig.ack(1)).toEqual([])
      expect(rig.ack(0)).toEqual([])
    }
    expect(rig.ack(3)).toEqual(['#4'])
  })

  test('an ACK of a block that was never sent is ignored', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    expect(rig.ack(2)).toEqual([])
    expect(rig.ack(65535)).toEqual([])
    expect(rig.ack(1)).toEqual(['#2'])
  })

  test('[RFC1123-4.2.3.2] resends back off by doubling, and progress starts them over', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    expect(rig.wait()).toEqual([1000, ['#1']])
    expect(rig.wait()).toEqual([2000, ['#1']])
    expect(rig.wait()).toEqual([4000, ['#1']])
    rig.ack(1)
    expect(rig.wait()).toEqual([1000, ['#2']])
    expect(rig.wait()).toEqual([2000, ['#2']])
  })

  test('[RFC1123-4.2.3.2] the wait adapts to the round trip, with a floor of 250 ms', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    rig.now += 100
    rig.ack(1)
    expect(rig.wait()).toEqual([400, ['#2']])
    const quick = started(9, agreeOnTerms([], 1)).rig
    quick.now += 1
    quick.ack(1)
    expect(quick.wait()).toEqual([250, ['#2']])
  })

  test('the ACK of a block that was sent twice measures nothing (Karn)', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    rig.wait()
    rig.now += 1
    rig.ack(1)
    expect(rig.state.roundTripMs).toBeUndefined()
    rig.now += 80
    rig.ack(2)
    expect(rig.state.roundTripMs).toBe(80)
  })

  test('[RFC2349-timeout] the wait that the client asked for is kept', () => {
    const { rig } = started(9, agreeOnTerms([['timeout', '10']], 1))
    expect(rig.wait()).toEqual([10_000, ['oack']])
    rig.ack(0)
    expect(rig.wait()).toEqual([10_000, ['#1']])
    expect(rig.wait()).toEqual([10_000, ['#1']])
  })

  test.each([
    ['an OACK', windowOf(8), 'oack'],
    ['one DATA packet', agreeOnTerms([], 1), '#1'],
  ])('an address that never answers gets %s four times, and no more', (_what, terms, packet) => {
    const { rig, first } = started(50, terms)
    const sent = [...first]
    while (rig.state.phase !== 'finished') sent.push(...rig.wait()[1])
    expect(sent).toEqual([...Array<string>(MAX_RESENDS_UNANSWERED + 1).fill(packet), 'timeout'])
    expect(rig.now).toBe(15_000)
  })

  test('a client that vanishes on the way is asked every 2 s at least, and given up after 24 s', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    rig.ack(1)
    const waits: number[] = []
    let sent: string[] = []
    while (rig.state.phase !== 'finished') {
      const [waited, outputs] = rig.wait()
      waits.push(waited)
      sent = [...sent, ...outputs]
    }
    expect(waits.slice(0, 3)).toEqual([250, 500, 1000])
    expect(Math.max(...waits)).toBe(2000)
    expect(sent).toEqual([...Array<string>(waits.length - 1).fill('#2'), 'timeout'])
    expect(rig.now).toBeGreaterThanOrEqual(PATIENCE_MS)
    expect(rig.now).toBeLessThan(PATIENCE_MS + 5_000)
  })

  test('a client that asked for long time-outs is given its resends before it is given up', () => {
    const { rig } = started(9, agreeOnTerms([['timeout', '20']], 1))
    rig.ack(0)
    const sent: string[] = []
    while (rig.state.phase !== 'finished') sent.push(...rig.wait()[1])
    expect(sent).toEqual([...Array<string>(MIN_RESENDS).fill('#1'), 'timeout'])
    expect(rig.now).toBe(20_000 * (MIN_RESENDS + 1))
  })

  test('[RFC7440-4] a window goes out at once, and the next after the ACK of its last block', () => {
    const { rig } = started(9, windowOf(4))
    expect(rig.ack(0)).toEqual(['#1', '#2', '#3', '#4'])
    expect(rig.ack(4)).toEqual(['#5', '#6', '#7', '#8'])
    expect(rig.ack(8)).toEqual(['#9'])
    expect(rig.ack(9)).toEqual(['delivered'])
  })

  test('[RFC7440-4] an ACK inside the window goes back to the block after it', () => {
    const { rig } = started(9, windowOf(4))
    rig.ack(0)
    expect(rig.ack(2)).toEqual(['#3', '#4', '#5', '#6'])
  })

  test('a lost window is sent again whole, and a late ACK of it still counts', () => {
    const { rig } = started(9, windowOf(3))
    rig.ack(0)
    expect(rig.wait()[1]).toEqual(['#1', '#2', '#3'])
    expect(rig.ack(2)).toEqual(['#3', '#4', '#5'])
    expect(rig.ack(5)).toEqual(['#6', '#7', '#8'])
  })

  test('block numbers go round after 65,535 and the transfer goes on', () => {
    const { rig } = started(65_540, windowOf(3))
    let sent = rig.ack(0)
    for (let last = 3; last < 65_535; last += 3) sent = rig.ack(last)
    expect(sent).toEqual(['#65533', '#65534', '#65535'])
    expect(rig.ack(65_535)).toEqual(['#65536', '#65537', '#65538'])
    expect(rig.ack(65_535)).toEqual([])
    expect(rig.ack(0)).toEqual(['#65537', '#65538', '#65539'])
    expect(rig.ack(3)).toEqual(['#65540'])
    expect(rig.ack(4)).toEqual(['delivered'])
  })

  test('a slow disk holds the window back without a timer, and its next piece goes out at once', () => {
    const rig = new Rig(0, windowOf(4), false)
    rig.step({ kind: 'start' })
    expect(rig.ack(0)).toEqual([])
    expect(rig.state.deadline).toBeUndefined()
    expect(rig.step({ kind: 'available', blocks: 2, complete: false })).toEqual(['#1', '#2'])
    expect(rig.step({ kind: 'available', blocks: 3, complete: false })).toEqual(['#3'])
    expect(rig.ack(3)).toEqual([])
    expect(rig.state.phase).toBe('sending')
    expect(rig.step({ kind: 'available', blocks: 4, complete: true })).toEqual(['#4'])
    expect(rig.ack(4)).toEqual(['delivered'])
  })

  test('[RFC1350-7] an error from the client ends the transfer and is not answered', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    expect(rig.packet({ kind: 'error', code: 3, message: 'disk full' })).toEqual(['refused'])
    expect(rig.ack(1)).toEqual([])
  })

  test('packets that do not belong into a transfer are ignored', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    expect(rig.packet({ kind: 'data', block: 1, data: new Uint8Array(1) })).toEqual([])
    expect(rig.packet({ kind: 'read', fileName: 'x', mode: 'octet', options: [] })).toEqual([])
    expect(rig.packet({ kind: 'option-ack', options: [] })).toEqual([])
    expect(rig.ack(1)).toEqual(['#2'])
  })

  test('a failing disk or a stopping server tells the client', () => {
    expect(started(9, windowOf(2)).rig.step({ kind: 'fail', reason: 'unreadable' })).toEqual(['error 0', 'unreadable'])
    expect(started(9, windowOf(2)).rig.step({ kind: 'fail', reason: 'stopped' })).toEqual(['error 0', 'stopped'])
  })

  test('a tick before the deadline does nothing', () => {
    const { rig } = started(9, agreeOnTerms([], 1))
    rig.now = 999
    expect(rig.step({ kind: 'tick' })).toEqual([])
  })
})
