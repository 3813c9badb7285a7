import { nameOfFile, type Catalog } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Millis } from '../domain/clock.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { ConfigFiles, ConfigResult } from './config-files.js'
import type { ServerAddress } from './file-view.js'

/** What a phone got of one file the last time it asked. */
export interface LastServed {
  readonly sha256: string
  readonly at: Millis
}

/** By MAC address, then by file name in lower case. */
export type ServedFiles = ReadonlyMap<Mac, ReadonlyMap<string, LastServed>>

/** A file whose bytes would be others now. */
export interface ChangedFile {
  readonly name: string
  readonly servedAt: Millis
  readonly servedSha256: string
  readonly nowSha256: string
}

export interface ChangedPhone {
  readonly device: DeviceRecord
  readonly files: readonly ChangedFile[]
}

export interface Changes {
  /** Phones that would get other bytes than they have: these, and no others, gain by looking again. */
  readonly changed: readonly ChangedPhone[]
  /** Phones of which it is not known what they have: they never asked, or too long ago. */
  readonly unknown: readonly DeviceRecord[]
  /** Phones that have just what they would get. */
  readonly same: number
}

export interface ChangedParts {
  readonly catalog: Pick<Catalog, 'model' | 'files'>
  readonly configs: ConfigFiles
  /** Every address that phones may have reached the server by: which one is not kept, and it stands in the files. */
  readonly servers: readonly ServerAddress[]
}

/** Where the server may have been reached. */
export interface ReachedBy {
  /** PHONEBOOT_HOST: then phones are told this and nothing else. */
  readonly host?: string | undefined
  /** Local addresses that are listened on. */
  readonly addresses: readonly string[]
  /** Port numbers; several sets when it is not sure which of them are in use. */
  readonly ports: readonly Omit<ServerAddress, 'host'>[]
}

/** Every address that phones may have been told: see `advertised` in src/server. */
export function possibleServers({ host, addresses, ports }: ReachedBy): ServerAddress[] {
  const hosts = host === undefined ? addresses : [host]
  return hosts.flatMap((one) => ports.map((numbers) => ({ host: one.includes(':') ? `[${one}]` : one, ...numbers })))
}

/** Phones looked at before others get a turn. */
const SLICE = 10

/**
 * Which phones' files differ from what each was last given: whatever was changed, and by whom. A phone whose files
 * cannot be rendered now is left alone, since it would get nothing better.
 * @param pause lets others have a turn
 */
export async function findChanged(
  parts: ChangedParts,
  devices: Iterable<DeviceRecord>,
  served: ServedFiles,
  pause: () => Promise<void>,
): Promise<Changes> {
  const look = fileComparer(parts)
  const changed: ChangedPhone[] = []
  const unknown: DeviceRecord[] = []
  let [same, looked] = [0, 0]
  for (const device of devices) {
    if (device.state !== 'approved') continue
    looked += 1
    if (looked % SLICE === 0) await pause()
    const files = look(device, served.get(device.mac) ?? new Map())
    if (!files) unknown.push(device)
    else if (files.length > 0) changed.push({ device, files })
    else same += 1
  }
  return { changed, unknown, same }
}

/** Looks at one phone after another; undefined: nothing is known of what the phone has. */
export function fileComparer({
  catalog,
  configs,
  servers,
}: ChangedParts): (device: DeviceRecord, served: ReadonlyMap<string, LastServed>) => ChangedFile[] | undefined {
  let byUse = [...servers]
  const now = (model: PhoneModel, file: PhoneFile, device: DeviceRecord, server: ServerAddress): ConfigResult =>
    file.scope === 'device' ? configs.device(model, file, device, server, false) : configs.common(model, file, server)
  return (device, served) => {
    const model = catalog.model(device.model)
    const changed: ChangedFile[] = []
    let known = false
    for (const file of model ? catalog.files(model.model) : []) {
      const name = model && nameOfFile(model, file, device.mac)
      const last = name === undefined || file.expectedMiss ? undefined : served.get(name.toLowerCase())
      if (!model || name === undefined || !last) continue
      known = true
      let other: string | undefined
      for (const server of byUse) {
        const result = now(model, file, device, server)
        if (result.kind === 'failed') continue
        other = result.config.sha256
        if (other !== last.sha256) continue
        // Phones mostly reach the server by the same address: it is tried first for the next one.
        byUse = [server, ...byUse.filter((one) => one !== server)]
        other = undefined
        break
      }
      if (other !== undefined) {
        changed.push({ name, servedAt: last.at, servedSha256: last.sha256, nowSha256: other })
      }
    }
    return known ? changed : undefined
  }
}
