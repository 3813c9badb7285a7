import type { Clock } from '../../src/domain/clock.js'
import type { LogFields } from '../../src/observe/log.js'
import { SILENT_LOG } from '../../src/observe/log.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { systemRandom } from '../../src/domain/edge/system-random.js'
import { createRegistrar, type Registrar } from '../../src/registrar/edge/registrar.js'
import type { RegistrarOptions } from '../../src/registrar/options.js'
import { MemoryBindingStore } from './memory-binding-store.js'
import { openSipListeners, type SipListeners, type SipListenersOptions } from '../../src/sip/edge/listen.js'
import type { Parsed } from '../../src/sip/parse.js'
import { MemoryAccounts, type TestAccount } from './memory-accounts.js'

/** A registrar on real sockets, with accounts out of a map. */
export interface TestRegistrar {
  readonly registrar: Registrar
  readonly accounts: MemoryAccounts
  readonly port: number
  readonly listeners: SipListeners
  /** Everything that was logged as an error: should stay empty. */
  readonly errors: LogFields[]
  stop(): Promise<void>
}

export interface TestRegistrarOptions {
  accounts: readonly TestAccount[]
  domain?: string
  bind?: SipListenersOptions['bind']
  port?: number
  tcpLimits?: SipListenersOptions['tcpLimits']
  tls?: SipListenersOptions['tls']
  refuses?: SipListenersOptions['refuses']
  isAllowedOrigin?: SipListenersOptions['isAllowedOrigin']
  /** Of the listeners; default: the machine's. */
  clock?: Clock
  registrar?: Partial<RegistrarOptions>
  /** Takes the answers of phones to requests of the server. */
  onResponse?: (parsed: Parsed) => void
}

/** Listens on loopback on a free port, the same for UDP and TCP. */
export async function startTestRegistrar(options: TestRegistrarOptions): Promise<TestRegistrar> {
  const accounts = new MemoryAccounts(options.accounts, options.domain)
  const errors: LogFields[] = []
  const log = { ...SILENT_LOG, error: (fields: LogFields): void => void errors.push(fields) }
  const registrar = createRegistrar({
    clock: systemClock,
    random: systemRandom,
    log,
    store: new MemoryBindingStore(),
    accounts,
    sites: accounts,
    ownHosts: () => ['localhost'],
    ...options.registrar,
  })
  await registrar.start()
  const listeners = await openSipListeners({
    port: options.port ?? 0,
    bind: options.bind ?? ['127.0.0.1'],
    clock: options.clock ?? systemClock,
    log,
    onMessage: (parsed, flow) => {
      if (parsed.kind === 'response') options.onResponse?.(parsed)
      registrar.handle(parsed, flow)
    },
    ...(options.tcpLimits ? { tcpLimits: options.tcpLimits } : {}),
    ...(options.tls ? { tls: options.tls } : {}),
    ...(options.refuses ? { refuses: options.refuses } : {}),
    ...(options.isAllowedOrigin ? { isAllowedOrigin: options.isAllowedOrigin } : {}),
  }).catch(async (error: unknown) => {
    await registrar.stop()
    throw error
  })
  return {
    registrar,
    accounts,
    port: listeners.port,
    listeners,
    errors,
    stop: async () => {
      await registrar.stop()
      await listeners.close()
    },
  }
}
