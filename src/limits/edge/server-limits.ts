import type { Databases } from '../../database/edge/connect.js'
import type { Clock, Millis } from '../../domain/clock.js'
import type { Binding, ProvisioningEvent } from '../../domain/entities.js'
import { addressOfEndpoint } from '../../network/address.js'
import type { Log } from '../../observe/log.js'
import { offenceOf, type OffenceKind } from '../offence.js'
import { holds } from '../source.js'
import type { BanStore } from '../store.js'
import { KnexBanStore } from './knex-ban-store.js'
import { Limits } from './limits.js'
import { SipGuard } from './sip-guard.js'

/** A phone that was not seen for so long does not count as at home. */
const AT_HOME_MS = 24 * 3_600_000
const MINUTE_MS = 60_000

export interface ServerLimitsOptions {
  config: { maxRefusals: number; banMinutes: number; sipScanners?: string }
  /** Where bans are kept. */
  store: BanStore
  clock: Clock
  log: Log
  isExempt(address: string): boolean
  /** Is this a reverse proxy of ours? It is never counted itself. */
  isProxy(address: string): boolean
  phonesSeenAt(covers: (address: string) => boolean, since: Millis): number
}

/** The limits as each listener of the server asks them. */
export class ServerLimits {
  readonly sip: SipGuard

  private constructor(
    private readonly limits: Limits,
    private readonly isProxy: (address: string) => boolean,
    scanners: string | undefined,
    private readonly source: { bindings: () => readonly Binding[] },
  ) {
    this.sip = new SipGuard(limits, scanners)
  }

  /** Reads the bans of before. */
  static async open({ config, store, clock, log, ...options }: ServerLimitsOptions): Promise<ServerLimits> {
    const source: { bindings: () => readonly Binding[] } = { bindings: () => [] }
    const limits = await Limits.open({
      ...{ clock, log, store },
      policy: { refusals: config.maxRefusals, banMs: config.banMinutes * MINUTE_MS },
      isExempt: options.isExempt,
      atHome: (covers) =>
        Math.max(
          options.phonesSeenAt(covers, clock.now() - AT_HOME_MS),
          source.bindings().filter(({ received }) => covers(addressOfEndpoint(received))).length,
        ),
      liveEndpoints: (address) =>
        new Set(
          source
            .bindings()
            .map(({ received }) => received)
            .filter((received) => addressOfEndpoint(received) === address),
        ),
    })
    return new ServerLimits(limits, options.isProxy, config.sipScanners, source)
  }

  /** Tells where the registrations are; those that live speak for their addresses from the start. */
  countBindings(bindings: () => readonly Binding[]): void {
    this.source.bindings = bindings
    for (const binding of bindings()) this.vouch(binding)
  }

  /** Somebody proved a password there. */
  vouch({ received }: Pick<Binding, 'received'>): void {
    this.limits.vouch(addressOfEndpoint(received))
  }

  /** Takes a provisioning event: what was served speaks for its address, what was refused against it. */
  heed(event: ProvisioningEvent): void {
    const offence = offenceOf(event)
    if (offence !== undefined) this.limits.note(offence)
    else if (event.deviceId !== undefined && SERVED.has(event.outcome)) this.limits.vouch(event.peer)
  }

  readonly mayAnswerTftp = (address: string): boolean => !this.limits.refuses(address, 'tftp')

  /** For the HTTP listeners. */
  readonly http = {
    refuses: (address: string): boolean => this.limits.refuses(address, 'http'),
    isProxy: (address: string): boolean => this.isProxy(address),
    hostile: (address: string, kind: OffenceKind, evidence: string): void => {
      // What a proxy's clients send badly is the proxy's to refuse; it is not banned for it.
      if (!this.isProxy(address)) this.limits.note({ kind, address, protocol: 'http', proven: true, evidence })
    },
  }

  /** Calls `listener` with what a new ban of all protocols covers. */
  onBan(listener: (isMeant: (address: string) => boolean) => void): void {
    this.limits.onBan(({ who, scope, username }) => {
      if (scope === 'all' && username === '') listener((address) => holds(who, address))
    })
  }

  stop(): Promise<void> {
    return this.limits.stop()
  }
}

const SERVED: ReadonlySet<ProvisioningEvent['outcome']> = new Set(['served', 'not-modified', 'partial', 'cleared'])

export function createLimits({
  databases,
  ...options
}: Omit<ServerLimitsOptions, 'store'> & { databases: Pick<Databases, 'events'> }): Promise<ServerLimits> {
  return ServerLimits.open({ ...options, store: new KnexBanStore(databases.events) })
}
