import type { Catalog } from '../catalog/catalog.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { Id, Outcome, ProvisioningEvent } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { Turns } from '../domain/turns.js'
import type { DeviceRecord, ListedSnapshot } from '../snapshot/snapshot.js'
import { fileComparer, type ChangedFile, type LastServed, type ServedFiles } from './changed.js'
import { deviceConfigKey, modelConfigKey } from './config-key.js'
import type { ConfigFiles } from './config-files.js'
import type { ServerAddress } from './file-view.js'

/** `changed`: it would get other bytes than it has. `unknown`: it never asked, or too long ago. */
export type WaitingState = 'changed' | 'same' | 'unknown'

export interface WaitingParts {
  readonly catalog: Pick<Catalog, 'model' | 'files'>
  readonly snapshot: ListedSnapshot
  readonly configs: ConfigFiles
  /** See ChangedParts. */
  servers(): readonly ServerAddress[]
  /** What phones got the last time they asked. */
  readServed(mac?: Mac): Promise<ServedFiles>
  readonly turns: Turns
}

/** What waits for phones of a site. */
export interface Waiting {
  readonly changed: readonly { readonly device: DeviceRecord; readonly files: readonly ChangedFile[] }[]
  readonly unknown: number
  readonly same: number
}

interface Verdict {
  /** Of everything it was worked out from. */
  readonly key: string
  readonly served: ReadonlyMap<string, LastServed> | undefined
  /** Undefined: nothing is known of what the phone has. */
  readonly files: readonly ChangedFile[] | undefined
}

/** Answers after which the phone has just the bytes of the digest. */
const GIVEN: ReadonlySet<Outcome> = new Set<Outcome>(['served', 'not-modified', 'last-good', 'cleared'])

/**
 * Which phones would get other files than they have, kept up to date for those who look: only phones that something
 * concerns since the last look are rendered again. Nothing is done before somebody looks.
 */
export class WaitingChanges {
  readonly #verdicts = new Map<Id, Verdict>()
  readonly #listeners = new Set<(devices: ReadonlySet<Id>) => void>()
  #served: Map<Mac, ReadonlyMap<string, LastServed>> | undefined
  #loading: Promise<void> | undefined
  #sweep: Promise<void> | undefined
  /** What the last sweep began with; something else now: another is due. */
  #swept: { version: object; served: number } | undefined
  #servedChanges = 0

  constructor(private readonly parts: WaitingParts) {}

  /** A phone was given something, or had it already. */
  heed({ mac, sha256, outcome, bytes, path, at }: ProvisioningEvent): void {
    if (!this.#served || mac === undefined || sha256 === undefined || !GIVEN.has(outcome)) return
    // A HEAD request gives no bytes.
    if (bytes === 0 && outcome !== 'not-modified') return
    const name = fileNameIn(path)
    const known = this.#served.get(mac)
    if (known?.get(name)?.sha256 === sha256) return
    this.#served.set(mac, new Map([...(known ?? []), [name, { sha256, at }]]))
    this.#servedChanges += 1
  }

  /** Calls `listener` with the phones that wait for something else than before, after each look at all of them. */
  onChange(listener: (devices: ReadonlySet<Id>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** As far as it was looked at; undefined: not yet. */
  state({ id }: Pick<DeviceRecord, 'id'>): WaitingState | undefined {
    const verdict = this.#verdicts.get(id)
    return verdict && stateOf(verdict)
  }

  /** Looks at all phones; resolves when what is known is not older than the call. */
  async refresh(): Promise<void> {
    while (this.#sweep) await this.#sweep
    if (this.isFresh) return
    this.#sweep ??= this.#lookAtAll().finally(() => (this.#sweep = undefined))
    await this.#sweep
  }

  /** True while nothing happened since the last look at all phones. */
  get isFresh(): boolean {
    const { version } = this.parts.snapshot
    return this.#swept?.version === version && this.#swept.served === this.#servedChanges
  }

  /** Files of one phone that are not as it has them, now; undefined: nothing is known of what it has. */
  async look(device: DeviceRecord): Promise<readonly ChangedFile[] | undefined> {
    const served = this.#served ?? (await this.parts.readServed(device.mac))
    return fileComparer({ ...this.parts, servers: this.parts.servers() })(device, served.get(device.mac) ?? new Map())
  }

  /** What is known of the phones of a site; `refresh` first. */
  of(siteId: Id): Waiting {
    const changed: Waiting['changed'][number][] = []
    let [unknown, same] = [0, 0]
    for (const [id, verdict] of this.#verdicts) {
      const device = this.parts.snapshot.device(id)
      if (device?.siteId !== siteId || device.state !== 'approved') continue
      if (verdict.files === undefined) unknown += 1
      else if (verdict.files.length === 0) same += 1
      else changed.push({ device, files: verdict.files })
    }
    return { changed, unknown, same }
  }

  async #lookAtAll(): Promise<void> {
    const { snapshot, turns } = this.parts
    await (this.#loading ??= this.#load())
    const begun = { version: snapshot.version, served: this.#servedChanges }
    const servers = this.parts.servers()
    const look = fileComparer({ ...this.parts, servers })
    const keyOf = this.#keys(servers)
    const others = new Set<Id>()
    const gone = new Set(this.#verdicts.keys())
    for (const device of snapshot.allDevices()) {
      await turns()
      if (device.state !== 'approved') continue
      gone.delete(device.id)
      const before = this.#verdicts.get(device.id)
      const served = this.#served?.get(device.mac)
      const key = keyOf(device)
      if (before?.key === key && before.served === served) continue
      const now: Verdict = { key, served, files: look(device, served ?? new Map()) }
      this.#verdicts.set(device.id, now)
      if ((before ? stateOf(before) : 'same') !== stateOf(now)) others.add(device.id)
    }
    for (const id of gone) this.#verdicts.delete(id)
    this.#swept = begun
    if (others.size > 0) for (const listener of this.#listeners) listener(others)
  }

  /** What the bytes of a phone's files depend on. */
  #keys(servers: readonly ServerAddress[]): (device: DeviceRecord) => string {
    const { catalog, snapshot } = this.parts
    const [server] = servers
    const common = new Map<PhoneModel, string>()
    return (device) => {
      const model = catalog.model(device.model)
      if (!model || !server) return ''
      let shared = common.get(model)
      if (shared === undefined) common.set(model, (shared = modelConfigKey(snapshot, model, server)))
      return `${deviceConfigKey(snapshot, model, device, server, false)} ${shared} ${servers.length}`
    }
  }

  async #load(): Promise<void> {
    // From here on `heed` collects; what it has is newer than what is read.
    const collected = new Map<Mac, ReadonlyMap<string, LastServed>>()
    this.#served = collected
    try {
      for (const [mac, files] of await this.parts.readServed()) {
        collected.set(mac, new Map([...files, ...(collected.get(mac) ?? [])]))
      }
    } catch (error) {
      this.#served = undefined
      this.#loading = undefined
      throw error
    }
  }
}

function stateOf({ files }: Verdict): WaitingState {
  return files === undefined ? 'unknown' : files.length > 0 ? 'changed' : 'same'
}

/** One file may be asked for below several folders or tokens, and by TFTP. */
export function fileNameIn(path: string): string {
  return path
    .replace(/[?#].*$/s, '')
    .replace(/^.*[/\\]/s, '')
    .toLowerCase()
}
