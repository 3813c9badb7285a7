import type { Installation } from '../installation.js'
import { startAdmin } from './admin.js'
import { toldAddress } from './advertised.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { openBase } from './base.js'
import { startAutoResync, startScheduledChanges } from './changes.js'
import { startMail } from './mail.js'
import { startPhones } from './phones.js'
import type { Ports } from './ports.js'
import { startSip } from './sip.js'
import { Undo } from './undo.js'

/** The running server. */
export interface RunningServer {
  ports: Ports
  /** The admin listener speaks HTTPS. */
  adminIsSecure: boolean
  /**
   * To be called when everybody was told that it is up: it takes into memory what phones will ask for (decision 14), and goes
   * its own ways once, before they come (decision 22).
   */
  rehearse(): void
  /** Finishes commits, lets transfers go on for up to 5 s, closes everything but the installation. */
  stop(): Promise<void>
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

async function startParts(installation: Installation, undo: Undo): Promise<Omit<RunningServer, 'stop'>> {
  const base = await openBase(installation, undo)
  const { config } = installation
  const { feed, sightings, trust } = base
  // Known once all listeners are up; no phone is answered before.
  const ports: Ports = { http: 0, https: 0, tftp: 0, sip: 0, sips: 0, admin: 0 }
  const sip = await startSip(base)
  undo.add(feed.onChange(sip.peopleChanged))
  ports.sip = sip.port
  ports.sips = sip.tlsPort
  const { viewSources, outcomes, waiting, keptFile, recallFiles } = await startPhones(base, ports, sip.webSockets)
  installation.allSoftphones.listensOn(ports)
  startMail(base)
  const serverAddress = (host?: string): ServerAddress => toldAddress(host ?? config.host ?? '127.0.0.1', ports)
  const admin = await startAdmin(base, {
    ...{ viewSources, waiting, keptFile, serverAddress },
    registrations: {
      history: (id) => base.history.of(id),
      tlsFailure: (address) => base.tlsFailures.of(address),
    },
    bindings: sip.bindings,
    dropBinding: sip.dropBinding,
    lastSeen: (id) => sightings.last(id),
    outcomes: () => outcomes,
    trustedProxies: () => trust().proxies,
  })
  ports.admin = admin.port
  const { catalog, render } = installation
  startAutoResync(base, waiting)
  startScheduledChanges(base, { catalog, render, viewSources, serverAddress })
  undo.add(() => base.rehearsal.stop())
  const rehearse = async (): Promise<void> => {
    await recallFiles()
    await base.rehearsal.run()
  }
  return { ports, adminIsSecure: admin.secure, rehearse: () => void rehearse() }
}
