import type { Dice } from './dice.js'

/** As a web phone asks to speak SIP (RFC 7118 §4.1). */
export function webSocketHandshake(): Buffer {
  const lines = [
    ...[
      'GET /ws HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: sip', '', ''],
  ]
  return Buffer.from(lines.join('\r\n'))
}

/** A frame of a client (RFC 6455 §5.2), now and then with odd bits and a length that is not true. */
export function webSocketFrame(payload: Buffer, dice: Dice): Buffer {
  const first = dice.chance(85) ? dice.pick([0x81, 0x82]) : dice.below(256)
  const told = dice.chance(90) ? payload.length : dice.below(1 << 30)
  const mask = dice.bytes(4)
  const masked = Buffer.from(payload.map((octet, index) => octet ^ (mask[index & 3] ?? 0)))
  return Buffer.concat([Buffer.from([first, ...lengthOctets(told)]), mask, masked])
}

function lengthOctets(length: number): number[] {
  const masked = 0x80
  if (length < 126) return [masked | length]
  if (length < 65_536) return [masked | 126, length >> 8, length & 255]
  return [masked | 127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]
}
