import ipaddr from 'ipaddr.js'
import type { Endpoint } from '../network/udp.js'

const HEADER_BYTES = 20
const MAGIC_COOKIE = 0x2112a442
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const BINDING_ERROR = 0x0111
const XOR_MAPPED_ADDRESS = 0x0020
const ERROR_CODE = 0x0009
const UNKNOWN_ATTRIBUTES = 0x000a
/** Attributes from here on may be passed over by who does not know them. */
const FIRST_OPTIONAL = 0x8000
/** USERNAME, MESSAGE-INTEGRITY, REALM, NONCE and their SHA-256 forms: nobody has to prove anything here. */
const PASSED_OVER = [0x0006, 0x0008, 0x0014, 0x0015, 0x001c, 0x001d, 0x001e]
const FAMILY = { ipv4: 1, ipv6: 2 } as const

/** Types of the attributes that must be understood and are not; undefined when they do not fill the message exactly. */
function unknownAttributes(data: Buffer): number[] | undefined {
  const unknown: number[] = []
  let at = HEADER_BYTES
  while (at + 4 <= data.length) {
    const type = data.readUInt16BE(at)
    if (type < FIRST_OPTIONAL && !PASSED_OVER.includes(type)) unknown.push(type)
    at += 4 + Math.ceil(data.readUInt16BE(at + 2) / 4) * 4
  }
  return at === data.length ? unknown : undefined
}

function attribute(type: number, value: Uint8Array): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  padded.writeUInt16BE(type, 0)
  padded.writeUInt16BE(value.length, 2)
  padded.set(value, 4)
  return padded
}

/** [RFC8489-14.2] Address and port, hidden from NATs that rewrite what looks like an address. */
function xorMappedAddress({ address, port }: Endpoint, mask: Uint8Array): Buffer {
  const ip = ipaddr.parse(address)
  const octets = ip.toByteArray().map((octet, index) => octet ^ (mask[index] ?? 0))
  const hidden = port ^ (MAGIC_COOKIE >>> 16)
  return attribute(XOR_MAPPED_ADDRESS, Uint8Array.from([0, FAMILY[ip.kind()], hidden >> 8, hidden & 255, ...octets]))
}

function message(type: number, request: Buffer, attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat(attributes)
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(body.length, 2)
  // Cookie and transaction id go back as they came.
  return Buffer.concat([head, request.subarray(4, HEADER_BYTES), body])
}

/**
 * [RFC5626-8] The answer to a STUN Binding request on the SIP port: what the sender looks like from here. Phones that
 * use outbound (RFC 5626) keep their NAT open this way, and take silence for a flow that has failed. Undefined for
 * whatever is no such request.
 */
export function stunAnswer(data: Buffer, remote: Endpoint): Buffer | undefined {
  if (data.length < HEADER_BYTES || data.readUInt16BE(0) !== BINDING_REQUEST) return undefined
  if (data.readUInt32BE(4) !== MAGIC_COOKIE || data.readUInt16BE(2) !== data.length - HEADER_BYTES) return undefined
  const unknown = unknownAttributes(data)
  if (!unknown) return undefined
  if (unknown.length === 0) {
    return message(BINDING_SUCCESS, data, [xorMappedAddress(remote, data.subarray(4, HEADER_BYTES))])
  }
  // RFC 8489 §6.3.1: 420, and which ones.
  const types = Uint8Array.from(unknown.flatMap((type) => [type >> 8, type & 255]))
  const error = attribute(ERROR_CODE, Buffer.from('\0\0\x04\x14Unknown Attribute', 'latin1'))
  return message(BINDING_ERROR, data, [error, attribute(UNKNOWN_ATTRIBUTES, types)])
}
