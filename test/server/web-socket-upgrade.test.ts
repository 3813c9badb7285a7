import { afterEach, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { NO_NETWORKS, parseNetworks } from '../../src/network/trust.js'
import { webSocketUpgrade } from '../../src/server/web-socket-upgrade.js'
import type { WebSocketPeer } from '../../src/sip/edge/websocket.js'

let server: Server | undefined
afterEach(() => {
  server?.close()
})

/** Asks for an upgrade and gives who is said to have asked; undefined when it is no business of SIP. */
async function ask(
  line: string,
  headers: readonly string[],
  proxies = NO_NETWORKS,
): Promise<WebSocketPeer | undefined> {
  let taken: WebSocketPeer | undefined
  const upgrade = webSocketUpgrade(
    { trust: () => ({ proxies }) },
    {
      take: (_request, socket, _head, peer) => {
        taken = peer
        socket.destroy()
      },
    },
  )
  const http = createServer().on('upgrade', (request, socket, head) => {
    if (!upgrade(request, socket, head)) socket.destroy()
  })
  server = http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const socket = connect((http.address() as AddressInfo).port, '127.0.0.1').resume()
  socket.write([line, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', ...headers, '', ''].join('\r\n'))
  await once(socket, 'close')
  return taken
}

test('a web phone is who its socket says', async () => {
  const peer = await ask('GET /ws HTTP/1.1', [])
  expect(peer).toMatchObject({ remote: { address: '127.0.0.1' }, local: { address: '127.0.0.1' }, secure: false })
})

test('behind a trusted proxy it is who the proxy forwards for; anybody else may say what he likes', async () => {
  const forwarded = ['X-Forwarded-For: 198.51.100.1, 203.0.113.9']
  const proxies = parseNetworks('127.0.0.1/32', 'X')
  expect((await ask('GET /ws HTTP/1.1', forwarded, proxies))?.remote.address).toBe('203.0.113.9')
  expect((await ask('GET /ws HTTP/1.1', forwarded))?.remote.address).toBe('127.0.0.1')
})

test.each(['GET / HTTP/1.1', 'GET /ws/ HTTP/1.1', 'POST /ws HTTP/1.1', 'GET /wss HTTP/1.1'])(
  '%s is no business of SIP',
  async (line) => {
    expect(await ask(line, [])).toBeUndefined()
  },
)

test('a query changes nothing', async () => {
  expect(await ask('GET /ws?x=/y HTTP/1.1', [])).toBeDefined()
})
