import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Clock, Millis } from '../domain/clock.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Log } from '../observe/log.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { deviceConfigKey, modelConfigKey } from './config-key.js'
import type { ServerAddress } from './file-view.js'
import type { Renderer } from './render.js'
import { buildDeviceView, buildModelView, type BuiltView, type ViewSources } from './view.js'

/** A rendered file ready to be sent. */
export interface ConfigFile {
  body: Uint8Array
  contentType: string
  /** Strong, quoted (RFC 9110 §8.8.3): changes only when the bytes do. */
  etag: string
  /** When these bytes were made first. */
  lastModified: Millis
  sha256: string
}

export type ConfigResult =
  | { kind: 'fresh'; config: ConfigFile }
  /** Rendering failed now; these are the bytes from before the change (decision 7). */
  | { kind: 'last-good'; config: ConfigFile; reason: string }
  | { kind: 'failed'; reason: string }

/** The files of phones, rendered when something they depend on changed. */
export interface ConfigFiles {
  device(
    model: PhoneModel,
    file: PhoneFile,
    device: DeviceRecord,
    server: ServerAddress,
    cleared: boolean,
  ): ConfigResult
  common(model: PhoneModel, file: PhoneFile, server: ServerAddress): ConfigResult
}

/** What was made last for a file of a phone. */
interface Entry {
  /** Of the last attempt, good or bad. */
  key: string
  /** The last bytes that were good. */
  config?: ConfigFile
  /** Why the last attempt failed. */
  failure?: string
}

/** Bounded by bytes; lru-cache fits. */
export interface EntryCache {
  get(key: string): Entry | undefined
  set(key: string, entry: Entry): unknown
}

export interface ConfigFileParts {
  sources: ViewSources
  render: Renderer
  cache: EntryCache
  clock: Clock
  log: Log
}

/** What an entry weighs in an EntryCache, in bytes. */
export function entryBytes(entry: Entry): number {
  return 512 + (entry.config?.body.byteLength ?? 0)
}

export function createConfigFiles(parts: ConfigFileParts): ConfigFiles {
  const { sources } = parts
  return {
    device: (model, file, device, server, cleared) => {
      const key = deviceConfigKey(sources.snapshot, model, device, server, cleared)
      // The last good bytes of a phone must never stand in for the file that clears it.
      const id = `${device.id} ${file.key} ${server.host} ${cleared ? 'cleared' : ''}`
      return cached(parts, id, key, model, file, () => buildDeviceView(sources, model, device, server, cleared))
    },
    common: (model, file, server) => {
      const key = modelConfigKey(sources.snapshot, model, server)
      const id = `${model.model} ${file.key} ${server.host}`
      return cached(parts, id, key, model, file, () => buildModelView(sources, model, server))
    },
  }
}

function cached(
  parts: ConfigFileParts,
  id: string,
  key: string,
  model: PhoneModel,
  file: PhoneFile,
  build: () => BuiltView,
): ConfigResult {
  const known = parts.cache.get(id)
  const entry = known?.key === key ? known : make(parts, key, known, model, file, build)
  if (entry !== known) parts.cache.set(id, entry)
  if (entry.failure === undefined && entry.config) return { kind: 'fresh', config: entry.config }
  const reason = entry.failure ?? 'nothing was rendered'
  return entry.config ? { kind: 'last-good', config: entry.config, reason } : { kind: 'failed', reason }
}

function make(
  parts: ConfigFileParts,
  key: string,
  before: Entry | undefined,
  model: PhoneModel,
  file: PhoneFile,
  build: () => BuiltView,
): Entry {
  try {
    const { view, raw } = build()
    const { body } = parts.render({ model, file, view, raw })
    const sha256 = sha256Hex(body)
    if (before?.config?.sha256 === sha256) return { key, config: before.config }
    const etag = `"${sha256.slice(0, 32)}"`
    return { key, config: { body, contentType: file.contentType, etag, lastModified: parts.clock.now(), sha256 } }
  } catch (error) {
    const failure = error instanceof AppError ? `${error.code}: ${error.message}` : 'internal error'
    parts.log.error({ model: model.model, file: file.key, err: error }, 'provisioning: a file could not be rendered')
    return { key, failure, ...(before?.config ? { config: before.config } : {}) }
  }
}
