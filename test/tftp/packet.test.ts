import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { dataPacket, decodePacket, encodePacket, type Packet } from '../../src/tftp/packet.js'

const text = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((value) => !value.includes('\0'))
const lower = text.map((value) => value.toLowerCase()).filter((value) => value === value.toLowerCase())
const uint16 = fc.integer({ min: 0, max: 65535 })
const options = fc.array(fc.tuple(text, text), { maxLength: 4 })
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.record({ kind: fc.constantFrom('read', 'write'), fileName: text, mode: lower, options }),
  fc.record({ kind: fc.constant('data'), block: uint16, data: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant('ack'), block: uint16 }),
  fc.record({ kind: fc.constant('error'), code: uint16, message: fc.oneof(fc.constant(''), text) }),
  fc.record({
    kind: fc.constant('option-ack'),
    options: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }),
  }),
) as fc.Arbitrary<Packet>

function bytes(...parts: (string | number)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))))
}

describe('TFTP packets', () => {
  test('[RFC1350-5] every packet that is written is read back the same', () => {
    fc.assert(
      fc.property(packet, (written) => {
        const wire = encodePacket(written)
        const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
        if (wire.length <= 1024) expect(plain(decodePacket(new Uint8Array(wire)))).toEqual(plain(written))
      }),
    )
  })

  test('any bytes at all are read or refused, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 0, max: 8 }), (random, opcode) => {
        decodePacket(random)
        decodePacket(Uint8Array.of(0, opcode, ...random))
      }),
      { numRuns: 2000 },
    )
  })

  test('a read request is bytes of opcode, name, mode and options', () => {
    const wire = bytes(0, 1, 'a.cfg\0', 'OCTET\0', 'blkSize\0', '1428\0')
    expect(decodePacket(wire)).toEqual({
      kind: 'read',
      fileName: 'a.cfg',
      mode: 'octet',
      options: [['blkSize', '1428']],
    })
    expect(encodePacket({ kind: 'read', fileName: 'a', mode: 'octet', options: [] })).toEqual(
      new Uint8Array(bytes(0, 1, 'a\0octet\0')),
    )
  })

  test.each([
    ['nothing', bytes()],
    ['one byte', bytes(0)],
    ['an opcode alone', bytes(0, 1)],
    ['opcode 0', bytes(0, 0, 0, 0)],
    ['opcode 7', bytes(0, 7, 0, 0)],
    ['opcode 257', bytes(1, 1, 'a\0octet\0')],
    ['a request without end of name', bytes(0, 1, 'abc')],
    ['a request without mode', bytes(0, 1, 'abc\0')],
    ['a request with an open mode', bytes(0, 1, 'abc\0octet')],
    ['a request for no file', bytes(0, 1, '\0octet\0')],
    ['a request with an empty mode', bytes(0, 1, 'abc\0\0')],
    ['a request of 1025 bytes', bytes(0, 1, 'a'.repeat(1016), '\0octet\0')],
    ['an ACK without its number', bytes(0, 4, 0)],
  ])('%s is no packet', (_what, wire) => {
    expect(decodePacket(wire)).toBeUndefined()
  })

  test('an option without value ends the options and leaves the request whole', () => {
    expect(decodePacket(bytes(0, 1, 'a\0octet\0', 'tsize\0', '0\0', 'blksize\0'))).toMatchObject({
      options: [['tsize', '0']],
    })
  })

  test('an error message without its end is taken as it is', () => {
    expect(decodePacket(bytes(0, 5, 0, 1, 'gone'))).toEqual({ kind: 'error', code: 1, message: 'gone' })
  })

  test('the block number goes round to 0 after 65,535', () => {
    expect([...dataPacket(65535, Uint8Array.of(7))]).toEqual([0, 3, 255, 255, 7])
    expect([...dataPacket(65536, Uint8Array.of(7))]).toEqual([0, 3, 0, 0, 7])
    expect([...dataPacket(65537, Uint8Array.of(7))]).toEqual([0, 3, 0, 1, 7])
  })
})
