import type { Clock } from '../../domain/clock.js'
import type { Mac } from '../../domain/mac-address.js'
import type { PhoneAccount } from '../../readers/phone-account.js'
import { boot, type BootEnd } from '../boot-sequence.js'
import { type CheckSync, sameAccount } from '../check-sync.js'
import { type BootingPhone, fileName, type FetchOutcome } from '../boot-files.js'
import type { SimulatedModel } from '../models.js'
import type { FailureKind, PhoneProgress } from '../progress.js'
import {
  type Registration,
  RegistrationFailure,
  type RegistrationRequest,
  registrarTarget,
  registrationRequest,
} from '../registration.js'
import type { FetchRequest } from './fetch.js'
import { addressOf } from './resolve.js'

/** What a simulated phone needs of the world. */
export interface PhoneWorld {
  readonly clock: Clock
  fetch(request: FetchRequest): Promise<FetchOutcome>
  /** @throws RegistrationFailure */
  register(request: RegistrationRequest, onCheckSync: (kind: CheckSync) => void): Promise<Registration>
  /** Default: the readers. */
  readonly read?: BootingPhone['read']
}

export interface PhoneSpec {
  readonly model: SimulatedModel
  readonly mac: Mac
  readonly transport: 'http' | 'tftp'
  readonly baseUrl: string
  readonly localAddress?: string
  /** Registrations are refreshed at half of their time until `powerOff`. */
  readonly keepRegistered: boolean
  /** Once up, it looks for a new config so often, in milliseconds; undefined: only at power-on. */
  readonly pollMs?: number
}

/** An account that is registered, and as what. */
interface Held {
  readonly account: PhoneAccount
  readonly registration: Registration
}

/** Like a desk phone after a failed REGISTER: again after this long, growing to the longest. */
const REGISTER_RETRY_MS = 2000
const LONGEST_REGISTER_RETRY_MS = 30_000
const REGISTER_ATTEMPTS = 5

/** One phone from power-on to power-off. */
export class SimulatedPhone {
  #progress: PhoneProgress
  #isOff = false
  /** Active accounts of its config. */
  #accounts = 0
  #cutPower: () => void = () => undefined
  readonly #powerCut = new Promise<undefined>((resolve) => {
    this.#cutPower = () => resolve(undefined)
  })
  readonly #registrations = new Map<number, Held>()
  /** Told to look for a new config, or to restart, and not done with it. */
  #obeying: CheckSync | undefined
  /** Settles when the phone is up, or has failed. */
  #up: Promise<void> = Promise.resolve()
  #polling = false
  readonly #wakeUps = new Set<() => void>()

  constructor(
    private readonly spec: PhoneSpec,
    private readonly world: PhoneWorld,
    private readonly onProgress: (progress: PhoneProgress) => void,
    private readonly onPoll: (loaded: boolean) => void = () => undefined,
  ) {
    this.#progress = {
      mac: spec.mac,
      model: spec.model.id,
      transport: spec.transport,
      ...(spec.localAddress !== undefined && { localAddress: spec.localAddress }),
      state: 'off',
      detail: '',
      registered: [],
    }
  }

  get progress(): PhoneProgress {
    return this.#progress
  }

  /** Boots and registers after `delayMs`; resolves when every account is registered or the phone has failed. */
  powerOn(delayMs: number): Promise<void> {
    this.#up = this.#start(delayMs)
    return this.#up
  }

  async #start(delayMs: number): Promise<void> {
    await this.#sleep(delayMs)
    if (this.#isOff) return
    const poweredOnAt = this.world.clock.now()
    this.#report({ state: 'fetching', poweredOnAt })
    const end = await this.#boot()
    if (this.#isOff) return
    if (!end || end.kind === 'failed') {
      this.#fail(end?.failure ?? 'no-answer', end?.detail ?? '')
      return
    }
    await this.#registerAll(end.accounts, poweredOnAt)
    if (!this.spec.keepRegistered) this.#closeRegistrations()
    if (this.spec.pollMs !== undefined && !this.#polling) void this.#poll(this.spec.pollMs)
  }

  /** Cuts the power: nothing is unregistered, as in a real power cut, unless asked for. */
  async powerOff(unregister: boolean): Promise<void> {
    this.#isOff = true
    this.#cutPower()
    for (const wakeUp of [...this.#wakeUps]) wakeUp()
    const held = [...this.#registrations.values()]
    if (unregister) await Promise.allSettled(held.map(({ registration }) => registration.unregister()))
    this.#closeRegistrations()
  }

  /** Loads its files again and again, registered as before: what they say is known already. */
  async #poll(everyMs: number): Promise<void> {
    this.#polling = true
    while (!this.#isOff) {
      await this.#sleep(everyMs)
      const end = await this.#boot(() => undefined)
      if (end) this.onPoll(end.kind === 'configured')
    }
  }

  /** A check-sync that comes while one is being obeyed is obeyed by that: the files are the same. */
  readonly #checkSync = (kind: CheckSync): void => {
    if (this.#isOff || this.#obeying) return
    this.#obeying = kind
    const obeyed = this.#up.then(() => (kind === 'reboot' ? this.#restart() : this.#lookAgain()))
    void obeyed.finally(() => (this.#obeying = undefined))
  }

  /** As when the power is cut: nothing is unregistered. */
  async #restart(): Promise<void> {
    this.#closeRegistrations()
    this.#report({ registered: [] })
    await this.#start(0)
  }

  /** Loads its files again; accounts that are the same register again where they are, the others anew. */
  async #lookAgain(): Promise<void> {
    const startedAt = this.world.clock.now()
    const end = await this.#boot()
    if (!end || this.#isOff) return
    this.onPoll(end.kind === 'configured')
    // A phone that gets nothing goes on with what it has.
    const accounts = end.kind === 'configured' ? end.accounts : this.#heldAccounts()
    this.#report({ registered: [] })
    for (const [index, held] of [...this.#registrations]) {
      const account = accounts.find((one) => one.index === index)
      if (account && sameAccount(account, held.account)) continue
      this.#registrations.delete(index)
      await held.registration.unregister().catch(() => undefined)
    }
    await this.#registerAll(accounts, startedAt)
  }

  #heldAccounts(): PhoneAccount[] {
    return [...this.#registrations.values()].map(({ account }) => account)
  }

  async #boot(report = (change: Partial<PhoneProgress>) => this.#report(change)): Promise<BootEnd | undefined> {
    const { spec, world } = this
    const sequence = boot({ ...spec, ...(world.read && { read: world.read }) })
    let step = sequence.next()
    while (!step.done) {
      if (this.#isOff) return undefined
      if (step.value.kind === 'wait') {
        report({ state: 'waiting', detail: this.#progress.detail })
        await this.#sleep(step.value.delayMs)
        step = sequence.next()
        continue
      }
      const { url } = step.value
      report({ state: 'fetching', detail: fileName(url) })
      const fetched = world.fetch({
        url,
        userAgent: spec.model.httpUserAgent(spec.mac),
        ...(spec.localAddress !== undefined && { localAddress: spec.localAddress }),
      })
      const outcome = await Promise.race([fetched, this.#powerCut])
      if (!outcome) return undefined
      step = sequence.next(outcome)
    }
    return step.value
  }

  /** One after another, as phones do; the first that fails ends it, and those before it stay registered. */
  async #registerAll(accounts: readonly PhoneAccount[], poweredOnAt: number): Promise<void> {
    this.#accounts = accounts.length
    for (const account of accounts) {
      this.#report({ state: 'registering', detail: account.user })
      try {
        await this.#register(account)
      } catch (error) {
        if (!(error instanceof RegistrationFailure)) throw error
        this.#fail(error.kind, `${account.user}: ${error.message}`)
        return
      }
      if (this.#isOff) return
      this.#report({ registered: [...this.#progress.registered, account.user] })
    }
    this.#report({ state: 'registered', detail: '', registeredAfterMs: this.world.clock.now() - poweredOnAt })
  }

  async #register(account: PhoneAccount): Promise<void> {
    const before = this.#registrations.get(account.index)
    if (before) {
      await before.registration.refresh()
      return
    }
    const target = registrarTarget(account)
    if (!target) throw new RegistrationFailure('register-refused', 'SIP over TLS is not simulated')
    const address = await addressOf(target.host)
    const request = registrationRequest(this.spec, account, target, address)
    const registration = await this.#patiently(() => this.world.register(request, this.#checkSync))
    if (!registration) return
    this.#registrations.set(account.index, { account, registration })
    const registerLatencyMs = Math.max(this.#progress.registerLatencyMs ?? 0, registration.latencyMs)
    this.#progress = { ...this.#progress, registerLatencyMs }
    if (this.spec.keepRegistered) void this.#keep(account, registration)
  }

  /** Retries while nobody answers; undefined when the power was cut meanwhile. */
  async #patiently(register: () => Promise<Registration>): Promise<Registration | undefined> {
    for (let attempt = 1; !this.#isOff; attempt += 1) {
      try {
        const pending = register()
        const registration = await Promise.race([pending, this.#powerCut])
        if (registration && !this.#isOff) return registration
        // Nobody waits for it any more, but its socket must go.
        pending.then(
          (late) => late.close(),
          () => undefined,
        )
        return undefined
      } catch (error) {
        const isFinal = !(error instanceof RegistrationFailure) || error.kind === 'register-refused'
        if (isFinal || attempt >= REGISTER_ATTEMPTS) throw error
        await this.#sleep(registerRetryMs(attempt))
      }
    }
    return undefined
  }

  async #keep({ index, user }: PhoneAccount, registration: Registration): Promise<void> {
    let misses = 0
    const isOver = (): boolean => this.#isOff || this.#registrations.get(index)?.registration !== registration
    while (!isOver()) {
      await this.#sleep(misses === 0 ? (registration.expires * 1000) / 2 : registerRetryMs(misses))
      if (isOver()) return
      try {
        await registration.refresh()
        if (misses > 0) this.#regain(user)
        misses = 0
      } catch (error) {
        if (isOver()) return
        misses += 1
        const kind = error instanceof RegistrationFailure ? error.kind : 'register-timeout'
        const registered = this.#progress.registered.filter((other) => other !== user)
        this.#report({ state: 'failed', failure: kind, detail: `${user}: registration lost`, registered })
      }
    }
  }

  #regain(user: string): void {
    const registered = [...new Set([...this.#progress.registered, user])]
    const isComplete = registered.length === this.#accounts
    this.#report(isComplete ? { state: 'registered', detail: '', registered } : { registered })
  }

  #fail(failure: FailureKind, detail: string): void {
    this.#report({ state: 'failed', failure, detail })
  }

  #closeRegistrations(): void {
    for (const { registration } of this.#registrations.values()) registration.close()
    this.#registrations.clear()
  }

  #report(change: Partial<PhoneProgress>): void {
    this.#progress = { ...this.#progress, ...change }
    this.onProgress(this.#progress)
  }

  /** Ends early when the power is cut. */
  #sleep(delayMs: number): Promise<void> {
    if (delayMs <= 0 || this.#isOff) return Promise.resolve()
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        cancel()
        this.#wakeUps.delete(wakeUp)
        resolve()
      }
      const cancel = this.world.clock.after(delayMs, wakeUp)
      this.#wakeUps.add(wakeUp)
    })
  }
}

function registerRetryMs(attempt: number): number {
  return Math.min(LONGEST_REGISTER_RETRY_MS, REGISTER_RETRY_MS * 2 ** (attempt - 1))
}
