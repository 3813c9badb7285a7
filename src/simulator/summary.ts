import { FAILURE_KINDS, type FailureKind, type PhoneProgress } from './progress.js'

/** Of a set of durations, in milliseconds. Percentiles are nearest rank: a value that was measured. */
export interface Durations {
  readonly min: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

export interface Summary {
  readonly phones: number
  readonly registered: number
  readonly failed: number
  /** Accounts registered; a phone may have several. */
  readonly accounts: number
  /** Only kinds that happened. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>
  /** Power-on to Registered of the phones that came up; undefined when none did. */
  readonly powerOnToRegisteredMs?: Durations
  /** First REGISTER to its 200, the slowest account of each phone that came up. */
  readonly registerMs?: Durations
}

export function summarise(phones: readonly PhoneProgress[]): Summary {
  const failures: Partial<Record<FailureKind, number>> = {}
  for (const kind of FAILURE_KINDS) {
    const count = phones.filter((phone) => phone.state === 'failed' && phone.failure === kind).length
    if (count > 0) failures[kind] = count
  }
  const up = phones.filter((phone) => phone.state === 'registered')
  const times = durations(up.map((phone) => phone.registeredAfterMs).filter((ms) => ms !== undefined))
  const registerMs = durations(up.map((phone) => phone.registerLatencyMs).filter((ms) => ms !== undefined))
  return {
    phones: phones.length,
    registered: up.length,
    failed: phones.filter((phone) => phone.state === 'failed').length,
    accounts: phones.reduce((sum, phone) => sum + phone.registered.length, 0),
    failures,
    ...(times && { powerOnToRegisteredMs: times }),
    ...(registerMs && { registerMs }),
  }
}

/** Undefined for an empty list. */
export function durations(values: readonly number[]): Durations | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  if (sorted.length === 0) return undefined
  return { min: at(0), p50: at(0.5), p95: at(0.95), max: at(1) }
}
