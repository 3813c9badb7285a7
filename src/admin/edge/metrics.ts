import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

/** What the rest of the server tells; asked only when somebody scrapes. */
export interface MetricSources {
  /** Provisioning requests since the start, by outcome. */
  outcomes(): ReadonlyMap<string, number>
  devices(): number
  extensions(): number
  registrations(): number
}

export interface AdminMetrics {
  readonly contentType: string
  text(): Promise<string>
  /** A finished request of the API. */
  note(route: string, status: number, seconds: number): void
}

/** Metrics in Prometheus' text format. */
export function createMetrics(sources: MetricSources): AdminMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'phoneboot_' })
  new Gauge({ name: 'phoneboot_devices', help: 'Phones, removed ones too', registers, collect: setTo(sources.devices) })
  new Gauge({ name: 'phoneboot_extensions', help: 'People', registers, collect: setTo(sources.extensions) })
  new Gauge({
    name: 'phoneboot_registrations',
    help: 'Contacts registered now',
    registers,
    collect: setTo(sources.registrations),
  })
  new Counter({
    name: 'phoneboot_provisioning_requests_total',
    help: 'What phones asked, by what they were given',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      for (const [outcome, count] of sources.outcomes()) this.inc({ outcome }, count)
    },
  })
  const requests = new Histogram({
    name: 'phoneboot_api_request_seconds',
    help: 'Time that requests of the API took',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    note: (route, status, seconds) => requests.observe({ route, status: `${Math.floor(status / 100)}xx` }, seconds),
  }
}

function setTo(read: () => number): (this: Gauge) => void {
  return function set() {
    this.set(read())
  }
}
