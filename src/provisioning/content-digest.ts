import type { PhoneModel } from '../catalog/manifest.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import { deviceConfigKey, modelConfigKey } from './config-key.js'
import type { ServerAddress } from './file-view.js'

/** Told by phones and apps all the time, and in no file. */
const IN_NO_FILE: ReadonlySet<string> = new Set(['lastSeenAt', 'lastSeenIp', 'softphones'])

/** Records are replaced whole, never changed in place, so each is looked at once. */
const DIGESTS = new WeakMap<object, string>()

function recordDigest(record: unknown): string {
  if (typeof record !== 'object' || record === null) return JSON.stringify(record) ?? ''
  const known = DIGESTS.get(record)
  if (known !== undefined) return known
  const digest = sha256Hex(
    JSON.stringify(record, (name, value: unknown) =>
      IN_NO_FILE.has(name) ? undefined : value instanceof Map ? [...(value as Map<unknown, unknown>)] : value,
    ),
  )
  DIGESTS.set(record, digest)
  return digest
}

/** The same snapshot, noting what every question was answered with. */
function listening(snapshot: Snapshot, note: (answer: unknown) => void): Snapshot {
  return new Proxy(snapshot, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(member, target, args)
        note(answer)
        return answer
      }
    },
  })
}

/**
 * SHA-256 over everything the bytes of a phone's file depend on but the catalogue: what the config key asks, and the
 * content of every record it got for an answer. Revisions alone would not do for what outlives the program: they come
 * again after another copy of the database was put back.
 */
export function deviceContentDigest(
  snapshot: Snapshot,
  model: PhoneModel,
  device: DeviceRecord,
  server: ServerAddress,
  cleared: boolean,
): string {
  const seen = [model.model, recordDigest(device)]
  const asked = listening(snapshot, (answer) => seen.push(recordDigest(answer)))
  return sha256Hex([deviceConfigKey(asked, model, device, server, cleared), ...seen].join('\n'))
}

/** As `deviceContentDigest`, for a file that is the same for every phone of a model. */
export function modelContentDigest(snapshot: Snapshot, model: PhoneModel, server: ServerAddress): string {
  const seen = [model.model]
  const asked = listening(snapshot, (answer) => seen.push(recordDigest(answer)))
  return sha256Hex([modelConfigKey(asked, model, server), ...seen].join('\n'))
}
