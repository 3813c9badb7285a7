import type { UserAgentClaim } from '../catalog/user-agent.js'

/** What must be known of a phone to believe what it says of itself. */
export interface SeenDevice {
  family: string
  /** Model tokens that this model has in a User-Agent, any case. */
  tokens: readonly string[]
  firmwareVersion?: string | undefined
}

/**
 * The firmware version to store after a phone proved itself by its SIP credentials, or undefined when nothing changes.
 * A User-Agent of a provisioning request is never believed: anybody may send one (decision 6). One that names another
 * model is not believed either.
 */
export function firmwareToStore(device: SeenDevice, claim: UserAgentClaim | undefined): string | undefined {
  if (!claim || claim.family !== device.family || claim.firmware === device.firmwareVersion) return undefined
  const token = claim.model.toLowerCase()
  if (!device.tokens.some((known) => known.toLowerCase() === token)) return undefined
  return /^[\w.-]{1,40}$/.test(claim.firmware) ? claim.firmware : undefined
}
