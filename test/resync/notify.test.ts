import { describe, expect, test } from '@jest/globals'
import { notifyMessage, requestUriOf, shownReason } from '../../src/resync/notify.js'
import { readCheckSync } from '../../src/simulator/check-sync.js'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { serialize } from '../../src/sip/serialize.js'

const STEP = { event: 'check-sync;reboot=false', callId: 'call', fromTag: 'tag', branch: 'z9hG4bKx', cseq: 1 }
const FLOW = { transport: 'udp' as const, local: { address: '192.0.2.5', port: 5060 } }

function written(aor = '101@example.com', flow: Parameters<typeof notifyMessage>[2] = FLOW, path: string[] = []) {
  const text = serialize(notifyMessage({ aor, path }, 'sip:101@192.0.2.50:5062', flow, STEP))
  const parsed = parseDatagram(text)
  if (parsed.kind !== 'request') throw new Error(`${parsed.kind}: ${text}`)
  return parsed
}

describe('a NOTIFY', () => {
  test('[RFC3261-8.1.1] has every header that a request needs, and is read back by our own parser', () => {
    const { request, envelope } = written()
    expect(request).toMatchObject({ method: 'NOTIFY', uri: 'sip:101@192.0.2.50:5062', body: '' })
    expect(envelope).toMatchObject({ callId: 'call', cseq: { number: 1, method: 'NOTIFY' }, maxForwards: 70 })
    expect(envelope.via).toMatchObject({
      transport: 'UDP',
      host: '192.0.2.5',
      port: 5060,
      branch: 'z9hG4bKx',
      rport: true,
    })
    expect(headerValue(request, 'From')).toBe('<sip:101@example.com>;tag=tag')
    expect(headerValue(request, 'To')).toBe('<sip:101@example.com>')
    expect(headerValue(request, 'Contact')).toBe('<sip:192.0.2.5:5060>')
    expect(headerValue(request, 'Content-Length')).toBe('0')
    expect(readCheckSync(request)).toBe('resync')
  })

  test('[RFC6665-4.1.3] says that there is no subscription', () => {
    expect(headerValue(written().request, 'Subscription-State')).toBe('terminated')
  })

  test('names TCP, and IPv6 in brackets', () => {
    const { request } = written('101@phoneboot', { transport: 'tcp', local: { address: '2001:db8::5', port: 5060 } })
    expect(headerValue(request, 'Via')).toContain('SIP/2.0/TCP [2001:db8::5]:5060;')
    expect(headerValue(request, 'Contact')).toBe('<sip:[2001:db8::5]:5060;transport=tcp>')
  })

  test.each([
    ['[RFC3261-26.2.1] over TLS', 'tls', 'TLS', 'tls'],
    ['[RFC7118-5.1] over a secure WebSocket', 'wss', 'WSS', 'ws'],
    ['[RFC7118-5.2] over a WebSocket', 'ws', 'WS', 'ws'],
  ] as const)('%s is named so in Via, and in Contact as a URI has it', (_, transport, via, parameter) => {
    const { request } = written('101@phoneboot', { transport, local: { address: '192.0.2.5', port: 8443 } })
    expect(headerValue(request, 'Via')).toContain(`SIP/2.0/${via} 192.0.2.5:8443;`)
    expect(headerValue(request, 'Contact')).toBe(`<sip:192.0.2.5:8443;transport=${parameter}>`)
  })

  test('a number with # is escaped, and one with an @ does not change the domain', () => {
    expect(headerValue(written('*9#@example.com').request, 'To')).toBe('<sip:*9%23@example.com>')
  })

  test('[RFC3327-5.3] goes along the Path that was registered', () => {
    const path = ['<sip:proxy.example.com;lr>', '<sip:10.0.0.2;lr>']
    expect(headerValues(written('101@example.com', FLOW, path).request, 'Route')).toEqual(path)
  })
})

test('[RFC3261-19.1.1] the Contact becomes the Request-URI unchanged, without headers', () => {
  expect(requestUriOf({ contactUri: 'sip:101@10.0.0.7:5062;line=a1b2;transport=tcp' })).toBe(
    'sip:101@10.0.0.7:5062;line=a1b2;transport=tcp',
  )
  expect(requestUriOf({ contactUri: 'sip:101@10.0.0.7?Subject=x' })).toBe('sip:101@10.0.0.7')
  expect(requestUriOf({ contactUri: 'tel:101' })).toBeUndefined()
})

test('what a phone writes behind the status cannot steer a terminal', () => {
  expect(shownReason(480, 'Not \u001b[31mhere')).toBe('480')
  expect(shownReason(480, 'Temporarily Unavailable')).toBe('480 Temporarily Unavailable')
})
