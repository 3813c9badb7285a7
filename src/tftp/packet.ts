/** TFTP packets to and from bytes. RFC 1350 (packets), RFC 2347 (options). No length or content is trusted. */

/** Error codes of RFC 1350 §5 and RFC 2347. */
export const TFTP_ERROR = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileExists: 6,
  noSuchUser: 7,
  optionRefused: 8,
} as const

/** One option as it stood in the packet: name in the sender's spelling, value as text. */
export type Option = readonly [name: string, value: string]

export interface RequestPacket {
  kind: 'read' | 'write'
  fileName: string
  /** In lower case: `octet`, `netascii`, `mail`, or whatever the client wrote. */
  mode: string
  options: readonly Option[]
}

export type Packet =
  | RequestPacket
  /** `block` is the 16-bit number on the wire. */
  | { kind: 'data'; block: number; data: Uint8Array }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'option-ack'; options: readonly Option[] }

const OPCODE = { read: 1, write: 2, data: 3, ack: 4, error: 5, 'option-ack': 6 } as const
const KINDS = ['read', 'write', 'data', 'ack', 'error', 'option-ack'] as const
/** RFC 2347 allows a request 512 bytes; twice that is a forgery, or a file name nobody has. */
const MAX_REQUEST_BYTES = 1024

const utf8 = new TextDecoder()
const toUtf8 = new TextEncoder()

/** @returns undefined for anything that is no whole TFTP packet. */
export function decodePacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < 4) return undefined
  const kind = KINDS[uint16(bytes, 0) - 1]
  switch (kind) {
    case 'read':
    case 'write':
      return decodeRequest(kind, bytes)
    case 'data':
      return { kind, block: uint16(bytes, 2), data: bytes.subarray(4) }
    case 'ack':
      return { kind, block: uint16(bytes, 2) }
    case 'error':
      return { kind, code: uint16(bytes, 2), message: terminated(bytes, 4)?.text ?? utf8.decode(bytes.subarray(4)) }
    case 'option-ack':
      return { kind, options: decodeOptions(bytes, 2) }
    case undefined:
      return undefined
  }
}

export function encodePacket(packet: Packet): Uint8Array {
  switch (packet.kind) {
    case 'read':
    case 'write':
      return encodeTexts(OPCODE[packet.kind], [packet.fileName, packet.mode, ...packet.options.flat()])
    case 'data':
      return dataPacket(packet.block, packet.data)
    case 'ack':
      return header(OPCODE.ack, packet.block)
    case 'error':
      return joined([header(OPCODE.error, packet.code), toUtf8.encode(packet.message), Uint8Array.of(0)])
    case 'option-ack':
      return encodeTexts(OPCODE['option-ack'], packet.options.flat())
  }
}

/** A DATA packet; `block` beyond 65,535 goes round to 0. */
export function dataPacket(block: number, data: Uint8Array): Uint8Array {
  const packet = Buffer.allocUnsafe(4 + data.length)
  packet[0] = 0
  packet[1] = OPCODE.data
  packet[2] = (block >> 8) & 0xff
  packet[3] = block & 0xff
  packet.set(data, 4)
  return packet
}

function decodeRequest(kind: 'read' | 'write', bytes: Uint8Array): RequestPacket | undefined {
  if (bytes.length > MAX_REQUEST_BYTES) return undefined
  const fileName = terminated(bytes, 2)
  const mode = fileName && terminated(bytes, fileName.next)
  if (!mode || fileName.text === '' || mode.text === '') return undefined
  return {
    kind,
    fileName: fileName.text,
    mode: mode.text.toLowerCase(),
    options: decodeOptions(bytes, mode.next),
  }
}

/** Pairs up to the first that is not whole; the rest of the packet is as if it were not there. */
function decodeOptions(bytes: Uint8Array, from: number): Option[] {
  const options: Option[] = []
  let at = from
  while (at < bytes.length) {
    const name = terminated(bytes, at)
    const value = name && terminated(bytes, name.next)
    if (!value) break
    options.push([name.text, value.text])
    at = value.next
  }
  return options
}

function terminated(bytes: Uint8Array, from: number): { text: string; next: number } | undefined {
  const end = bytes.indexOf(0, from)
  return end < 0 ? undefined : { text: utf8.decode(bytes.subarray(from, end)), next: end + 1 }
}

function encodeTexts(opcode: number, texts: readonly string[]): Uint8Array {
  const zero = Uint8Array.of(0)
  return joined([Uint8Array.of(0, opcode), ...texts.flatMap((text) => [toUtf8.encode(text), zero])])
}

function header(opcode: number, value: number): Uint8Array {
  return Uint8Array.of(0, opcode, value >> 8, value & 0xff)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
