import { createRegistrar, type Registrar } from '../../src/registrar/edge/registrar.js'
import type { RegistrarOptions } from '../../src/registrar/options.js'
import type { BindingChange, BindingStore } from '../../src/registrar/store.js'
import { headerValues } from '../../src/sip/message.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { FakeClock } from './fake-clock.js'
import { deliver, FakeFlow } from './fake-flow.js'
import { MemoryAccounts } from './memory-accounts.js'
import { MemoryBindingStore } from './memory-binding-store.js'
import { seededRandom } from './seeded-random.js'
import { authorizationFor, registerText, type RegisterParts } from './sip-requests.js'
import { eventually } from './server.js'

/** The Contact that phones of the bench register. */
export const A = '<sip:101@10.0.0.7:5062>'

/** A registrar with a clock that stands still, and a phone that talks to it. */
export class Bench {
  readonly clock = new FakeClock()
  readonly accounts = new MemoryAccounts(
    [
      { username: '101', password: 'secret-101', number: '101' },
      { username: 'line7', password: 'secret-7', number: '102', lineId: 'l7' },
    ],
    'example.com',
  )
  readonly changes: BindingChange[] = []
  readonly refused: string[] = []
  readonly registrar: Registrar
  #cseq = 0

  constructor(options: Partial<RegistrarOptions> = {}) {
    this.registrar = createRegistrar({
      clock: this.clock,
      random: seededRandom(),
      log: SILENT_LOG,
      store: new MemoryBindingStore(),
      accounts: this.accounts,
      sites: this.accounts,
      ownHosts: () => ['boot.example.net', '192.0.2.1'],
      onChange: (change) => this.changes.push(change),
      onRefused: ({ username, reason }) => this.refused.push(`${username}: ${reason}`),
      ...options,
    })
  }

  static async start(options: Partial<RegistrarOptions> = {}): Promise<Bench> {
    const bench = new Bench(options)
    await bench.registrar.start()
    return bench
  }

  /** Sends one request on a fresh flow, and gives that flow. */
  async ask(parts: RegisterParts, flow = new FakeFlow()): Promise<FakeFlow> {
    this.#cseq += 1
    await deliver(this.registrar, registerText({ cseq: this.#cseq, ...parts }), flow)
    return flow
  }

  async challenges(parts: RegisterParts = {}): Promise<string[]> {
    return headerValues((await this.ask(parts)).answer, 'WWW-Authenticate')
  }

  /** The whole exchange of a phone: 401, then the answer to it. */
  async register(parts: RegisterParts = {}, user = '101', password = 'secret-101'): Promise<FakeFlow> {
    const authorization = authorizationFor(await this.challenges(parts), user, password, {
      uri: `sip:${parts.domain ?? 'example.com'}`,
    })
    return this.ask({ contact: A, ...parts, authorization })
  }
}

/** A store whose commits wait until told, and may fail. */
export class HeldStore implements BindingStore {
  readonly commits: (readonly BindingChange[])[] = []
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = []

  load(): Promise<[]> {
    return Promise.resolve([])
  }

  removeExpired(): Promise<void> {
    return Promise.resolve()
  }

  commit(changes: readonly BindingChange[]): Promise<void> {
    this.commits.push(changes)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Waits until so many commits have come in all: before it, those who ask for one may pause. */
  came(count: number): Promise<void> {
    return eventually(() => {
      if (this.commits.length < count) throw new Error(`${this.commits.length} of ${count} commits came`)
    })
  }

  release(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  fail(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('disk full'))
  }
}
