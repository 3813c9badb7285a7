import type { ImportState } from '../bulk/store.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Binding, Id, ProvisioningEvent } from '../domain/entities.js'
import type { Mac } from '../domain/mac-address.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'

/** A phone that asked for its config and is nobody's yet. All of it is what a stranger claims. */
export interface PendingPhone {
  mac: Mac
  peer: string
  path: string
  userAgent?: string
  firstAt: Millis
  lastAt: Millis
  requests: number
}

/** What is not as it was: phones and people by id, and whether lists have other rows than before. */
export interface LiveChange {
  devices: ReadonlySet<Id>
  extensions: ReadonlySet<Id>
  /** Somebody waits who did not, or asked again. */
  pending: boolean
  /** People or phones were added, changed or removed. */
  records: boolean
}

/** An import that came to its end. */
export interface ImportEnded {
  id: Id
  siteId: Id
  state: ImportState
  fileName?: string
}

/** What the snapshot shows differently; see snapshot-feed.ts. */
interface RecordsChanged {
  readonly everything: boolean
  readonly extensions: readonly Id[]
  readonly devices: readonly Id[]
}

/** A phone that asked this short ago and is not registered is on its way. */
export const PROVISIONING_MS = 120_000
/** Changes are told together, so that a thousand phones in ten seconds are forty messages. */
const GATHER_MS = 250
/** Anybody can make up MAC addresses: the ones heard of longest ago go first. */
const PENDING_MAX = 1_000

export interface LiveParts {
  clock: Clock
  snapshot: Pick<Snapshot, 'deviceByMac' | 'deviceByLine'>
}

/** What happens now, in memory: who asked, who waits, and what pages must show differently. */
export class Live {
  readonly #clock: Clock
  readonly #snapshot: LiveParts['snapshot']
  /** By device: when it last asked for its config. */
  readonly #asked = new Map<Id, Millis>()
  /** Phones that are not to be disturbed, with the people on their lines. */
  readonly #doNotDisturb = new Map<Id, ReadonlySet<Id>>()
  readonly #pending = new Map<Mac, PendingPhone>()
  readonly #listeners = new Set<(change: LiveChange) => void>()
  readonly #importListeners = new Set<(ended: ImportEnded) => void>()
  #devices = new Set<Id>()
  #extensions = new Set<Id>()
  #pendingChanged = false
  #records = false
  #told = 0
  #cancelFlush: (() => void) | undefined
  #cancelAging: (() => void) | undefined

  constructor({ clock, snapshot }: LiveParts) {
    this.#clock = clock
    this.#snapshot = snapshot
  }

  /** How often changes were told. A page that was made at another count shows something older. */
  get told(): number {
    return this.#told
  }

  /** A request of a phone, or of somebody who says so. */
  event(event: ProvisioningEvent): void {
    if (event.outcome === 'unknown-device' && event.mac !== undefined) {
      this.#wait({
        mac: event.mac,
        peer: event.peer,
        path: event.path,
        ...(event.userAgent === undefined ? {} : { userAgent: event.userAgent }),
        firstAt: event.at,
        lastAt: event.at,
        requests: event.times ?? 1,
      })
      this.#pendingChanged = true
      this.#changed()
      return
    }
    // A stranger may ask for any MAC: that is not the phone.
    if (event.deviceId === undefined || event.outcome === 'untrusted') return
    this.#asked.set(event.deviceId, event.at)
    this.#cancelAging ??= this.#clock.after(PROVISIONING_MS, () => this.#age())
    // Nearly always nobody looks, and phones ask for thousands of files.
    if (this.#listeners.size === 0) return
    this.#devices.add(event.deviceId)
    this.#changed()
  }

  /** Somebody switched "do not disturb" on a phone. */
  reported({ id, lines }: Pick<DeviceRecord, 'id' | 'lines'>, doNotDisturb: boolean): void {
    const people = new Set(lines.map(({ extensionId }) => extensionId))
    if (doNotDisturb) this.#doNotDisturb.set(id, people)
    else this.#doNotDisturb.delete(id)
    for (const person of people) this.#extensions.add(person)
    this.phonesChanged([id])
  }

  /** Forgets what was reported by phones that are not heard any more. */
  keepReports(isHeard: (deviceId: Id) => boolean): void {
    for (const [id, people] of this.#doNotDisturb) {
      if (isHeard(id)) continue
      this.#doNotDisturb.delete(id)
      for (const person of people) this.#extensions.add(person)
      this.phonesChanged([id])
    }
  }

  /** Is this phone, or one of this person's, not to be disturbed, as far as phones report it? */
  isDoNotDisturb(id: Id): boolean {
    if (this.#doNotDisturb.size === 0) return false
    return this.#doNotDisturb.has(id) || [...this.#doNotDisturb.values()].some((people) => people.has(id))
  }

  /** Somebody registered, or is registered no more. */
  binding({ lineId, extensionId }: Pick<Binding, 'lineId' | 'extensionId'>): void {
    // Nearly always nobody looks, and thousands of phones register.
    if (this.#listeners.size === 0) return
    const device = lineId === undefined ? undefined : this.#snapshot.deviceByLine(lineId)
    if (device) this.#devices.add(device.id)
    this.#extensions.add(extensionId)
    this.#changed()
  }

  /** The operators' records are others than before. Phones that were seen do not count here. */
  recordsChanged({ everything, extensions, devices }: RecordsChanged): void {
    if (!everything && extensions.length === 0 && devices.length === 0) return
    for (const id of devices) this.#devices.add(id)
    for (const id of extensions) this.#extensions.add(id)
    this.#records = true
    this.#pendingChanged ||= this.#pending.size > 0
    this.#changed()
  }

  /** Something of these phones is to be shown differently. */
  phonesChanged(ids: Iterable<Id>): void {
    for (const id of ids) this.#devices.add(id)
    this.#changed()
  }

  /** Other files wait for these phones than before: lists show it. */
  filesWait(ids: Iterable<Id>): void {
    this.#records = true
    this.phonesChanged(ids)
  }

  /** Who waited before this program was started. */
  remember(phones: readonly PendingPhone[]): void {
    for (const phone of phones) if (!this.#pending.has(phone.mac)) this.#wait(phone)
  }

  /** Who waits now, the last heard of first. */
  pending(): PendingPhone[] {
    for (const mac of this.#pending.keys()) if (this.#isKnown(mac)) this.#pending.delete(mac)
    return [...this.#pending.values()].sort((a, b) => b.lastAt - a.lastAt || (a.mac < b.mac ? -1 : 1))
  }

  /** When the phone last asked for its config, if it did not long ago. */
  askedAt(deviceId: Id): Millis | undefined {
    return this.#asked.get(deviceId)
  }

  /** Told at once: whoever started it waits for it. */
  importEnded(ended: ImportEnded): void {
    for (const listener of this.#importListeners) listener(ended)
  }

  onImportEnded(listener: (ended: ImportEnded) => void): () => void {
    this.#importListeners.add(listener)
    return () => this.#importListeners.delete(listener)
  }

  subscribe(listener: (change: LiveChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    this.#cancelFlush?.()
    this.#cancelAging?.()
    this.#listeners.clear()
    this.#importListeners.clear()
  }

  #isKnown(mac: Mac): boolean {
    const device = this.#snapshot.deviceByMac(mac)
    return device !== undefined && device.state !== 'retired'
  }

  #wait(phone: PendingPhone): void {
    const known = this.#pending.get(phone.mac)
    // Set anew: a map keeps the order of setting, so the first of it is the one heard of longest ago.
    this.#pending.delete(phone.mac)
    this.#pending.set(phone.mac, {
      ...known,
      ...phone,
      ...(known ? { firstAt: known.firstAt, requests: known.requests + phone.requests } : {}),
    })
    const [oldest] = this.#pending.keys()
    if (this.#pending.size > PENDING_MAX && oldest !== undefined) this.#pending.delete(oldest)
  }

  #age(): void {
    this.#cancelAging = undefined
    const now = this.#clock.now()
    let next = PROVISIONING_MS
    for (const [id, at] of this.#asked) {
      const left = at + PROVISIONING_MS - now
      if (left > 0 && left <= PROVISIONING_MS) next = Math.min(next, left)
      else {
        this.#asked.delete(id)
        this.#devices.add(id)
      }
    }
    if (this.#asked.size > 0) this.#cancelAging = this.#clock.after(Math.max(next, 1_000), () => this.#age())
    this.#changed()
  }

  #changed(): void {
    if (this.#listeners.size === 0) this.#forget()
    else this.#cancelFlush ??= this.#clock.after(GATHER_MS, () => this.#flush())
  }

  #flush(): void {
    this.#cancelFlush = undefined
    const change: LiveChange = {
      devices: this.#devices,
      extensions: this.#extensions,
      pending: this.#pendingChanged,
      records: this.#records,
    }
    this.#forget()
    this.#told += 1
    for (const listener of this.#listeners) listener(change)
  }

  #forget(): void {
    this.#devices = new Set()
    this.#extensions = new Set()
    this.#pendingChanged = false
    this.#records = false
  }
}
