import type { Endpoint, UdpListeners } from '../../network/udp.js'
import type { Flow, OnMessage } from '../flow.js'
import { parseDatagram } from '../parse.js'
import { stunAnswer } from '../stun.js'

/** Octets of keep-alives and probes that are no message: dropped before any work is done. */
const SHORTEST_MESSAGE_BYTES = 20

/**
 * SIP over UDP on sockets that are open already. Each datagram is handled at once, within its event.
 * Answers leave from the address that was asked.
 * @param refuses asked before anything is read: must be cheap
 */
export function serveUdp(
  listeners: UdpListeners,
  onMessage: OnMessage,
  refuses: (remote: Endpoint) => boolean = () => false,
): void {
  listeners.onDatagram(({ data, remote, local }) => {
    if (refuses(remote)) return
    // No SIP message begins with NUL; STUN shares the port (RFC 5626 §8).
    if (data[0] === 0) {
      const answer = stunAnswer(data, remote)
      if (answer) listeners.send(answer, remote, local.address)
      return
    }
    if (data.length < SHORTEST_MESSAGE_BYTES) return
    onMessage(parseDatagram(data.toString('latin1')), udpFlow(listeners, remote, local, data.length))
  })
}

/**
 * The way to somebody by one of our sockets.
 * @param octets length of what came from there, if that is to be answered
 */
export function udpFlow(
  listeners: Pick<UdpListeners, 'send'>,
  remote: Endpoint,
  local: Endpoint,
  octets?: number,
): Flow {
  return {
    transport: 'udp',
    remote,
    local,
    ...(octets === undefined ? {} : { octets }),
    send: (text, port = remote.port) => {
      listeners.send(Buffer.from(text, 'latin1'), { address: remote.address, port }, local.address)
    },
  }
}
