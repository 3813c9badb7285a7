import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { RegistrationFailure } from '../registration.js'

/** The address of a registrar. @throws RegistrationFailure when the name does not resolve. */
export async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch {
    throw new RegistrationFailure('register-timeout', `${host} does not resolve`)
  }
}
