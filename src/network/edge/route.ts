import { normaliseAddress } from '../address.js'
import type { Endpoint } from '../udp.js'
import { createSocket } from './udp-listeners.js'

/** The local address the system would send from to get there; nothing is sent. Undefined when there is no way. */
export async function localAddressTowards({ address, port }: Endpoint): Promise<string | undefined> {
  const opened = createSocket(address)
  opened.socket.on('error', () => undefined)
  try {
    await opened.bind({})
    await new Promise<void>((resolve, reject) => {
      // Since Node 20 the callback of connect() is also called with an error.
      opened.socket.connect(port, address, (...result: unknown[]) => {
        if (result[0] instanceof Error) reject(result[0])
        else resolve()
      })
    })
    return normaliseAddress(opened.socket.address().address)
  } catch {
    return undefined
  } finally {
    await opened.close().catch(() => undefined)
  }
}
