/** An IP address in text and a port. IPv4-mapped IPv6 addresses are normalised to IPv4 before anybody sees them. */
export interface Endpoint {
  address: string
  port: number
}

/** A datagram with both its ends; `local` is the address the sender reached (decision 11). */
export interface Datagram {
  data: Buffer
  remote: Endpoint
  local: Endpoint
}

/**
 * One UDP port on every local address, a socket each, so that an answer leaves from the address that was asked.
 * Addresses that appear or vanish later are followed.
 */
export interface UdpListeners {
  readonly port: number
  /** Receive buffer the kernel granted, in bytes (the smallest of the sockets). */
  readonly receiveBufferBytes: number
  addresses(): readonly string[]
  onDatagram(handle: (datagram: Datagram) => void): void
  /** Fire and forget. A remote port of 0, or a local address that has vanished, drops the datagram. */
  send(data: Uint8Array, remote: Endpoint, localAddress: string): void
  close(): Promise<void>
}
