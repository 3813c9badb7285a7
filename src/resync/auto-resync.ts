import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import type { Turns } from '../domain/turns.js'
import type { Log } from '../observe/log.js'
import { Outage } from '../observe/outage.js'
import type { WaitingChanges } from '../provisioning/waiting-changes.js'
import type { Catalog } from '../catalog/catalog.js'
import { groupsOf } from '../snapshot/groups-of.js'
import { closedNext } from '../snapshot/planned-moment.js'
import { siteValue } from '../snapshot/site-value.js'
import type { DeviceRecord, ListedSnapshot } from '../snapshot/snapshot.js'
import type { ResyncAdmin } from './use-cases.js'

export interface AutoResyncParts {
  readonly snapshot: ListedSnapshot
  readonly catalog: Pick<Catalog, 'model'>
  readonly waiting: Pick<WaitingChanges, 'refresh' | 'of'>
  readonly resync: Pick<ResyncAdmin, 'ask'>
  readonly turns: Turns
  readonly clock: Clock
  readonly log: Log
}

/** The setting that asks for it. */
const SETTING = 'resyncAfterChange'
/** What is changed within is told together. */
const GATHER_MS = 2_000
/** As in the audit log. */
const ACTOR = 'server'

/**
 * Asks phones to fetch their files as soon as these are others than they have, where the setting says so. A phone is
 * asked once for the same files, whatever it does then.
 */
export class AutoResync {
  /** What each phone was asked to fetch, by its digests. */
  readonly #asked = new Map<Id, string>()
  readonly #outage: Outage
  #cancel: (() => void) | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(private readonly parts: AutoResyncParts) {
    this.#outage = new Outage(parts.log, {
      fails: 'phones cannot be asked to fetch what changed; they do when they next look',
      worksAgain: 'phones are asked again to fetch what changed',
    })
  }

  /** Something was changed. */
  changed(): void {
    if (this.#stopped) return
    this.#cancel ??= this.parts.clock.after(GATHER_MS, () => {
      this.#cancel = undefined
      this.#running = this.#running.then(() => this.#look())
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#running
  }

  async #look(): Promise<void> {
    const { waiting, resync, snapshot, log } = this.parts
    try {
      const wanted = await this.#wanted()
      if (wanted.size === 0) return
      await waiting.refresh()
      for (const { id: siteId } of snapshot.allSites()) {
        const phones = waiting.of(siteId).changed.flatMap(({ device, files }) => {
          const what = files.map(({ nowSha256 }) => nowSha256).join()
          if (!wanted.has(device.id) || this.#asked.get(device.id) === what) return []
          this.#asked.set(device.id, what)
          return [device]
        })
        if (phones.length === 0) continue
        await resync.ask(ACTOR, phones, 'resync', this.#when(siteId))
        log.info({ phones: phones.length }, 'phones are asked to fetch what changed')
      }
      this.#outage.worked()
    } catch (error) {
      this.#outage.failed({ err: error })
    }
  }

  /** At once, or when the office of the site has closed, where the setting says so. */
  #when(siteId: Id): Millis | undefined {
    const { snapshot, clock } = this.parts
    const waits = siteValue(snapshot, siteId, 'resyncOutsideHours') === true
    return waits ? closedNext(snapshot, siteId, clock.now()) : undefined
  }

  /** Phones that want to be asked. */
  async #wanted(): Promise<ReadonlySet<Id>> {
    const wanted = new Set<Id>()
    for (const device of this.parts.snapshot.allDevices()) {
      await this.parts.turns()
      if (device.state === 'approved' && this.#isWanted(device)) wanted.add(device.id)
    }
    return wanted
  }

  #isWanted(device: DeviceRecord): boolean {
    const { id, lines, model, siteId } = device
    const { snapshot, catalog } = this.parts
    const family = catalog.model(model)?.family ?? ''
    const groups = groupsOf(snapshot, device, lines[0]?.extensionId)
    const inGroups = groups.map((group) => snapshot.layer('group', group).values.get(SETTING))
    const value =
      snapshot.layer('device', id).values.get(SETTING) ??
      inGroups.findLast((set) => set !== undefined) ??
      snapshot.layer('model', model).values.get(SETTING) ??
      snapshot.layer('vendor', family).values.get(SETTING) ??
      siteValue(snapshot, siteId, SETTING)
    return value === true
  }
}
