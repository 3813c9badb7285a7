import { systemClock } from '../../src/domain/edge/system-clock.js'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import type { Binding } from '../../src/domain/entities.js'
import { Secret } from '../../src/domain/secret.js'
import { createServerResync } from '../../src/resync/edge/server-resync.js'
import { openResync } from '../../src/resync/edge/open.js'
import type { ResyncKind, ResyncRequest } from '../../src/resync/resync.js'
import type { DeviceRecord } from '../../src/snapshot/snapshot.js'
import { freshSqlite } from './databases.js'
import { loadPhones } from './phone-catalog.js'
import { deviceRecord } from './records.js'
import { recordingLog, type RecordingLog } from './recording-log.js'
import { eventually } from './server.js'
import { startTestRegistrar, type TestRegistrar, type TestRegistrarOptions } from './test-registrar.js'

/** Reading the phones' data takes longer than a test. */
let catalog: ReturnType<typeof loadPhones>['catalog'] | undefined

/** Line of the n-th phone of the bench, `line0`, and its digest user. */
const lineOf = (n: number): string => `line${n}`

/** A registrar on real sockets that sends NOTIFY, with some phones of one line each: number 100 + n, password `pw-n`. */
export interface ResyncBench {
  readonly server: TestRegistrar
  readonly log: RecordingLog
  readonly phones: readonly DeviceRecord[]
  /** Asks phones as a command of another process would. */
  ask(ns: readonly number[], kind?: ResyncKind): Promise<ResyncRequest[]>
  /** What came of requests, once all are over. */
  outcomes(asked: readonly ResyncRequest[], withinMs?: number): Promise<ResyncRequest[]>
  stop(): Promise<void>
}

export interface ResyncBenchOptions extends Partial<TestRegistrarOptions> {
  phones?: number
  model?: string
  /** In place of those that registered. */
  bindings?: (bench: { port: number }) => Binding[]
}

export async function startResyncBench(options: ResyncBenchOptions = {}): Promise<ResyncBench> {
  const { phones: count = 3, model = 'yealink/t21p-e2', bindings, ...registrarOptions } = options
  const phones = Array.from({ length: count }, (_, n) => {
    const mac = `0015650000${n.toString(16).padStart(2, '0')}`
    const record = deviceRecord(mac, [`${100 + n}`], { model })
    const lines = record.lines.map((line) => ({ ...line, id: lineOf(n), authUsername: lineOf(n) }))
    return { ...record, lines }
  })
  const fresh = await freshSqlite()
  const log = recordingLog()
  const resync = createServerResync({
    ...{ databases: fresh.databases, clock: systemClock, random: systemRandom, log },
    snapshot: {
      device: (id) => phones.find((phone) => phone.id === id),
      deviceByLine: (lineId) => phones.find(({ lines }) => lines[0]?.id === lineId),
    },
    catalog: (catalog ??= loadPhones().catalog),
    secrets: { open: (_sealed, context) => new Secret(`pw-${/line(\d+)$/.exec(context)?.[1] ?? ''}`) },
    refresh: () => Promise.resolve(),
    bindings: () => bindings?.({ port: server.port }) ?? server.registrar.bindings(),
  })
  const server: TestRegistrar = await startTestRegistrar({
    accounts: phones.map((_, n) => ({
      username: lineOf(n),
      password: `pw-${n}`,
      number: `${100 + n}`,
      lineId: lineOf(n),
    })),
    domain: 'example.com',
    onResponse: (parsed) => resync.receive(parsed),
    ...registrarOptions,
  })
  resync.start(server.listeners)
  const admin = openResync(fresh.databases)
  return {
    ...{ server, log, phones },
    ask: (ns, kind = 'resync') =>
      admin.ask(
        'cli:anna',
        ns.flatMap((n) => phones[n] ?? []),
        kind,
      ),
    outcomes: (asked, withinMs) =>
      eventually(async () => {
        const now = await admin.look(asked.map(({ id }) => id))
        if (now.some(({ finishedAt }) => finishedAt === undefined)) throw new Error(`not over: ${JSON.stringify(now)}`)
        return now
      }, withinMs),
    stop: async () => {
      await resync.stop()
      await server.stop()
      await fresh.remove()
    },
  }
}
