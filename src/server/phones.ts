import { LRUCache } from 'lru-cache'
import { briskTurns, spareTime, systemClock } from '../domain/edge/system-clock.js'
import type { Id, ProvisioningEvent } from '../domain/entities.js'
import { Afterwards } from '../observe/afterwards.js'
import { createConfigFiles, entryBytes } from '../provisioning/config-files.js'
import { deviceLayers } from '../provisioning/layers.js'
import { mayReport } from '../provisioning/reports.js'
import { startPhoneHttpServer } from '../provisioning/edge/http-server.js'
import { createPhoneHttp } from '../provisioning/edge/http.js'
import { startPhoneTftpServer } from '../provisioning/edge/tftp.js'
import { PhonebookShelf } from '../provisioning/phonebook-files.js'
import { createProvisioning } from '../provisioning/pipeline.js'
import type { ViewSources } from '../provisioning/view.js'
import type { WaitingChanges } from '../provisioning/waiting-changes.js'
import { advertised } from './advertised.js'
import type { WebSocketConnections } from '../sip/edge/websocket.js'
import type { Base } from './base.js'
import { openWaiting, startKeptFiles } from './changes.js'
import type { Ports } from './ports.js'
import { webSocketUpgrade } from './web-socket-upgrade.js'
import { withSoftphones } from './softphones.js'
import { openStoredFiles, startRenderAhead } from './rendered-files.js'

/** Rendered files kept in memory, in bytes. */
const CONFIG_CACHE_BYTES = 128 * 1024 * 1024
/** Taken for TFTP when port 69 is forbidden and was not asked for by hand. */
const TFTP_FALLBACK_PORT = 6969

/** What all who may not know more are answered. */
const NOT_FOUND = 404

/** What the phones' listeners tell the admins. */
export interface PhoneListeners {
  viewSources: ViewSources
  /** How often requests came to which end. */
  outcomes: ReadonlyMap<string, number>
  /** Which phones would get other files than they have. */
  waiting: WaitingChanges
  /** Takes files of before the start into memory. Never rejects. */
  recallFiles(): Promise<void>
  /** A file as a phone was given it, by digest. */
  keptFile(sha256: string): Promise<Uint8Array | undefined>
}

/** TFTP, HTTP and HTTPS for phones; writes their port numbers into `ports`, which files are rendered with. */
export async function startPhones(base: Base, ports: Ports, webSockets: WebSocketConnections): Promise<PhoneListeners> {
  const { installation, undo, trust, feed, live, sightings, events, firmware, certificates, limits } = base
  const { catalog, config, log, vocabulary, zones, secrets } = installation
  const { snapshot } = feed
  const caModifiedMs = systemClock.now()
  const outcomes = new Map<string, number>()
  const viewSources = { snapshot, vocabulary, zones, open: secrets.open.bind(secrets) }
  const stored = await openStoredFiles(base)
  const configs = createConfigFiles({
    sources: viewSources,
    render: installation.render,
    cache: new LRUCache({ maxSize: CONFIG_CACHE_BYTES, sizeCalculation: entryBytes }),
    clock: systemClock,
    log,
    ...(stored ? { stored } : {}),
  })
  const ahead = stored && startRenderAhead(base, configs, stored)
  const phonebooks = new PhonebookShelf({
    ...{ snapshot, catalog, vocabulary, render: installation.render, clock: systemClock, spareTime, log },
  })
  undo.add(() => phonebooks.stop())
  const waiting = openWaiting(base, ports, configs)
  const keptFiles = startKeptFiles(base, ports, configs)
  const note = (event: ProvisioningEvent): void => {
    events.record(event)
    live.event(event)
    waiting.heed(event)
    keptFiles.heed(event)
    // A stranger may ask for any MAC: that is not the phone.
    const seen = event.outcome === 'untrusted' ? undefined : event.deviceId
    if (seen !== undefined) sightings.note({ deviceId: seen, at: event.at, ip: event.peer })
  }
  const isHeard = (id: Id): boolean => {
    const device = snapshot.device(id)
    const model = device?.state === 'approved' ? catalog.model(device.model) : undefined
    return device !== undefined && model !== undefined && mayReport(deviceLayers(snapshot, model, device))
  }
  undo.add(feed.onChange(() => live.keepReports(isHeard)))
  const refused = new Afterwards({ clock: systemClock, log }, note)
  undo.add(() => refused.flush())
  const provisioning = createProvisioning({
    snapshot,
    catalog,
    configs,
    phonebooks,
    firmware,
    reported: (device, doNotDisturb) => live.reported(device, doNotDisturb),
    isTrusted: (address) => trust().trusted.contains(address),
    serverAddress: (request) => {
      const address = advertised(config, ports, request)
      return ahead ? ahead.told(address) : address
    },
    caCertificate: () => {
      const pem = certificates.caPem()
      return pem === undefined ? undefined : { pem, modifiedMs: caModifiedMs }
    },
    record: (event) => {
      base.rehearsal.phoneCame()
      outcomes.set(event.outcome, (outcomes.get(event.outcome) ?? 0) + 1)
      limits.heed(event)
      if (event.status === NOT_FOUND) refused.add(event)
      else note(event)
    },
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
    handler: withSoftphones(
      base,
      createPhoneHttp({
        ...{ provisioning, trustedProxies: trust().proxies, guard: limits.http },
        ...{ clock: systemClock, log },
      }),
    ),
    ...{ provisioning, guard: limits.http },
    bind: config.bind,
    httpPort: config.httpPort,
    https: { port: config.httpsPort, certificates },
    onTlsFailure: (peer, reason) => base.tlsFailures.note(peer, systemClock.now(), reason),
    upgrade: webSocketUpgrade(base, webSockets),
    clock: systemClock,
    log,
  })
  limits.onBan(http.dropUnanswered)
  // They give running transfers 5 s; together, not one after the other; a WebSocket is no transfer.
  undo.add(() => Promise.all([http.stop(), tftp.stop(), webSockets.close()]))
  ports.http = http.httpPort
  ports.https = http.httpsPort ?? 0
  return {
    ...{ viewSources, outcomes, waiting },
    recallFiles: async () => ahead?.recall(briskTurns()),
    keptFile: (sha256) => keptFiles.find(sha256),
  }
}
