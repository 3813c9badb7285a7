import { existsSync } from 'node:fs'
import type { Clock } from '../../domain/clock.js'
import { networkTrust, type NetworkTrust } from '../trust.js'
import { localAddresses } from './interfaces.js'

/** How old an answer may be, in milliseconds: interfaces come and go while the server runs. */
const FRESH_MS = 5_000

/**
 * The lists of trusted networks as they are now: the default follows the machine's interfaces.
 * Throws CONFIG_INVALID at once when a setting holds no networks.
 */
export function trustNow(
  settings: { trusted?: string | undefined; proxies?: string | undefined; unlimited?: string | undefined },
  clock: Clock,
): () => NetworkTrust {
  let known = networkTrust(settings, localAddresses())
  let knownAt = clock.now()
  return () => {
    const now = clock.now()
    if (now - knownAt >= FRESH_MS || now < knownAt) {
      known = networkTrust(settings, localAddresses())
      knownAt = now
    }
    return known
  }
}

/** True inside a container, where strangers may arrive from a private address of its bridge (decision 10). */
export function inContainer(env: Readonly<Record<string, string | undefined>>): boolean {
  const marks = ['/.dockerenv', '/run/.containerenv']
  return (
    env.KUBERNETES_SERVICE_HOST !== undefined || env.container !== undefined || marks.some((path) => existsSync(path))
  )
}
