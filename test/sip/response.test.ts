import { describe, expect, test } from '@jest/globals'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { answerPort, createResponse } from '../../src/sip/response.js'
import { registerText } from '../support/sip-requests.js'

const SOURCE = { address: '192.0.2.9', port: 40_000 }

function respondTo(text: string, source = SOURCE): ReturnType<typeof createResponse> {
  const parsed = parseDatagram(text)
  if (parsed.kind !== 'request') throw new Error(parsed.kind)
  return createResponse({ headers: parsed.request.headers, via: parsed.envelope.via }, source, 'ours', { status: 200 })
}

describe('[RFC3261-8.2.6] a response', () => {
  test('echoes all Via, From, Call-ID and CSeq, and tags To', () => {
    const extra = ['Via: SIP/2.0/TCP b;branch=2 , SIP/2.0/UDP c', 'Record-Route: <sip:r;lr>']
    const response = respondTo(registerText({ branch: 'z9hG4bK1', extra }))
    expect(headerValues(response, 'Via').slice(1)).toEqual(['SIP/2.0/TCP b;branch=2 , SIP/2.0/UDP c'])
    expect(headerValue(response, 'To')).toBe('<sip:101@example.com>;tag=ours')
    expect(headerValue(response, 'From')).toBe('<sip:101@example.com>;tag=f1')
    expect(headerValue(response, 'CSeq')).toBe('1 REGISTER')
    expect(headerValue(response, 'Record-Route')).toBeUndefined()
  })

  test('leaves a To tag that is there', () => {
    const text = registerText().replace(/To: .*\r\n/, 'To: <sip:a@b>;tag=x\r\n')
    expect(headerValue(respondTo(text), 'To')).toBe('<sip:a@b>;tag=x')
  })
})

describe('Via of a response', () => {
  const via = (value: string, source = SOURCE): string | undefined =>
    headerValue(respondTo(registerText({ via: `Via: ${value}` }), source), 'Via')

  test('[RFC3581-4] rport is filled and received comes with it, even when it is no news', () => {
    expect(via('SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKa')).toBe(
      'SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa;rport=40000;received=192.0.2.9',
    )
  })

  test('[RFC3261-18.2.1] received is added when the source differs from sent-by', () => {
    expect(via('SIP/2.0/UDP phone.local;branch=z9hG4bKa')).toBe(
      'SIP/2.0/UDP phone.local;branch=z9hG4bKa;received=192.0.2.9',
    )
  })

  test('nothing is added when they are the same', () => {
    const value = 'SIP / 2.0 / UDP 192.0.2.9 ; branch = z9hG4bKa'
    expect(via(value)).toBe(value)
  })

  test('a received or rport that the sender made up is replaced, other values in the field stay', () => {
    expect(via('SIP/2.0/UDP h;received=1.1.1.1;rport=9;branch=z9hG4bKa, SIP/2.0/UDP i;received=3.3.3.3')).toBe(
      'SIP/2.0/UDP h;branch=z9hG4bKa;rport=40000;received=192.0.2.9, SIP/2.0/UDP i;received=3.3.3.3',
    )
  })

  test('[RFC5118-4.5] IPv6 is compared as an address, and received has no brackets', () => {
    const source = { address: '2001:db8::9', port: 5060 }
    expect(via('SIP/2.0/UDP [2001:DB8:0::9];branch=z9hG4bKa', source)).not.toContain('received')
    expect(via('SIP/2.0/UDP [2001:db8::8];branch=z9hG4bKa', source)).toContain('received=2001:db8::9')
  })
})

describe('[RFC3261-18.2.2] port of a UDP answer', () => {
  const port = (value: string, source = SOURCE): number => {
    const parsed = parseDatagram(registerText({ via: `Via: SIP/2.0/UDP ${value};branch=z9hG4bKa` }))
    if (parsed.kind !== 'request') throw new Error(parsed.kind)
    return answerPort(parsed.envelope.via, source)
  }

  test('with rport the source port', () => expect(port('h:5070;rport')).toBe(40_000))
  test('without it the sent-by port, 5060 by default', () => {
    expect(port('h:5070')).toBe(5070)
    expect(port('h')).toBe(5060)
  })
  test('maddr is not followed', () => expect(port('h:5070;maddr=198.51.100.1')).toBe(5070))
  test('from behind NAT the source port', () => {
    expect(port('192.168.1.5:5060', { address: '8.8.8.8', port: 33_000 })).toBe(33_000)
    expect(port('192.168.1.5:5060', { address: '192.168.1.5', port: 33_000 })).toBe(5060)
  })
})
