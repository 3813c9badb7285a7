import { hostname } from 'node:os'
import { LRUCache } from 'lru-cache'
import { startAdminListener, type AdminListener } from './admin/edge/listener.js'
import type { AdminParts } from './admin/parts.js'
import { openCertificateStore, type CertificateStore } from './certificates/edge/certificate-store.js'
import { certificateNames } from './certificates/names.js'
import type { Config } from './config.js'
import { databaseAnswers } from './database/edge/answers.js'
import { createSightingWriter } from './devices/edge/sighting-writer.js'
import { firmwareToStore } from './devices/firmware-sighting.js'
import { steadyClock, systemClock } from './domain/edge/system-clock.js'
import { systemRandom } from './domain/edge/system-random.js'
import type { Binding } from './domain/entities.js'
import { PatientTime } from './domain/patient-time.js'
import { openFirmwareFolder } from './firmware/edge/folder.js'
import { isSecretSetting, type Installation } from './installation.js'
import { createLimits, type ServerLimits } from './limits/edge/server-limits.js'
import { addressFamily, normaliseAddress, parseEndpoint } from './network/address.js'
import { localAddresses, localAddressesNow } from './network/edge/interfaces.js'
import { inContainer, trustNow } from './network/edge/trust-now.js'
import type { Networks } from './network/trust.js'
import type { Log } from './observe/log.js'
import { createConfigFiles, entryBytes } from './provisioning/config-files.js'
import type { ProvisioningRequest } from './provisioning/delivery.js'
import { createEventWriter } from './provisioning/edge/event-writer.js'
import { startPhoneHttpServer } from './provisioning/edge/http-server.js'
import { createPhoneHttp } from './provisioning/edge/http.js'
import { startPhoneTftpServer } from './provisioning/edge/tftp.js'
import type { ServerAddress } from './provisioning/file-view.js'
import { createProvisioning } from './provisioning/pipeline.js'
import { KnexBindingStore } from './registrar/edge/knex-binding-store.js'
import { Registrar } from './registrar/edge/registrar.js'
import { SnapshotAccounts } from './registrar/edge/snapshot-accounts.js'
import { WarmAccounts } from './registrar/edge/warm-accounts.js'
import type { BindingChange } from './registrar/store.js'
import { createServerResync } from './resync/edge/server-resync.js'
import { openSipListeners } from './sip/edge/listen.js'
import { startSnapshotFeed, type SnapshotFeed } from './snapshot/edge/snapshot-feed.js'
import { Live } from './web/live.js'

/** Rendered files kept in memory, in bytes. */
const CONFIG_CACHE_BYTES = 128 * 1024 * 1024
/** Taken for TFTP when port 69 is forbidden and was not asked for by hand. */
const TFTP_FALLBACK_PORT = 6969

/** Port numbers of the running listeners. */
export interface Ports {
  http: number
  https: number
  tftp: number
  sip: number
  admin: number
}

/** The running server. */
export interface RunningServer {
  ports: Ports
  /** The admin listener speaks HTTPS. */
  adminIsSecure: boolean
  /** Finishes commits, lets transfers go on for up to 5 s, closes everything but the installation. */
  stop(): Promise<void>
}

const HOUR_MS = 3_600_000

/** Records of phones that were removed 30 days ago are deleted, unless the date may be wrong. */
function purgeHourly({ devices, log }: Installation): () => void {
  let cancel = (): void => undefined
  const time = new PatientTime(systemClock, steadyClock)
  const purge = async (): Promise<void> => {
    try {
      const purged = time.isBelieved() ? await devices.purgeRetired('server') : 0
      if (purged > 0) log.info({ phones: purged }, 'records of phones removed long ago are deleted')
    } catch (error) {
      log.warn({ err: error }, 'records of removed phones could not be deleted; tried again in an hour')
    }
    cancel = systemClock.after(HOUR_MS, () => void purge())
  }
  cancel = systemClock.after(0, () => void purge())
  return () => cancel()
}

/** Undone in reverse order, also when a later step of the start fails. */
class Undo {
  readonly #steps: (() => Promise<unknown> | unknown)[] = []

  add(step: () => Promise<unknown> | unknown): void {
    this.#steps.unshift(step)
  }

  async run(log: Log): Promise<void> {
    for (const step of this.#steps.splice(0)) {
      try {
        await step()
      } catch (error) {
        log.error({ err: error }, 'a part of the server did not stop cleanly')
      }
    }
  }
}

/** Starts every listener over an opened installation. Throws PORT_IN_USE, PORT_FORBIDDEN, CONFIG_INVALID, ...; nothing is left open then. */
export async function startServer(installation: Installation): Promise<RunningServer> {
  const undo = new Undo()
  try {
    const started = await startParts(installation, undo)
    return { ...started, stop: () => undo.run(installation.log) }
  } catch (error) {
    await undo.run(installation.log)
    throw error
  }
}

async function startParts(installation: Installation, undo: Undo): Promise<{ ports: Ports; adminIsSecure: boolean }> {
  // The catalogue first: a mistake in it is told before anything listens.
  const { catalog, config, log, databases } = installation
  const trust = trustNow(
    { trusted: config.trustedNetworks, proxies: config.trustedProxies, unlimited: config.unlimitedNetworks },
    systemClock,
  )
  log.info(
    { trusted: trust().trusted.cidrs, proxies: trust().proxies.cidrs },
    'networks whose phones get their config by MAC',
  )
  if (config.trustedNetworks === undefined && inContainer(process.env)) {
    log.warn(
      { hint: 'set PHONEBOOT_TRUSTED_NETWORKS to the networks of your phones' },
      'in a container strangers may seem to come from a trusted private network',
    )
  }
  const feed = await startSnapshotFeed({ databases, clock: systemClock, log })
  undo.add(() => feed.stop())
  const { snapshot } = feed
  const live = new Live({ clock: systemClock, snapshot })
  undo.add(() => live.stop())
  undo.add(feed.onChange((change) => live.recordsChanged(change)))
  const sightings = createSightingWriter(installation.deviceStore, systemClock, log)
  undo.add(() => sightings.stop())
  const events = createEventWriter({ databases, clock: systemClock, log, retentionDays: config.eventDays })
  undo.add(() => events.stop())
  undo.add(purgeHourly(installation))
  const firmware = await openFirmwareFolder({ folder: config.firmwareDir, clock: systemClock, log })
  undo.add(() => firmware.close())
  const certificates = await openCertificateStore({
    dataDir: config.dataDir,
    names: () =>
      certificateNames({
        advertisedHost: config.host,
        hostName: hostname(),
        addresses: localAddresses().map(({ address }) => address),
      }),
    ...(config.tlsCert && config.tlsKey ? { operator: { certFile: config.tlsCert, keyFile: config.tlsKey } } : {}),
    clock: systemClock,
    log,
  })
  undo.add(() => certificates.close())

  const limits = await createLimits({
    ...{ config, databases, clock: systemClock, log },
    isExempt: (address) => trust().unlimited.contains(address),
    isProxy: (address) => trust().proxies.contains(address),
    phonesSeenAt: (covers, since) => sightings.countAt(covers, since),
  })
  undo.add(() => limits.stop())

  // Known once all listeners are up; no phone is answered before.
  const ports: Ports = { http: 0, https: 0, tftp: 0, sip: 0, admin: 0 }
  const sip = await startSip(installation, feed, sightings, limits, undo, live)
  undo.add(feed.onChange(sip.peopleChanged))
  ports.sip = sip.port
  const caModifiedMs = systemClock.now()
  const outcomes = new Map<string, number>()
  const { vocabulary, zones, secrets } = installation
  const viewSources = { snapshot, vocabulary, zones, open: secrets.open.bind(secrets) }
  const provisioning = createProvisioning({
    snapshot,
    catalog,
    configs: createConfigFiles({
      sources: viewSources,
      render: installation.render,
      cache: new LRUCache({ maxSize: CONFIG_CACHE_BYTES, sizeCalculation: entryBytes }),
      clock: systemClock,
      log,
    }),
    firmware,
    isTrusted: (address) => trust().trusted.contains(address),
    serverAddress: (request) => advertised(config, ports, request),
    caCertificate: () => {
      const pem = certificates.caPem()
      return pem === undefined ? undefined : { pem, modifiedMs: caModifiedMs }
    },
    record: (event) => {
      outcomes.set(event.outcome, (outcomes.get(event.outcome) ?? 0) + 1)
      events.record(event)
      limits.heed(event)
      live.event(event)
      // A stranger may ask for any MAC: that is not the phone.
      const seen = event.outcome === 'untrusted' ? undefined : event.deviceId
      if (seen !== undefined) sightings.note({ deviceId: seen, at: event.at, ip: event.peer })
    },
    clock: systemClock,
  })
  const tftp = await startPhoneTftpServer({
    provisioning,
    port: config.tftpPort,
    ...(config.tftpPortIsDefault ? { fallbackPort: TFTP_FALLBACK_PORT } : {}),
    ...(config.tftpTransferPorts ? { transferPorts: config.tftpTransferPorts } : {}),
    bind: config.bind,
    isUnlimited: (address) => trust().unlimited.contains(address),
    mayAnswer: limits.mayAnswerTftp,
    clock: systemClock,
    log,
  })
  ports.tftp = tftp.port
  undo.add(() => tftp.stop())
  const http = await startPhoneHttpServer({
    handler: createPhoneHttp({
      ...{ provisioning, trustedProxies: trust().proxies, guard: limits.http },
      ...{ clock: systemClock, log },
    }),
    guard: limits.http,
    bind: config.bind,
    httpPort: config.httpPort,
    https: { port: config.httpsPort, certificates },
    clock: systemClock,
    log,
  })
  limits.onBan(http.dropUnanswered)
  // Both give running transfers 5 s; together, not one after the other.
  undo.add(() => Promise.all([http.stop(), tftp.stop()]))
  ports.http = http.httpPort
  ports.https = http.httpsPort ?? 0
  const admin = await startAdmin(installation, certificates, undo, {
    feed,
    live,
    viewSources,
    bindings: sip.bindings,
    lastSeen: (id) => sightings.last(id),
    outcomes: () => outcomes,
    trustedProxies: () => trust().proxies,
    serverAddress: (host) => toldAddress(host ?? config.host ?? '127.0.0.1', ports),
  })
  ports.admin = admin.port
  return { ports, adminIsSecure: admin.secure }
}

/** What the admins' program shares with the phones' listeners. */
interface Shared {
  feed: SnapshotFeed
  live: Live
  viewSources: AdminParts['viewSources']
  bindings: () => Binding[]
  lastSeen: AdminParts['lastSeen']
  outcomes: () => ReadonlyMap<string, number>
  trustedProxies: () => Networks
  serverAddress: (host?: string) => ServerAddress
}

/** The admins' listener. What it needs is loaded after the phones are served. */
async function startAdmin(
  installation: Installation,
  certificates: CertificateStore,
  undo: Undo,
  { feed, live, ...shared }: Shared,
): Promise<AdminListener> {
  const { config, databases, log } = installation
  const listener = await startAdminListener({
    port: config.adminPort,
    portMayChange: config.adminPortIsDefault,
    bind: config.adminBind,
    certificates,
    readiness: async () => {
      const database = await databaseAnswers(databases, systemClock)
      return { ready: database, parts: { database: database ? 'ok' : 'does not answer' } }
    },
    loadApp: async () => {
      const [{ createAdminPlane }, { createPages }] = await Promise.all([
        import('./admin/edge/plane.js'),
        import('./web/edge/pages-router.js'),
      ])
      const trustedProxies = shared.trustedProxies()
      return createAdminPlane({
        ...installation,
        ...shared,
        trustedProxies,
        pages: (parts) => createPages({ parts, live, trustedProxies, log }),
        snapshot: feed.snapshot,
        refresh: () => feed.refresh(),
        isSecretSetting: (key) => isSecretSetting(installation.catalog, key),
        clock: systemClock,
        random: systemRandom,
      })
    },
    clock: systemClock,
    log,
  })
  undo.add(() => listener.stop())
  return listener
}

async function startSip(
  { config, databases, catalog, secrets, log }: Installation,
  feed: SnapshotFeed,
  sightings: ReturnType<typeof createSightingWriter>,
  limits: ServerLimits,
  undo: Undo,
  live: Live,
): Promise<{ port: number; peopleChanged: () => void; bindings: () => Binding[] }> {
  const { snapshot } = feed
  const accounts = new SnapshotAccounts(
    () => snapshot,
    (sealed, context) => secrets.open(sealed, context),
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
  const learn = ({ kind, binding }: BindingChange): void => {
    live.binding(binding)
    if (kind === 'save') limits.vouch(binding)
    if (kind !== 'save' || binding.lineId === undefined) return
    const user = snapshot.deviceByLine(binding.lineId)
    const model = user && catalog.model(user.model)
    if (!user || !model) return
    const claim = binding.userAgent === undefined ? undefined : claimOf(binding.userAgent)
    const tokens = [model.match.model, ...(model.match.aliases ?? [])]
    const firmwareVersion = firmwareToStore(
      { family: model.family, tokens, firmwareVersion: user.firmwareVersion },
      claim,
    )
    const ip = parseEndpoint(binding.received)?.address ?? binding.received
    sightings.note({
      deviceId: user.id,
      at: systemClock.now(),
      ip,
      ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
    })
  }
  const present = localAddressesNow(systemClock)
  const registrar = new Registrar({
    clock: systemClock,
    steadyClock,
    random: systemRandom,
    log,
    store: new KnexBindingStore(databases.live),
    accounts,
    sites: accounts,
    ownHosts: () => [...(config.host === undefined ? [] : [config.host]), ...present().map(({ address }) => address)],
    nonceSeconds: config.sipNonceSeconds,
    onChange: learn,
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
    keepDays: config.eventDays,
  })
  const listeners = await openSipListeners({
    port: config.sipPort,
    bind: config.bind,
    clock: systemClock,
    log,
    onMessage: (parsed, flow) => {
      if (!limits.sip.hears(parsed, flow)) return
      if (parsed.kind === 'response') resync.receive(parsed)
      else registrar.handle(parsed, flow)
    },
    refuses: limits.sip.refuses,
  })
  closeListeners = () => listeners.close()
  undo.add(() => resync.stop())
  resync.start(listeners)
  const peopleChanged = (): void => {
    warmAccounts.start()
    void registrar.dropRevoked()
  }
  return { port: listeners.port, peopleChanged, bindings: () => registrar.bindings() }
}

/** What the phone behind a request is told: PHONEBOOT_HOST, else the address it reached (never a Host header). */
function advertised(config: Config, ports: Ports, request: ProvisioningRequest): ServerAddress {
  return toldAddress(config.host ?? request.localAddress, ports)
}

function toldAddress(host: string, ports: Ports): ServerAddress {
  const literal = normaliseAddress(host)
  return {
    host: literal !== undefined && addressFamily(literal) === 6 ? `[${literal}]` : host,
    httpPort: ports.http,
    httpsPort: ports.https,
    tftpPort: ports.tftp,
    sipPort: ports.sip,
  }
}
