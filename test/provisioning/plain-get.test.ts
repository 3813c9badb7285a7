import { describe, expect, test } from '@jest/globals'
import { LONGEST_PLAIN_HEAD, readPlainGet } from '../../src/provisioning/plain-get.js'

const head = (...lines: string[]): string => [...lines, '', ''].join('\r\n')

describe('a plain GET', () => {
  test('is read with target, User-Agent and conditions', () => {
    const read = readPlainGet(
      head(
        'GET /a/001565aabbcc.cfg?x=1 HTTP/1.1',
        'HOST: phones',
        'user-agent:  Yealink SIP-T28P 2.73.0.50  ',
        'If-None-Match: "abc"',
        'If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT',
        'Accept: */*',
        'Connection: Keep-Alive',
      ),
    )
    expect(read).toEqual({
      target: '/a/001565aabbcc.cfg?x=1',
      userAgent: 'Yealink SIP-T28P 2.73.0.50',
      conditions: { ifNoneMatch: '"abc"', ifModifiedSince: 'Fri, 02 Jan 2026 03:04:05 GMT' },
      keepAlive: true,
    })
  })

  test.each([
    ['HTTP/1.1 without a word', head('GET / HTTP/1.1', 'Host: x'), true],
    ['HTTP/1.1 with close', head('GET / HTTP/1.1', 'Host: x', 'Connection: close'), false],
    ['HTTP/1.0 without a word', head('GET / HTTP/1.0'), false],
  ])('%s means keep-alive or not', (_, text, keepAlive) => {
    expect(readPlainGet(text)?.keepAlive).toBe(keepAlive)
  })

  test('may have an empty User-Agent', () => {
    expect(readPlainGet(head('GET / HTTP/1.1', 'Host: x', 'User-Agent:'))?.userAgent).toBe('')
  })
})

describe('left to the full reader of HTTP:', () => {
  test.each([
    ['nothing', ''],
    ['a line without end', 'GET / HTTP/1.1'],
    ['a head without end', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['an empty line first', `\r\n${head('GET / HTTP/1.1', 'Host: x')}`],
    ['two requests at once', head('GET / HTTP/1.1', 'Host: x').repeat(2)],
    ['lines that end with LF alone', 'GET / HTTP/1.1\nHost: x\n\n'],
    ['CR in a value', head('GET / HTTP/1.1', 'Host: x\ry')],
    ['NUL in a value', head('GET / HTTP/1.1', 'Host: x\0')],
    ['a tab in a value', head('GET / HTTP/1.1', 'Host: x', 'Accept: a\tb')],
    ['a folded line', head('GET / HTTP/1.1', 'Host: x', ' y')],
    ['no name', head('GET / HTTP/1.1', 'Host: x', ': y')],
    ['no colon', head('GET / HTTP/1.1', 'Host')],
    ['a blank before the colon', head('GET / HTTP/1.1', 'Host : x')],
    ['HTTP/1.1 without Host', head('GET / HTTP/1.1')],
    ['two Hosts', head('GET / HTTP/1.1', 'Host: x', 'Host: x')],
    ['two User-Agents', head('GET / HTTP/1.1', 'Host: x', 'User-Agent: a', 'User-Agent: b')],
    ['two Connections', head('GET / HTTP/1.1', 'Host: x', 'Connection: close', 'Connection: keep-alive')],
    ['HTTP/1.0 with keep-alive', head('GET / HTTP/1.0', 'Connection: keep-alive')],
    ['HTTP/1.2', head('GET / HTTP/1.2', 'Host: x')],
    ['HTTP/2.0', head('GET / HTTP/2.0', 'Host: x')],
    ['two blanks', head('GET  / HTTP/1.1', 'Host: x')],
    ['a blank in the path', head('GET /a b HTTP/1.1', 'Host: x')],
    ['a fragment', head('GET /a#b HTTP/1.1', 'Host: x')],
    ['the absolute form', head('GET http://x/a HTTP/1.1', 'Host: x')],
    ['a path beyond ASCII', head('GET /\u00e4 HTTP/1.1', 'Host: x')],
    ['a head that is too long', head('GET / HTTP/1.1', 'Host: x', `Accept: ${'a'.repeat(LONGEST_PLAIN_HEAD)}`)],
  ])('%s', (_, text) => {
    expect(readPlainGet(text)).toBeUndefined()
  })

  test.each(['HEAD', 'POST', 'PUT', 'OPTIONS', 'get', 'PRI'])('the method %s', (method) => {
    expect(readPlainGet(head(`${method} / HTTP/1.1`, 'Host: x'))).toBeUndefined()
  })

  test.each([
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
    'Upgrade: websocket',
    'Connection: upgrade',
    'Connection: close, upgrade',
    'Proxy-Connection: close',
    'TE: trailers',
    'Range: bytes=0-1',
    'If-Range: "a"',
    'If-Match: "a"',
    'If-Unmodified-Since: Fri, 02 Jan 2026 03:04:05 GMT',
    'X-Forwarded-For: 192.0.2.1',
    'Forwarded: for=192.0.2.1',
    'Via: 1.1 x',
    'X-Nobody-Knows: 1',
  ])('%s', (line) => {
    expect(readPlainGet(head('GET / HTTP/1.1', 'Host: x', line))).toBeUndefined()
  })
})
