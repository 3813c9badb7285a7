import type { DeviceState, Line } from '../../src/domain/entities.js'
import type { ExtensionNumber } from '../../src/domain/extension-number.js'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import type { Mac } from '../../src/domain/mac-address.js'
import type { Sealed } from '../../src/domain/secret.js'
import type { DeviceRecord, ExtensionRecord } from '../../src/snapshot/snapshot.js'
import { DEFAULT_SITE } from './admins.js'

const SEALED = 'v1.test.nonce.body' as Sealed

/** An extension without a database: id `e<number>`. */
export function extensionRecord(number: string, part: Partial<ExtensionRecord> = {}): ExtensionRecord {
  return {
    id: `e${number}`,
    siteId: DEFAULT_SITE,
    number: number as ExtensionNumber,
    displayName: `Person ${number}`,
    authUsername: number,
    sealedPassword: SEALED,
    enabled: true,
    revision: 1,
    keys: [],
    ...part,
  }
}

/** A device without a database: id `d<mac>`, a line on each extension given, auth user `<number>-<mac's end>`. */
export function deviceRecord(
  mac: string,
  extensions: readonly string[] = [],
  part: Partial<DeviceRecord> & { state?: DeviceState } = {},
): DeviceRecord {
  const id = part.id ?? `d${mac}`
  const lines = extensions.map((number, index): Line => ({
    id: `l${mac}-${index + 1}`,
    deviceId: id,
    position: index + 1,
    extensionId: `e${number}`,
    authUsername: `${number}-${mac.slice(-4)}`,
    sealedPassword: SEALED,
  }))
  return {
    id,
    siteId: DEFAULT_SITE,
    mac: mac as Mac,
    model: 'test/two-lines',
    state: 'approved',
    sealedToken: SEALED,
    tokenHash: sha256Hex(mac),
    sealedAdminPassword: SEALED,
    revision: 1,
    lines,
    keys: [],
    ...part,
  }
}
