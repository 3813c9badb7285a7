import type { ServerResponse } from 'node:http'
import { ALL_SITES, may, type Rights } from '../../accounts/permissions.js'
import { registeredNow } from '../../admin/api/views.js'
import { EventStream } from '../../admin/edge/event-stream.js'
import type { AdminParts } from '../../admin/parts.js'
import type { Id } from '../../domain/entities.js'
import type { ImportEnded, Live, LiveChange } from '../live.js'
import { personState, phoneState } from '../states.js'

/** Pages that listen at once; each holds a connection. */
const LISTENERS_MAX = 500
/** A comment this often keeps proxies from closing, and finds out who has gone or may no longer see this. */
const BEAT_MS = 20_000
/** More than this at once, and pages load their lists anew instead. */
const STATES_MAX = 2_000
/** The browser tries again after this. */
const RETRY_MS = 2_000

/** Somebody who looks at pages. */
export interface Watcher {
  siteId: Id
  rights: Rights
  /** False once the session has ended. */
  isSignedIn(): Promise<boolean>
}

interface Listener extends Watcher {
  stream: EventStream
  /** What was told last is still under way: what comes meanwhile is told as "all". */
  isSlow: boolean
  missed: boolean
}

/** Tells open pages what changed: states by phone and person, and that lists are others than before. */
export class LiveStream {
  readonly #listeners = new Set<Listener>()
  #cancelBeat: (() => void) | undefined

  constructor(
    private readonly parts: AdminParts,
    private readonly live: Live,
  ) {
    live.subscribe((change) => this.#tell(change))
    live.onImportEnded((ended) => this.#tellImport(ended))
  }

  /** False when too many listen already. */
  add(watcher: Watcher, response: ServerResponse): boolean {
    if (this.#listeners.size >= LISTENERS_MAX) return false
    const stream = new EventStream(response)
    const listener: Listener = { ...watcher, stream, isSlow: false, missed: false }
    this.#listeners.add(listener)
    this.#beatAgain()
    stream.onDrain(() => this.#drained(listener))
    stream.onClose(() => this.#leave(listener))
    stream.write(`retry: ${RETRY_MS}\n`)
    this.#send(listener, 'hello', { pending: this.#pendingFor(listener), told: this.live.told })
    return true
  }

  /** Nothing beats for nobody: a server that has stopped would go on for that long. */
  #leave(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    this.#cancelBeat?.()
    this.#cancelBeat = undefined
  }

  #tell(change: LiveChange): void {
    if (this.#listeners.size === 0) return
    const perSite = new Map<Id, { phones: object; people: object; dnd: string[] }>()
    for (const listener of this.#listeners) {
      const { siteId, rights } = listener
      const states = perSite.get(siteId) ?? this.#statesOf(siteId, change)
      perSite.set(siteId, states)
      const seesPhones = may(rights, 'phones.read', siteId)
      const seesPeople = may(rights, 'people.read', siteId)
      const seen = { ...(seesPhones ? states.phones : {}), ...(seesPeople ? states.people : {}) }
      const dnd = states.dnd.filter((name) => Object.hasOwn(seen, name))
      const message = {
        ...(seesPhones && Object.keys(states.phones).length > 0 ? { phones: states.phones } : {}),
        ...(seesPeople && Object.keys(states.people).length > 0 ? { people: states.people } : {}),
        ...(dnd.length > 0 ? { dnd } : {}),
        ...(change.pending ? { pending: this.#pendingFor(listener) } : {}),
        ...(change.records && (seesPhones || seesPeople) ? { records: true } : {}),
      }
      if (Object.values(message).every((value) => value === undefined)) continue
      if (change.devices.size + change.extensions.size > STATES_MAX) this.#send(listener, 'all', {})
      else this.#send(listener, 'change', message)
    }
  }

  /** A note on whatever page is open: a long import ends while one is elsewhere. */
  #tellImport({ id, siteId, state, fileName }: ImportEnded): void {
    for (const listener of this.#listeners) {
      if (listener.siteId !== siteId || !may(listener.rights, 'bulk.import', siteId)) continue
      this.#send(listener, 'import', { id, state, ...(fileName === undefined ? {} : { name: fileName }) })
    }
  }

  /** `dnd`: phones and people among them that are not to be disturbed. */
  #statesOf(siteId: Id, { devices, extensions }: LiveChange): { phones: object; people: object; dnd: string[] } {
    const { snapshot, clock } = this.parts
    const now = clock.now()
    const registered = registeredNow(this.parts)
    const phones: Record<string, string> = {}
    const people: Record<string, [string, number]> = {}
    const dnd: string[] = []
    for (const id of devices) {
      const device = snapshot.device(id)
      if (!device || device.siteId !== siteId || device.state === 'retired') continue
      const isRegistered = device.lines.some((line) => registered.byLine.has(line.id))
      phones[device.mac] = phoneState(
        { state: device.state, registered: isRegistered },
        this.live.askedAt(device.id),
        now,
      )
      if (this.live.isDoNotDisturb(id)) dnd.push(device.mac)
    }
    for (const id of extensions) {
      const person = snapshot.extension(id)
      if (!person || person.siteId !== siteId) continue
      const registrations = registered.counts.get(id) ?? 0
      people[person.number] = [personState({ enabled: person.enabled, registrations }), registrations]
      if (this.live.isDoNotDisturb(id)) dnd.push(person.number)
    }
    return { phones, people, dnd }
  }

  /** Strangers belong to no site: who may see them may so everywhere. */
  #pendingFor({ rights }: Watcher): number | undefined {
    return may(rights, 'strangers.read', ALL_SITES) ? this.live.pending().length : undefined
  }

  #send(listener: Listener, event: string, data: object): void {
    if (listener.isSlow) {
      listener.missed = true
      return
    }
    listener.isSlow = !listener.stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  #drained(listener: Listener): void {
    listener.isSlow = false
    if (!listener.missed) return
    listener.missed = false
    this.#send(listener, 'all', {})
  }

  async #beat(): Promise<void> {
    this.#cancelBeat = undefined
    for (const listener of [...this.#listeners]) {
      const stays = await listener.isSignedIn().catch(() => true)
      if (listener.isSlow && listener.missed) listener.stream.destroy()
      else if (!stays) listener.stream.end()
      else if (!listener.isSlow) listener.stream.write(':\n\n')
    }
    if (this.#listeners.size > 0) this.#beatAgain()
  }

  #beatAgain(): void {
    this.#cancelBeat ??= this.parts.clock.after(BEAT_MS, () => void this.#beat())
  }
}
