import { systemClock } from '../domain/edge/system-clock.js'
import type { NetworkTrust } from '../network/trust.js'
import { describeRequest } from '../provisioning/edge/http-request.js'
import type { PhoneHttpServerOptions } from '../provisioning/edge/http-server.js'
import type { WebSocketConnections } from '../sip/edge/websocket.js'

/** Where SIP over WebSocket is on the phones' HTTPS port. */
const WEBSOCKET_PATH = '/ws'

/** Hands requests for SIP over WebSocket to the SIP side; behind a trusted proxy with the address it forwards for. */
export function webSocketUpgrade(
  { trust }: { trust: () => Pick<NetworkTrust, 'proxies'> },
  webSockets: Pick<WebSocketConnections, 'take'>,
): NonNullable<PhoneHttpServerOptions['upgrade']> {
  return (request, socket, head) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== WEBSOCKET_PATH) return false
    const asked = describeRequest(request, 'get', trust().proxies, systemClock)
    if (!asked) {
      socket.destroy()
      return true
    }
    webSockets.take(request, socket, head, {
      remote: { address: asked.peerAddress, port: request.socket.remotePort ?? 0 },
      local: { address: asked.localAddress, port: asked.localPort },
      secure: asked.transport === 'https',
    })
    return true
  }
}
