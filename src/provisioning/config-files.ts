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

/** A rendered file ready to be sent: a delivery as it is, the same object for every request until its bytes change. */
export interface ConfigFile {
  kind: 'bytes'
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
  result: ConfigResult
  /** What `key` was worked out from: while these are the same, so is the key. */
  from: KeySources
}

interface KeySources {
  version: object
  owner: DeviceRecord | PhoneModel
  server: ServerAddress
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
export function entryBytes({ result }: Entry): number {
  return 512 + (result.kind === 'failed' ? 0 : result.config.body.byteLength)
}

export function createConfigFiles(parts: ConfigFileParts): ConfigFiles {
  const { sources, cache } = parts
  const { snapshot } = sources
  return {
    device: (model, file, device, server, cleared) => {
      // The last good bytes of a phone must never stand in for the file that clears it.
      const id = `${device.id} ${file.key} ${server.host} ${cleared ? 'cleared' : ''}`
      const known = cache.get(id)
      if (known && isFrom(known.from, snapshot.version, device, server)) return known.result
      const from = { version: snapshot.version, owner: device, server }
      const key = deviceConfigKey(snapshot, model, device, server, cleared)
      const build = (): BuiltView => buildDeviceView(sources, model, device, server, cleared)
      return refreshed(parts, id, known, { key, from }, () => make(parts, known, model, file, build))
    },
    common: (model, file, server) => {
      const id = `${model.model} ${file.key} ${server.host}`
      const known = cache.get(id)
      if (known && isFrom(known.from, snapshot.version, model, server)) return known.result
      const from = { version: snapshot.version, owner: model, server }
      const key = modelConfigKey(snapshot, model, server)
      const build = (): BuiltView => buildModelView(sources, model, server)
      return refreshed(parts, id, known, { key, from }, () => make(parts, known, model, file, build))
    },
  }
}

function isFrom(from: KeySources, version: object, owner: KeySources['owner'], server: ServerAddress): boolean {
  return from.version === version && from.owner === owner && isSameAddress(from.server, server)
}

function isSameAddress(a: ServerAddress, b: ServerAddress): boolean {
  return (
    a === b ||
    (a.host === b.host &&
      a.httpPort === b.httpPort &&
      a.httpsPort === b.httpsPort &&
      a.tftpPort === b.tftpPort &&
      a.sipPort === b.sipPort)
  )
}

/** Something changed somewhere; only another key means that it concerns this file. */
function refreshed(
  { cache }: ConfigFileParts,
  id: string,
  known: Entry | undefined,
  { key, from }: Pick<Entry, 'key' | 'from'>,
  makeAgain: () => ConfigResult,
): ConfigResult {
  if (known?.key === key) {
    known.from = from
    return known.result
  }
  const result = makeAgain()
  cache.set(id, { key, result, from })
  return result
}

function make(
  parts: ConfigFileParts,
  before: Entry | undefined,
  model: PhoneModel,
  file: PhoneFile,
  build: () => BuiltView,
): ConfigResult {
  const good = before && before.result.kind !== 'failed' ? before.result.config : undefined
  try {
    const { view, raw } = build()
    const { body } = parts.render({ model, file, view, raw })
    const sha256 = sha256Hex(body)
    if (good?.sha256 === sha256) return { kind: 'fresh', config: good }
    const etag = `"${sha256.slice(0, 32)}"`
    const { contentType } = file
    const config: ConfigFile = { kind: 'bytes', body, contentType, etag, lastModified: parts.clock.now(), sha256 }
    return { kind: 'fresh', config }
  } catch (error) {
    const reason = error instanceof AppError ? `${error.code}: ${error.message}` : 'internal error'
    parts.log.error({ model: model.model, file: file.key, err: error }, 'provisioning: a file could not be rendered')
    return good ? { kind: 'last-good', config: good, reason } : { kind: 'failed', reason }
  }
}
