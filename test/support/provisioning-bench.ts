import type { Millis } from '../../src/domain/clock.js'
import type { Layer, ProvisioningEvent, Site } from '../../src/domain/entities.js'
import { sha256Hex } from '../../src/domain/fingerprint.js'
import { Secret, type Sealed } from '../../src/domain/secret.js'
import { createConfigFiles, type EntryCache } from '../../src/provisioning/config-files.js'
import type { Delivered, Delivery, Provisioning, ProvisioningRequest } from '../../src/provisioning/delivery.js'
import type { ServerAddress } from '../../src/provisioning/file-view.js'
import { PhonebookShelf } from '../../src/provisioning/phonebook-files.js'
import { createProvisioning } from '../../src/provisioning/pipeline.js'
import { createRenderer } from '../../src/provisioning/render.js'
import { READERS } from '../../src/readers/index.js'
import { MemorySnapshot } from '../../src/snapshot/memory-snapshot.js'
import { DEFAULT_SITE } from './admins.js'
import { FakeClock } from './fake-clock.js'
import { loadPhones } from './phone-catalog.js'
import { recordingLog } from './recording-log.js'
import { deviceRecord } from './records.js'

const PHONES = loadPhones()
const RENDER = createRenderer(PHONES.catalog, READERS)

/** Addresses that begin with this are trusted. */
const TRUSTED = '10.0.0.'
export const SERVER: ServerAddress = {
  host: '10.0.0.1',
  httpPort: 8080,
  httpsPort: 8443,
  tftpPort: 6969,
  sipPort: 5060,
  sipsPort: 5061,
}

/** The token of a device made by `phone`. */
export function tokenOf(mac: string): string {
  return `${mac}abcdefghjkmnpqrstvwx`.slice(0, 32)
}

/** A device record whose "sealed" values are the clear text: the bench opens them as they are. */
export function phone(
  mac: string,
  extensions: readonly string[],
  part: Parameters<typeof deviceRecord>[2] = {},
): ReturnType<typeof deviceRecord> {
  const device = deviceRecord(mac, extensions, { model: 'yealink/t21p-e2', ...part })
  return {
    ...device,
    tokenHash: sha256Hex(tokenOf(mac)),
    sealedToken: tokenOf(mac) as Sealed,
    sealedAdminPassword: `admin-of-${mac}` as Sealed,
    lines: device.lines.map((line) => ({ ...line, sealedPassword: `password-of-${line.id}` as Sealed })),
  }
}

/** The whole provisioning flow over a snapshot in memory, without sockets and database. */
export class ProvisioningBench {
  readonly snapshot = new MemorySnapshot()
  readonly clock = new FakeClock()
  readonly log = recordingLog()
  readonly events: ProvisioningEvent[] = []
  /** What phones said of do not disturb. */
  readonly reports: [string, boolean][] = []
  readonly phones = PHONES
  /** Counts renderings. */
  rendered = 0
  server: ServerAddress = SERVER
  /** Passes while something is rendered. */
  renderingTakesMs = 0
  /** Set to make every rendering fail. */
  breakage: Error | undefined
  readonly provisioning: Provisioning

  constructor() {
    const site: Site = { id: DEFAULT_SITE, slug: 'default', name: 'Default', revision: 1 }
    this.snapshot.content.putSite(site)
    const cache: EntryCache = new Map()
    const sources = {
      snapshot: this.snapshot,
      vocabulary: this.phones.vocabulary,
      zones: this.phones.zones,
      open: (sealed: Sealed) => new Secret(sealed),
    }
    const render: typeof RENDER = (input) => {
      this.rendered += 1
      if (this.breakage) throw this.breakage
      this.clock.advance(this.renderingTakesMs)
      return RENDER(input)
    }
    this.provisioning = createProvisioning({
      snapshot: this.snapshot,
      catalog: this.phones.catalog,
      configs: createConfigFiles({ sources, render, cache, clock: this.clock, log: this.log }),
      phonebooks: new PhonebookShelf({
        ...{ snapshot: this.snapshot, catalog: this.phones.catalog, vocabulary: this.phones.vocabulary },
        ...{ render, clock: this.clock, spareTime: this.clock, log: this.log },
      }),
      firmware: {
        find: (path) =>
          path === 'firmware/yealink/t28p/2.73.0.50/2.73.0.50.rom'
            ? {
                path: '/srv/2.73.0.50.rom',
                sizeBytes: 9,
                contentType: 'application/octet-stream',
                etag: '"r"',
                lastModified: 1,
              }
            : undefined,
      },
      isTrusted: (address) => address.startsWith(TRUSTED),
      serverAddress: () => this.server,
      caCertificate: () => ({ pem: 'PEM', modifiedMs: 1 }),
      record: (event) => this.events.push(event),
      reported: ({ mac }, doNotDisturb) => this.reports.push([mac, doNotDisturb]),
    })
  }

  /** Sets values at a layer and counts its revision up, as the settings store does. */
  set(layer: Layer, owner: string, values: Record<string, unknown>): void {
    const { revision } = this.snapshot.layer(layer, owner)
    this.snapshot.content.putLayer(layer, owner, { revision: revision + 1, values: new Map(Object.entries(values)) })
  }

  /** Asks as a phone and lets the edge report 200 (or 404). */
  ask(path: string, request: Partial<ProvisioningRequest> = {}): Delivery {
    const { delivery, finish } = this.provisioning.deliver({
      transport: 'http',
      operation: 'read',
      path,
      peerAddress: `${TRUSTED}7`,
      peerAddressProven: true,
      localAddress: '10.0.0.1',
      localPort: 8080,
      receivedAt: this.clock.now(),
      ...request,
    })
    finish(reported(delivery))
    return delivery
  }

  /** As `ask`, for a path that must be answered with a config's text. */
  text(path: string, request: Partial<ProvisioningRequest> = {}): string {
    const delivery = this.ask(path, request)
    if (delivery.kind !== 'bytes') throw new Error(`${path}: ${delivery.kind}, ${this.lastEvent().reason ?? ''}`)
    return Buffer.from(delivery.body).toString('utf8')
  }

  lastEvent(): ProvisioningEvent {
    const event = this.events.at(-1)
    if (!event) throw new Error('no event')
    return event
  }

  /** Milliseconds since the epoch, of the bench's clock. */
  now(): Millis {
    return this.clock.now()
  }
}

function reported(delivery: Delivery): Delivered {
  if (delivery.kind === 'bytes') return { status: 200, bytes: delivery.body.byteLength, micros: 5, outcome: 'served' }
  return { status: delivery.kind === 'file' ? 200 : 404, bytes: 0, micros: 5 }
}
