import type { Millis } from '../domain/clock.js'
import type { Outcome } from '../domain/entities.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'

/** How long a deleted or moved phone is told to forget its accounts (decision 8). */
export const CLEARED_FOR_MS = 30 * 24 * 3_600_000

export type Decision =
  { allow: true; device: DeviceRecord; cleared: boolean } | { allow: false; outcome: Outcome; reason: string }

export interface AuthoriseInput {
  /** The device that the MAC in the file's name belongs to. */
  device: DeviceRecord | undefined
  /** The device whose token is in the path. */
  tokenDevice: DeviceRecord | undefined
  /** The request comes from a trusted network, and its address is proven. */
  trusted: boolean
  /** False: its person may not use it from there. Asked of phones that are let in only; left out: from anywhere. */
  mayComeFromThere?: () => boolean
  now: Millis
}

/**
 * May this phone have its config? From trusted networks the MAC in the file's name is enough; from elsewhere only the
 * phone's own token opens it. A stranger is told the same in every refusal; the reason is for the admin.
 */
export function authoriseDevice({ device, tokenDevice, trusted, mayComeFromThere, now }: AuthoriseInput): Decision {
  if (!device) return deny('unknown-device', 'no phone with this MAC address')
  const byToken = tokenDevice !== undefined && tokenDevice.id === device.id
  if (!byToken && !trusted) return deny('untrusted', 'outside the trusted networks and without the token of this phone')
  switch (device.state) {
    case 'approved':
      if (mayComeFromThere?.() === false) return deny('untrusted', 'outside the networks allowed to its person')
      return { allow: true, device, cleared: false }
    case 'retired':
      return device.retiredAt !== undefined && now - device.retiredAt < CLEARED_FOR_MS
        ? { allow: true, device, cleared: true }
        : deny('unknown-device', 'the phone was retired')
    case 'blocked':
      return deny('blocked', 'the phone is blocked')
    case 'pending':
      return deny('blocked', 'the phone waits for approval')
  }
}

/** May this requester have a file without secrets: a model's common file, firmware, the CA certificate? */
export function authorisePublic(tokenDevice: DeviceRecord | undefined, trusted: boolean): boolean {
  return trusted || tokenDevice?.state === 'approved'
}

function deny(outcome: Outcome, reason: string): Decision {
  return { allow: false, outcome, reason }
}
