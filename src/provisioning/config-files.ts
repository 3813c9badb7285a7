import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Clock, Millis } from '../domain/clock.js'
import { AppError } from '../domain/errors.js'
import { sha256Hex } from '../domain/fingerprint.js'
import type { Log } from '../observe/log.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { deviceConfigKey, modelConfigKey } from './config-key.js'
import { deviceContentDigest, modelContentDigest } from './content-digest.js'
import type { ServerAddress } from './file-view.js'
import type { Renderer } from './render.js'
import type { StoredFile, StoredFiles } from './stored-files.js'
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

/** Makes files before anybody asks for them. */
export interface FilesAhead {
  /** The file of a phone in use, or with no phone that of a model. */
  prepare(model: PhoneModel, file: PhoneFile, device: DeviceRecord | undefined, server: ServerAddress): Prepared
  /** Takes into memory what was stored before the start, if it is still right; renders nothing. @returns its size in bytes */
  recall(model: PhoneModel, file: PhoneFile, device: DeviceRecord | undefined, server: ServerAddress): number
}

export interface Prepared {
  /** As in StoredFiles. */
  id: string
  /** It was there already. */
  isReady: boolean
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
  /** Files of before the start; without: all are rendered anew. */
  stored?: StoredFiles
}

/** What an entry weighs in an EntryCache, in bytes. */
export function entryBytes({ result }: Entry): number {
  return 512 + (result.kind === 'failed' ? 0 : result.config.body.byteLength)
}

/** A file that may have to be made, and what it depends on. */
interface Wanted {
  id: string
  model: PhoneModel
  file: PhoneFile
  from: KeySources
  key: string
  build(): BuiltView
  /** See content-digest.ts; undefined: this one is not stored. */
  digest?: () => string
}

export function createConfigFiles(parts: ConfigFileParts): ConfigFiles & FilesAhead {
  const { sources, cache } = parts
  const { snapshot } = sources
  const wantedDevice = (
    id: string,
    model: PhoneModel,
    file: PhoneFile,
    device: DeviceRecord,
    server: ServerAddress,
    cleared: boolean,
  ): Wanted => ({
    ...{ id, model, file, from: { version: snapshot.version, owner: device, server } },
    key: deviceConfigKey(snapshot, model, device, server, cleared),
    build: () => buildDeviceView(sources, model, device, server, cleared),
    ...(cleared ? {} : { digest: () => deviceContentDigest(snapshot, model, device, server, cleared) }),
  })
  const wantedCommon = (id: string, model: PhoneModel, file: PhoneFile, server: ServerAddress): Wanted => ({
    ...{ id, model, file, from: { version: snapshot.version, owner: model, server } },
    key: modelConfigKey(snapshot, model, server),
    build: () => buildModelView(sources, model, server),
    digest: () => modelContentDigest(snapshot, model, server),
  })
  const wantedAhead: (...of: Parameters<FilesAhead['prepare']>) => Wanted = (model, file, device, server) =>
    device
      ? wantedDevice(deviceFileId(file, device, server, false), model, file, device, server, false)
      : wantedCommon(commonFileId(file, model, server), model, file, server)
  return {
    device: (model, file, device, server, cleared) => {
      const id = deviceFileId(file, device, server, cleared)
      const known = cache.get(id)
      if (known && isFrom(known.from, snapshot.version, device, server)) return known.result
      return refreshed(parts, wantedDevice(id, model, file, device, server, cleared), known)
    },
    common: (model, file, server) => {
      const id = commonFileId(file, model, server)
      const known = cache.get(id)
      if (known && isFrom(known.from, snapshot.version, model, server)) return known.result
      return refreshed(parts, wantedCommon(id, model, file, server), known)
    },
    prepare: (...of) => {
      const wanted = wantedAhead(...of)
      return { id: wanted.id, isReady: prepared(parts, wanted) }
    },
    recall: (...of) => recalled(parts, wantedAhead(...of)),
  }
}

/** The last good bytes of a phone must never stand in for the file that clears it. */
function deviceFileId(file: PhoneFile, device: DeviceRecord, server: ServerAddress, cleared: boolean): string {
  return `${device.id} ${file.key} ${server.host} ${cleared ? 'cleared' : ''}`
}

function commonFileId(file: PhoneFile, model: PhoneModel, server: ServerAddress): string {
  return `${model.model} ${file.key} ${server.host}`
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
      a.sipPort === b.sipPort &&
      a.sipsPort === b.sipsPort)
  )
}

/** Something changed somewhere; only another key means that it concerns this file. */
function refreshed(parts: ConfigFileParts, wanted: Wanted, known: Entry | undefined): ConfigResult {
  const { id, key, from } = wanted
  if (known?.key === key) {
    known.from = from
    return known.result
  }
  const digest = parts.stored && wanted.digest?.()
  const stored = digest === undefined ? undefined : parts.stored?.find(id, digest)
  const good = known && known.result.kind !== 'failed' ? known.result.config : undefined
  const result = stored ? freshOf(wanted, good, stored) : make(parts, good, wanted)
  if (digest !== undefined && !stored) store(parts, wanted, digest, result)
  parts.cache.set(id, { key, result, from })
  return result
}

/** @returns true when it was there already */
function prepared(parts: ConfigFileParts, wanted: Wanted): boolean {
  const digest = wanted.digest?.()
  if (digest === undefined || parts.stored?.has(wanted.id, digest)) return true
  const known = parts.cache.get(wanted.id)
  if (known?.key === wanted.key) store(parts, wanted, digest, known.result)
  else refreshed(parts, wanted, known)
  return false
}

/** @returns bytes that are in memory now and were not before */
function recalled({ cache, stored }: ConfigFileParts, wanted: Wanted): number {
  const { id, key, from } = wanted
  const digest = cache.get(id) ? undefined : wanted.digest?.()
  const found = digest === undefined ? undefined : stored?.find(id, digest)
  if (!found) return 0
  cache.set(id, { key, result: freshOf(wanted, undefined, found), from })
  return found.body.byteLength
}

function store({ stored }: ConfigFileParts, { id, model, file }: Wanted, digest: string, result: ConfigResult): void {
  if (result.kind !== 'fresh') return
  const { body, lastModified } = result.config
  stored?.put({ id, digest, kind: `${model.model} ${file.key}`, body, lastModified })
}

function freshOf({ file }: Wanted, good: ConfigFile | undefined, { body, lastModified }: StoredFile): ConfigResult {
  return { kind: 'fresh', config: configFile(file, body, lastModified, good) }
}

/** Bytes ready to be sent. @param before what was sent until now: the same bytes keep their date */
export function configFile(
  { contentType }: Pick<PhoneFile, 'contentType'>,
  body: Uint8Array,
  lastModified: Millis,
  before: ConfigFile | undefined,
): ConfigFile {
  const sha256 = sha256Hex(body)
  if (before?.sha256 === sha256) return before
  const etag = `"${sha256.slice(0, 32)}"`
  return { kind: 'bytes', body, contentType, etag, lastModified, sha256 }
}

/** @param good the bytes of before, for when rendering fails now */
function make(parts: ConfigFileParts, good: ConfigFile | undefined, wanted: Wanted): ConfigResult {
  const { model, file } = wanted
  try {
    const { view, raw } = wanted.build()
    const { body } = parts.render({ model, file, view, raw })
    return freshOf(wanted, good, { body, lastModified: parts.clock.now() })
  } catch (error) {
    const reason = error instanceof AppError ? `${error.code}: ${error.message}` : 'internal error'
    parts.log.error({ model: model.model, file: file.key, err: error }, 'provisioning: a file could not be rendered')
    return good ? { kind: 'last-good', config: good, reason } : { kind: 'failed', reason }
  }
}
