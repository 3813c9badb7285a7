import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Framed, StreamFramer } from '../../src/sip/framing.js'
import { registerText } from '../support/sip-requests.js'

const withBody = (callId: string, body: string): string =>
  registerText({ callId }).replace('Content-Length: 0', `Content-Length: ${body.length}`) + body

function feed(segments: readonly string[]): Framed[] {
  const framer = new StreamFramer()
  return segments.flatMap((segment) => framer.push(segment))
}

const summary = (framed: readonly Framed[]): string[] =>
  framed.map((one) => {
    if (one.kind === 'ping') return 'ping'
    if (one.parsed.kind === 'request') return `${one.parsed.envelope.callId}:${one.parsed.request.body}`
    return `${one.kind} ${one.parsed.kind === 'refused' ? one.parsed.status : one.parsed.kind}`
  })

describe('[RFC3261-18.3] framing of a stream', () => {
  test('split and joined anywhere, the same messages come out', () => {
    const stream = `\r\n${withBody('a', 'x\r\n\r\ny')}\r\n\r\n${withBody('b', '')}${withBody('c', 'zz')}`
    const whole = summary(feed([stream]))
    expect(whole).toEqual(['a:x\r\n\r\ny', 'ping', 'b:', 'c:zz'])
    expect(summary(feed([...stream]))).toEqual(whole)
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length]
        const segments = at.slice(1).map((end, i) => stream.slice(at[i], end))
        expect(summary(feed(segments))).toEqual(whole)
      }),
    )
  })

  test.each([
    ['missing', ''],
    ['negative', 'Content-Length: -999\r\n'],
    ['twice', 'Content-Length: 5\r\nContent-Length: 13\r\n'],
    ['no number', 'Content-Length: five\r\n'],
  ])('a Content-Length that is %s breaks the stream with 400', (_, line) => {
    const text = registerText().replace('Content-Length: 0\r\n', line)
    expect(summary(feed([text, registerText()]))).toEqual(['broken 400'])
  })

  test('a huge Content-Length is refused at once, not waited for', () => {
    expect(summary(feed([registerText().replace('Length: 0', 'Length: 1000000')]))).toEqual(['broken 413'])
  })

  test('a head that never ends is cut off', () => {
    expect(summary(feed(['X: y\r\n'.repeat(3_000)]))).toEqual(['broken dropped'])
  })

  test('a message cut short is waited for, and seen as partial', () => {
    const framer = new StreamFramer()
    expect(framer.partial).toBe(false)
    expect(framer.push(withBody('a', 'xyz').slice(0, -1))).toEqual([])
    expect(framer.partial).toBe(true)
    expect(summary(framer.push('z'))).toEqual(['a:xyz'])
    expect(framer.partial).toBe(false)
  })

  test('[RFC5626-4.4.1] a double CRLF is a ping, a single one is nothing', () => {
    const framer = new StreamFramer()
    expect(framer.push('\r\n')).toEqual([])
    expect(framer.partial).toBe(false)
    expect(summary(framer.push('\r\n'))).toEqual(['ping'])
    expect(summary(feed(['\r', '\n', '\r', '\n', '\r\n\r\n']))).toEqual(['ping', 'ping'])
    expect(summary(feed(['\r\n', registerText({ callId: 'q' })]))).toEqual(['q:'])
  })

  test('random octets never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 60 })), (segments) => {
        feed(segments)
      }),
    )
  })
})
