import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { stunAnswer } from '../../src/sip/stun.js'

const FROM = { address: '192.0.2.1', port: 32_853 }
const TRANSACTION = 'b7e7a701bc34d686fa87dfae'
const request = (attributes = '', head = '0001'): Buffer =>
  Buffer.from(
    head + (attributes.length / 2).toString(16).padStart(4, '0') + `2112a442${TRANSACTION}${attributes}`,
    'hex',
  )
const answer = (data: Buffer, from = FROM): string | undefined => stunAnswer(data, from)?.toString('hex')

describe('STUN on the SIP port', () => {
  test('[RFC5626-8] a Binding request is answered with what the sender looks like from here', () => {
    // Address and port of RFC 5769 §2.2.
    expect(answer(request())).toBe(`0101000c2112a442${TRANSACTION}002000080001a147e112a643`)
  })

  test('[RFC5769-2.3] an IPv6 sender is told its address, hidden by cookie and transaction', () => {
    const from = { address: '2001:db8:1234:5678:11:2233:4455:6677', port: 32_853 }
    expect(answer(request(), from)).toBe(
      `010100182112a442${TRANSACTION}002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9`,
    )
  })

  test('[RFC8489-6.3.1] what must be understood and is not is named in a 420; optional attributes are passed over', () => {
    expect(answer(request('80220004aabbccdd'))).toMatch(/^0101/)
    const refused = answer(request('0003000400000002' + '7fff0001ff000000')) ?? ''
    expect(refused).toMatch(/^0111/)
    expect(refused).toContain('00000414')
    expect(refused).toMatch(/000a000400037fff$/)
  })

  test.each([
    ['a response', request('', '0101')],
    ['an indication', request('', '0011')],
    ['another cookie', Buffer.from(request().toString('hex').replace('2112a442', '2112a443'), 'hex')],
    ['a length that is not the datagram’s', Buffer.concat([request(), Buffer.alloc(4)])],
    ['an attribute that ends beyond it', request('00060010aabbccdd')],
    ['half an attribute', request('0006')],
    ['too short', request().subarray(0, 19)],
    ['nothing', Buffer.alloc(0)],
  ])('%s gets no answer', (_, data) => expect(answer(data)).toBeUndefined())

  test('an answer is never much longer than the question', () => {
    const attributes = fc.array(fc.tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 9 })), { maxLength: 20 })
    fc.assert(
      fc.property(attributes, (list) => {
        const body = list.map(([type, value]) => {
          const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
          padded.writeUInt16BE(type, 0)
          padded.writeUInt16BE(value.length, 2)
          padded.set(value, 4)
          return padded.toString('hex')
        })
        const data = request(body.join(''))
        expect(stunAnswer(data, FROM)?.length ?? 0).toBeLessThanOrEqual(data.length + 36)
      }),
    )
  })

  test('any octets are read or passed over, never thrown at', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (octets, isStun) => {
        const data = isStun ? Buffer.concat([request(), Buffer.from(octets)]) : Buffer.from(octets)
        if (isStun) data.writeUInt16BE(octets.length, 2)
        stunAnswer(data, FROM)
      }),
    )
  })
})
