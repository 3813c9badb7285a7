import { hostname } from 'node:os'
import { openCertificateStore, type CertificateStore } from '../certificates/edge/certificate-store.js'
import { certificateNames } from '../certificates/names.js'
import type { Config } from '../config.js'
import type { StoredImport } from '../bulk/store.js'
import { createSightingWriter, type SightingWriter } from '../devices/edge/sighting-writer.js'
import { gentleTurns, systemClock } from '../domain/edge/system-clock.js'
import { openFirmwareFolder, type FirmwareFolder } from '../firmware/edge/folder.js'
import type { Installation } from '../installation.js'
import { isSecretSetting } from '../site-use-cases.js'
import { createLimits, type ServerLimits } from '../limits/edge/server-limits.js'
import { localAddresses } from '../network/edge/interfaces.js'
import { inContainer, trustNow } from '../network/edge/trust-now.js'
import type { NetworkTrust } from '../network/trust.js'
import type { Log } from '../observe/log.js'
import { createEventWriter, type EventWriter } from '../provisioning/edge/event-writer.js'
import { startSnapshotFeed, type SnapshotFeed } from '../snapshot/edge/snapshot-feed.js'
import { LastFailures } from '../observe/last-failures.js'
import type { Rehearsal } from '../rehearsal/rehearsal.js'
import { RegisterHistory } from '../registrar/history.js'
import { Live } from '../web/live.js'
import { callableNetworks } from '../webhooks/destination.js'
import { openHappenings, type Happenings } from '../webhooks/edge/open.js'
import { ImportThread, PROGRAM } from './imports-beside.js'
import { purgeHourly } from './purge.js'
import { prepareRehearsal } from './rehearse.js'
import type { Undo } from './undo.js'

/** What all listeners of the server share. Each part has told `undo` how it is stopped. */
export interface Base {
  installation: Installation
  undo: Undo
  trust: () => NetworkTrust
  feed: SnapshotFeed
  live: Live
  /** What phones' registrations went through. */
  history: RegisterHistory
  /** TLS handshakes of phones that failed. */
  tlsFailures: LastFailures
  happenings: Happenings
  sightings: SightingWriter
  events: EventWriter
  firmware: FirmwareFolder
  certificates: CertificateStore
  limits: ServerLimits
  rehearsal: Rehearsal
}

/** Opens what the listeners share; nothing listens yet. Throws CONFIG_INVALID, ... */
export async function openBase(installation: Installation, undo: Undo): Promise<Base> {
  const { config, databases, log } = installation
  const trust = openTrust(config, log)
  const feed = await startSnapshotFeed({ databases, clock: systemClock, log, turns: gentleTurns() })
  undo.add(() => feed.stop())
  const live = new Live({ clock: systemClock, snapshot: feed.snapshot })
  undo.add(() => live.stop())
  const importEnded = (job: StoredImport): void => {
    live.importEnded(job)
    // Its phones are served as soon as may be; when this fails the next look at the feed tells.
    feed.refresh().catch(() => undefined)
  }
  const imports =
    PROGRAM === undefined
      ? undefined
      : new ImportThread({ config, clock: systemClock, log, ended: importEnded }, PROGRAM)
  if (imports) undo.add(() => imports.stop())
  installation.serve({ feed, imports, importEnded })
  undo.add(feed.onChange((change) => live.recordsChanged(change)))
  const happenings = openHappenings({
    ...{ databases, clock: systemClock, log, snapshot: feed.snapshot, secrets: installation.secrets },
    isSecretSetting: (key) => isSecretSetting(installation, key),
    siteName: (id) => feed.snapshot.site(id)?.slug,
    mayCall: callableNetworks(config.webhookNetworks),
    refresh: () => feed.refresh(),
  })
  undo.add(() => happenings.stop())
  undo.add(feed.onChange(() => happenings.changed()))
  happenings.start()
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
        sipDomain: config.sipDomain,
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
  const [history, tlsFailures] = [new RegisterHistory(), new LastFailures()]
  return {
    installation,
    undo,
    trust,
    feed,
    live,
    history,
    tlsFailures,
    happenings,
    sightings,
    events,
    firmware,
    certificates,
    limits,
    rehearsal: prepareRehearsal(installation, feed),
  }
}

function openTrust(config: Config, log: Log): () => NetworkTrust {
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
  return trust
}
