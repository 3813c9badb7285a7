import type { Secret } from '../domain/secret.js'
import type { PhoneAccount } from '../readers/phone-account.js'
import type { SimulatedModel } from './models.js'
import type { FailureKind } from './progress.js'

/** What a simulated phone asks its registrar for. */
export interface RegistrationRequest {
  /** IP address that the REGISTER is sent to. */
  readonly serverAddress: string
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  readonly localAddress?: string
  readonly user: string
  readonly authUser: string
  readonly password: Secret
  /** Host part of the address of record. */
  readonly domain: string
  /** Wanted, in seconds. */
  readonly expires: number
  readonly userAgent: string
  readonly displayName?: string
  /** `urn:uuid:…`, the same at every boot (RFC 5626 §4.1). */
  readonly instanceId?: string
}

/** A binding that a simulated phone holds, with the socket it holds it by. */
export interface Registration {
  /** Granted, in seconds. */
  readonly expires: number
  /** From the first REGISTER to its 200, in milliseconds. */
  readonly latencyMs: number
  /** Registers again over the same socket with the same Call-ID. @throws RegistrationFailure */
  refresh(): Promise<void>
  unregister(): Promise<void>
  /** Falls silent without unregistering. */
  close(): void
}

/** No registration: refused for good, or nobody answered. */
export class RegistrationFailure extends Error {
  constructor(
    readonly kind: Extract<FailureKind, 'register-refused' | 'register-timeout'>,
    message: string,
  ) {
    super(message)
    this.name = 'RegistrationFailure'
  }
}

/** Where the REGISTER of an account goes before any name is resolved. */
export interface RegistrarTarget {
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp'
}

/** The outbound proxy if there is one, else the registrar. Undefined for TLS, which is not simulated. */
export function registrarTarget(account: PhoneAccount): RegistrarTarget | undefined {
  if (account.transport === 'tls') return undefined
  const { host, port } = account.outboundProxy ?? { host: account.server, port: account.port }
  // A phone that asks DNS and finds nothing falls back to UDP (RFC 3263 §4.1).
  return { host, port, transport: account.transport === 'tcp' ? 'tcp' : 'udp' }
}

/** The MAC address as a version 1 UUID, the way desk phones do. */
export function instanceId(mac: string): string {
  return `urn:uuid:00000000-0000-1000-8000-${mac}`
}

/** The request of one account, once its target has an address. */
export function registrationRequest(
  phone: { model: SimulatedModel; mac: string; localAddress?: string },
  account: PhoneAccount,
  target: RegistrarTarget,
  serverAddress: string,
): RegistrationRequest {
  return {
    serverAddress,
    port: target.port,
    transport: target.transport,
    ...(phone.localAddress !== undefined && { localAddress: phone.localAddress }),
    user: account.user,
    authUser: account.authUser,
    password: account.password,
    domain: account.server,
    expires: account.expiresSeconds,
    userAgent: phone.model.sipUserAgent,
    ...(account.displayName !== '' && { displayName: account.displayName }),
    instanceId: instanceId(phone.mac),
  }
}
