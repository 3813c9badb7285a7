import { LRUCache } from 'lru-cache'
import { firmwareToStore } from '../devices/firmware-sighting.js'
import { steadyClock, systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import type { Millis } from '../domain/clock.js'
import type { Binding } from '../domain/entities.js'
import { parseEndpoint } from '../network/address.js'
import { localAddressesNow } from '../network/edge/interfaces.js'
import { Afterwards } from '../observe/afterwards.js'
import { concernedBy } from '../registrar/concerned.js'
import { KnexBindingStore } from '../registrar/edge/knex-binding-store.js'
import { Registrar } from '../registrar/edge/registrar.js'
import { SnapshotAccounts } from '../registrar/edge/snapshot-accounts.js'
import { WarmAccounts } from '../registrar/edge/warm-accounts.js'
import type { RefusedRegister } from '../registrar/options.js'
import type { BindingChange } from '../registrar/store.js'
import { createServerResync } from '../resync/edge/server-resync.js'
import { openSipListeners } from '../sip/edge/listen.js'
import type { WebSocketConnections } from '../sip/edge/websocket.js'
import { mayBeOpenedBy } from '../sip/origin.js'
import type { SnapshotChange } from '../snapshot/edge/snapshot-feed.js'
import type { Base } from './base.js'

/** What the SIP side tells the rest of the server. */
export interface RunningSip {
  port: number
  tlsPort: number
  webSockets: WebSocketConnections
  /** To be called when people or phones changed: bindings of those who are gone are dropped. */
  peopleChanged: (change: SnapshotChange) => void
  bindings: () => Binding[]
  /** See Registrar. */
  dropBinding: Registrar['dropBinding']
}

/** The registrar and check-sync, and their listeners. */
export async function startSip(base: Base): Promise<RunningSip> {
  const { installation, undo, feed, sightings, limits, live, happenings, history, certificates } = base
  const { config, databases, catalog, secrets, log } = installation
  const { snapshot } = feed
  const accounts = new SnapshotAccounts(
    () => snapshot,
    (sealed, context) => secrets.open(sealed, context),
    installation.mark,
    log,
    config.sipDomain,
  )
  // An office has a handful of different User-Agents, and each phone registers again and again.
  const claims = new LRUCache<string, { claim: ReturnType<typeof catalog.userAgent> }>({ max: 1_000 })
  const claimOf = (text: string): ReturnType<typeof catalog.userAgent> => {
    const known = claims.get(text) ?? { claim: catalog.userAgent(text) }
    claims.set(text, known)
    return known.claim
  }
  const learn = (change: BindingChange): void => {
    const { kind, binding } = change
    happenings.registration(change)
    live.binding(binding)
    const phone = binding.lineId === undefined ? undefined : snapshot.deviceByLine(binding.lineId)
    if (phone) history.changed(phone.id, change, systemClock.now())
    if (kind !== 'save') return
    limits.vouch(binding)
    const model = phone && catalog.model(phone.model)
    if (!phone || !model || binding.lineId === undefined) return
    if (accounts.usesNewPassword(binding)) {
      installation.deviceStore
        .forgetFormer(binding.lineId, systemClock.now())
        .catch((error: unknown) => log.warn({ err: error }, 'a password that was replaced stays good for a while'))
    }
    const claim = binding.userAgent === undefined ? undefined : claimOf(binding.userAgent)
    const tokens = [model.match.model, ...(model.match.aliases ?? [])]
    const firmwareVersion = firmwareToStore(
      { family: model.family, tokens, firmwareVersion: phone.firmwareVersion },
      claim,
    )
    const ip = parseEndpoint(binding.received)?.address ?? binding.received
    sightings.note({
      deviceId: phone.id,
      at: systemClock.now(),
      ip,
      ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
    })
  }
  const refused = new Afterwards(
    { clock: systemClock, log },
    ({ username, received, reason, at }: RefusedRegister & { at: Millis }) => {
      const sites = [...snapshot.allSites()]
      const phone = sites.map(({ id }) => snapshot.digestUser(id, username)?.device).find((one) => one !== undefined)
      if (!phone) return
      history.refused(phone.id, received, reason, at)
      live.phonesChanged([phone.id])
    },
  )
  undo.add(() => refused.flush())
  const present = localAddressesNow(systemClock)
  const ownHosts = (): string[] => [
    ...(config.host === undefined ? [] : [config.host]),
    ...config.published.map(({ host }) => host.replace(/^\[|\]$/g, '')),
    ...present().map(({ address }) => address),
  ]
  const registrar = new Registrar({
    clock: systemClock,
    steadyClock,
    random: systemRandom,
    log,
    store: new KnexBindingStore(databases.live, log),
    accounts,
    sites: accounts,
    ownHosts,
    nonceSeconds: config.sipNonceSeconds,
    onChange: learn,
    onRefused: (one) => refused.add({ ...one, at: systemClock.now() }),
    onWatch: (request) => {
      const { lineId } = request.binding
      const phone = lineId === undefined ? undefined : snapshot.deviceByLine(lineId)
      if (!phone) return
      history.watched(phone.id, request, systemClock.now())
      live.phonesChanged([phone.id])
    },
    guard: limits.sip,
  })
  let closeListeners: () => Promise<void> = () => Promise.resolve()
  undo.add(async () => {
    await registrar.stop()
    await closeListeners()
  })
  await registrar.start()
  limits.countBindings(() => registrar.bindings())
  const warmAccounts = new WarmAccounts({ snapshot, accounts, clock: systemClock })
  undo.add(() => warmAccounts.stop())
  warmAccounts.start()
  const resync = createServerResync({
    ...{ databases, clock: systemClock, random: systemRandom, log, snapshot, catalog, secrets },
    refresh: () => feed.refresh(),
    bindings: () => registrar.bindings(),
    onFinished: (deviceId) => live.phonesChanged([deviceId]),
    keepDays: config.eventDays,
  })
  const listeners = await openSipListeners({
    port: config.sipPort,
    tls: { port: config.sipsPort, certificates },
    isAllowedOrigin: (origin) => mayBeOpenedBy(origin, config.webSocketOrigins, ownHosts()),
    bind: config.bind,
    clock: systemClock,
    log,
    onMessage: (parsed, flow) => {
      base.rehearsal.phoneCame()
      if (!limits.sip.hears(parsed, flow)) return
      if (parsed.kind === 'response') resync.receive(parsed)
      else registrar.handle(parsed, flow)
    },
    refuses: limits.sip.refuses,
  })
  closeListeners = () => listeners.close()
  undo.add(() => resync.stop())
  resync.start(listeners)
  const peopleChanged = (change: SnapshotChange): void => {
    warmAccounts.changed(change)
    for (const { aor, bindingKey } of change.ended ?? []) {
      registrar
        .dropBinding(aor, bindingKey)
        .catch((error: unknown) => log.warn({ err: error, aor }, 'a registration was not thrown out'))
    }
    void registrar.dropRevoked(concernedBy(change, (lineId) => snapshot.deviceByLine(lineId)?.id))
  }
  const { port, tlsPort = 0, webSockets } = listeners
  return {
    ...{ port, tlsPort, webSockets, peopleChanged },
    bindings: () => registrar.bindings(),
    dropBinding: (aor, bindingKey) => registrar.dropBinding(aor, bindingKey),
  }
}
