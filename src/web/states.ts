import type { Millis } from '../domain/clock.js'
import type { DeviceState } from '../domain/entities.js'
import { PROVISIONING_MS } from './live.js'

/** What is shown of a phone as dot and word. */
export type PhoneState = 'registered' | 'provisioning' | 'offline' | 'blocked' | 'pending'

/** Of a person: how many devices are registered decides. */
export type PersonState = 'registered' | 'several' | 'offline' | 'disabled'

export function phoneState(
  phone: { state: DeviceState; registered: boolean },
  askedAt: Millis | undefined,
  now: Millis,
): PhoneState {
  if (phone.state === 'blocked' || phone.state === 'pending') return phone.state
  if (phone.registered) return 'registered'
  return askedAt !== undefined && now - askedAt < PROVISIONING_MS ? 'provisioning' : 'offline'
}

export function personState(person: { enabled: boolean; registrations: number }): PersonState {
  if (!person.enabled) return 'disabled'
  if (person.registrations > 1) return 'several'
  return person.registrations === 1 ? 'registered' : 'offline'
}
