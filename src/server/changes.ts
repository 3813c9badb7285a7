import { gentleTurns, spareTime, systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import { takeTurns } from '../domain/turns.js'
import { fileNamed } from '../catalog/catalog.js'
import { isSecretSetting } from '../site-use-cases.js'
import { addressesToBind } from '../network/address.js'
import { localAddressesNow } from '../network/edge/interfaces.js'
import { possibleServers } from '../provisioning/changed.js'
import type { ConfigFiles } from '../provisioning/config-files.js'
import { KeptFiles } from '../provisioning/edge/kept-files.js'
import { readLastServed } from '../provisioning/edge/last-served.js'
import { findEffect } from '../provisioning/effect.js'
import type { PreviewSources } from '../provisioning/preview.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { fileNameIn, WaitingChanges } from '../provisioning/waiting-changes.js'
import { AutoResync } from '../resync/auto-resync.js'
import { openResync } from '../resync/edge/open.js'
import { ScheduledChanges } from '../resync/scheduled-changes.js'
import { createKnexScheduleStore } from '../settings/edge/knex-schedule-store.js'
import { createScheduleAdmin } from '../settings/schedule.js'
import { publishedForPhones } from './advertised.js'
import type { Base } from './base.js'
import type { Ports } from './ports.js'

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What phones may have been told about where the server is. */
function openServers({ config }: Base['installation'], ports: Ports): () => ServerAddress[] {
  const present = localAddressesNow(systemClock)
  return () => [
    ...publishedForPhones(config, ports),
    ...possibleServers({
      host: config.host,
      addresses: addressesToBind(config.bind, present()),
      ports: [
        {
          ...{ httpPort: ports.http, httpsPort: ports.https, tftpPort: ports.tftp },
          ...{ sipPort: ports.sip, sipsPort: ports.sips },
        },
      ],
    }),
  ]
}

/** Which phones would get other files than they have, for those who look. */
export function openWaiting({ installation, feed }: Base, ports: Ports, configs: ConfigFiles): WaitingChanges {
  const { catalog, databases } = installation
  return new WaitingChanges({
    ...{ catalog, configs, snapshot: feed.snapshot },
    servers: openServers(installation, ports),
    readServed: (mac) => readLastServed(databases.events, mac),
    turns: takeTurns(systemClock, pause),
  })
}

/** Keeps files as phones were given them, for comparison. */
export function startKeptFiles({ installation, feed, undo }: Base, ports: Ports, configs: ConfigFiles): KeptFiles {
  const { catalog, databases, secrets, log } = installation
  const servers = openServers(installation, ports)
  const kept = new KeptFiles({
    ...{ db: databases.events, secrets, clock: systemClock, spareTime, log },
    bytesOf: (deviceId, path, sha256) => {
      const device = feed.snapshot.device(deviceId)
      const model = device && catalog.model(device.model)
      const file = model && fileNamed(catalog, model, device.mac, fileNameIn(path))
      if (!device || !file) return undefined
      for (const server of servers()) {
        const made =
          file.scope === 'device'
            ? configs.device(model, file, device, server, device.state === 'retired')
            : configs.common(model, file, server)
        if (made.kind !== 'failed' && made.config.sha256 === sha256) return made.config.body
      }
      return undefined
    },
  })
  undo.add(() => kept.stop())
  kept.start()
  return kept
}

/** Asks phones whose files change to fetch them, where the setting resyncAfterChange says so. */
export function startAutoResync({ installation, feed, undo }: Base, waiting: WaitingChanges): void {
  const { catalog, databases, log } = installation
  const auto = new AutoResync({
    ...{ snapshot: feed.snapshot, catalog, waiting, resync: openResync(databases), clock: systemClock, log },
    turns: gentleTurns(),
  })
  undo.add(() => auto.stop())
  undo.add(feed.onChange(() => auto.changed()))
}

/** Saves planned changes when their time has come. */
export function startScheduledChanges({ installation, feed, undo }: Base, sources: PreviewSources): void {
  const { databases, secrets, log } = installation
  const store = createKnexScheduleStore(databases.main)
  const parts = { secrets, clock: systemClock, random: systemRandom }
  const scheduled = new ScheduledChanges({
    ...{ store, clock: systemClock, log },
    schedule: createScheduleAdmin({ ...parts, store, isSecret: (key) => isSecretSetting(installation, key) }),
    settings: (siteId) => installation.forSite(siteId).settings,
    effect: (edits) =>
      findEffect({ ...sources, turns: takeTurns(systemClock, pause) }, feed.snapshot.allDevices(), edits),
    resync: openResync(databases),
    refresh: () => feed.refresh(),
  })
  undo.add(() => scheduled.stop())
  scheduled.start()
}
