import { isIPv6 } from 'node:net'
import type { Mac } from '../../domain/mac-address.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { requireModel } from '../models.js'
import type { PhoneProgress } from '../progress.js'
import { summarise, type Summary } from '../summary.js'
import { fetchAsPhone } from './fetch.js'
import { type PhoneWorld, SimulatedPhone } from './phone.js'
import { registerPhone } from './sip-register.js'

export interface SimulateOptions {
  readonly phones: readonly {
    /** Catalog id, one of SIMULATED_MODELS. */
    readonly model: string
    readonly mac: Mac
    readonly transport: 'http' | 'tftp'
    /** Source address of everything it sends; undefined: the system chooses. */
    readonly localAddress?: string
  }[]
  /** What DHCP would tell. The SIP server comes from the config, as on a phone. */
  readonly server: {
    /** IP address. */
    readonly address: string
    readonly httpPort: number
    readonly tftpPort: number
    /** Directory, for example `/<token>/`; default `/`. */
    readonly path?: string
  }
  /** Power-on is spread evenly over this time, in milliseconds; default 0: all at once, as after a power cut. */
  readonly spreadMs?: number
  /** Refresh registrations until `stop`; default false: each phone falls silent once it is up. */
  readonly keepRegistered?: boolean
  /** Phones that are up load their files again so often, in milliseconds; default: never. */
  readonly pollMs?: number
  /** Called with every change of any phone. */
  readonly onProgress?: (changed: PhoneProgress, all: readonly PhoneProgress[]) => void
  /** For tests: another network or clock. */
  readonly world?: Partial<PhoneWorld>
}

export interface Simulation {
  /** Where every phone stands now, in the order given. */
  phones(): readonly PhoneProgress[]
  /** How often phones that are up looked for a new config, and how often they could not load theirs. */
  polls(): { readonly loaded: number; readonly failed: number }
  /** Resolves once every phone is registered or has failed. */
  readonly settled: Promise<Summary>
  /** Cuts the power of all phones; `unregister`: they say goodbye first. */
  stop(options?: { unregister?: boolean }): Promise<void>
}

const REAL_WORLD: PhoneWorld = {
  clock: systemClock,
  fetch: fetchAsPhone,
  register: (request, onCheckSync) => registerPhone(request, { onCheckSync }),
}

/**
 * Boots phones against a server: the vendor's files in the vendor's order, read by the independent readers, then every
 * active account registers.
 * @throws AppError MODEL_UNKNOWN
 */
export function simulate(options: SimulateOptions): Simulation {
  const { server, spreadMs = 0, keepRegistered = false, pollMs, onProgress } = options
  const world: PhoneWorld = { ...REAL_WORLD, ...options.world }
  const states: PhoneProgress[] = []
  const polls = { loaded: 0, failed: 0 }
  const phones = options.phones.map((phone, index) => {
    const simulated = new SimulatedPhone(
      {
        ...{ ...phone, model: requireModel(phone.model), baseUrl: baseUrl(phone.transport, server), keepRegistered },
        ...(pollMs !== undefined && { pollMs }),
      },
      world,
      (progress) => {
        states[index] = progress
        onProgress?.(progress, states)
      },
      (loaded) => (polls[loaded ? 'loaded' : 'failed'] += 1),
    )
    states[index] = simulated.progress
    return simulated
  })
  const started = phones.map((phone, index) => phone.powerOn((spreadMs * index) / Math.max(1, phones.length)))
  return {
    phones: () => states,
    polls: () => ({ ...polls }),
    settled: Promise.all(started).then(() => summarise(states)),
    stop: async ({ unregister = false } = {}) => {
      await Promise.all(phones.map((phone) => phone.powerOff(unregister)))
      await Promise.allSettled(started)
    },
  }
}

function baseUrl(transport: 'http' | 'tftp', server: SimulateOptions['server']): string {
  const host = isIPv6(server.address) ? `[${server.address}]` : server.address
  const port = transport === 'http' ? server.httpPort : server.tftpPort
  const path = (server.path ?? '/').replace(/^\/*/, '/').replace(/\/*$/, '/')
  return `${transport}://${host}:${port}${path}`
}
