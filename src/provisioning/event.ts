import type { Outcome, ProvisioningEvent } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import { maskText } from '../observe/mask.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { Delivered, ProvisioningRequest } from './delivery.js'

/** What the pipeline knows of a request: how it was decided, about which phone, and why. */
export interface Decided {
  outcome: Outcome
  mac?: Mac
  device?: DeviceRecord
  sha256?: string
  reason?: string
}

/** The event of a request whose answer is out. */
export function eventOf(request: ProvisioningRequest, answer: Decided, delivered: Delivered): ProvisioningEvent {
  const { mac, device, sha256, reason } = answer
  const event: ProvisioningEvent = {
    at: request.receivedAt,
    transport: request.transport,
    path: maskText(request.path).slice(0, 200),
    peer: request.peerAddress,
    outcome: outcomeOf(answer.outcome, delivered.outcome),
    status: delivered.status,
    bytes: delivered.bytes,
    micros: delivered.micros,
  }
  if (mac !== undefined) event.mac = mac
  if (device !== undefined) event.deviceId = device.id
  if (request.userAgent !== undefined) event.userAgent = request.userAgent.slice(0, 256)
  if (sha256 !== undefined) event.sha256 = sha256
  if (reason !== undefined) event.reason = reason
  return event
}

/** The edge knows of 304, ranges and broken connections; why something was refused only the pipeline knows. */
function outcomeOf(decided: Outcome, delivered: Outcome | undefined): Outcome {
  const good = decided === 'served' || decided === 'cleared' || decided === 'last-good'
  return good ? (delivered === undefined || delivered === 'served' ? decided : delivered) : decided
}
