import { LRUCache } from 'lru-cache'
import type { Clock, Millis } from '../../domain/clock.js'
import { formatEndpoint } from '../../network/address.js'
import type { Endpoint } from '../../network/udp.js'
import type { Log } from '../../observe/log.js'
import { type Ban, type BanScope, EVERYWHERE, isInForce, type NewBan, nextBan } from '../ban.js'
import { BanTable } from '../ban-table.js'
import { type Offence, OFFENCES, type OffenceKind } from '../offence.js'
import { LIMITS, type LimitsPolicy } from '../policy.js'
import { holds, sourceOf } from '../source.js'
import type { BanStore, KeptBan } from '../store.js'
import { BanKeeper } from './ban-keeper.js'
import { BoundedCounter } from './bounded-counter.js'

/** Sources counted at a time, bans kept, addresses remembered as good: a flood of forged ones fills no more. */
const MOST_SOURCES = 20_000
const MOST_BANS = 10_000
const MOST_VOUCHED = 50_000
/** How long a phone speaks for its address, and how exactly that is noted. */
const VOUCHED_MS = 3_600_000
const VOUCH_AGAIN_MS = 60_000
const ENDPOINTS_FRESH_MS = 5_000
const SWEEP_MS = 60_000
const USERNAME_MAX = 64
const EVIDENCE_MAX = 200

/** How somebody who proved nothing is answered over UDP. */
export type StrangerAnswer = 'full' | 'short' | 'silent'

/** A wrong answer to a digest challenge. */
export interface WrongPassword {
  readonly username: string
  readonly address: string
  readonly proven: boolean
  /** The digest sent: the same one again is a packet sent twice, not another guess. */
  readonly guess: string
}

export interface LimitsOptions {
  policy?: Partial<LimitsPolicy>
  clock: Clock
  log: Log
  store: BanStore
  /** Exempt from everything here. */
  isExempt(address: string): boolean
  /** How many phones are at home at addresses that `covers` names. Asked when a source is about to be banned. */
  atHome(covers: (address: string) => boolean): number
  /** `ip:port` of the registrations that live at an address: heard in spite of a ban. */
  liveEndpoints(address: string): ReadonlySet<string>
}

/** Who is heard: counts what speaks against a source, and bans it when that is too much. */
export class Limits {
  readonly #options: LimitsOptions
  readonly #policy: LimitsPolicy
  readonly #bans = new BanTable(MOST_BANS)
  readonly #keeper: BanKeeper
  readonly #refusals: BoundedCounter
  readonly #guesses: BoundedCounter
  readonly #answers: BoundedCounter
  readonly #same: LRUCache<string, true>
  readonly #short: LRUCache<string, true>
  readonly #allowed: LRUCache<string, number>
  readonly #endpoints = new LRUCache<string, ReadonlySet<string>>({ max: 100, ttl: ENDPOINTS_FRESH_MS })
  readonly #vouched = new Map<string, Millis>()
  readonly #onBan: ((ban: Ban) => void)[] = []
  #cancelSweep: () => void = () => undefined
  #told = { since: 0, lines: 0 }

  private constructor(options: LimitsOptions) {
    const policy = { ...LIMITS, ...options.policy }
    const { clock, log, store } = options
    this.#options = options
    this.#policy = policy
    this.#refusals = new BoundedCounter({ windowMs: policy.windowMs, keys: MOST_SOURCES })
    this.#guesses = new BoundedCounter({ windowMs: policy.guessWindowMs, keys: MOST_SOURCES })
    this.#answers = new BoundedCounter({ windowMs: policy.answerWindowMs, keys: MOST_SOURCES })
    this.#same = new LRUCache({ max: MOST_SOURCES, ttl: policy.windowMs })
    this.#short = new LRUCache({ max: MOST_SOURCES, ttl: policy.answerWindowMs })
    this.#allowed = new LRUCache({ max: 1_000, ttl: policy.windowMs })
    this.#keeper = new BanKeeper({
      ...{ store, clock, log },
      mayBeLifted: () => this.#bans.size > 0,
      onLifted: (ban) => this.#lifted(ban),
    })
  }

  /** Reads the bans of before. A database that does not answer is no reason not to start. */
  static async open(options: LimitsOptions): Promise<Limits> {
    const limits = new Limits(options)
    const now = options.clock.now()
    try {
      const kept = await options.store.load(now - limits.#policy.forgetMs, MOST_BANS)
      for (const ban of kept.reverse()) if (ban.liftedAt === undefined) limits.#bans.put(ban)
    } catch (error) {
      options.log.warn({ err: error }, 'bans of before could not be read')
    }
    limits.#sweep()
    return limits
  }

  async stop(): Promise<void> {
    this.#cancelSweep()
    await this.#keeper.stop()
    for (const counter of [this.#refusals, this.#guesses, this.#answers]) counter.clear()
  }

  /** Sources, bans and good addresses that are remembered: bounded, whatever comes. */
  get remembered(): number {
    const counted = this.#refusals.size + this.#guesses.size + this.#answers.size
    return counted + this.#same.size + this.#short.size + this.#allowed.size + this.#vouched.size + this.#bans.size
  }

  /** Calls `listener` with each new ban. */
  onBan(listener: (ban: Ban) => void): void {
    this.#onBan.push(listener)
  }

  /** Is nothing of this address answered by HTTP, HTTPS or TFTP? Cheap while nobody is banned. */
  refuses(address: string, protocol: 'http' | 'tftp'): boolean {
    const ban = this.#covering(address, 'all') ?? (protocol === 'tftp' ? this.#covering(address, 'tftp') : undefined)
    return ban !== undefined
  }

  /** As `refuses`, for SIP: who is registered is heard from where it registered, whatever its neighbours do. */
  refusesSip(remote: Endpoint): boolean {
    if (this.#covering(remote.address, 'all') === undefined) return false
    let live = this.#endpoints.get(remote.address)
    if (live === undefined) {
      live = this.#options.liveEndpoints(remote.address)
      this.#endpoints.set(remote.address, live)
    }
    return !live.has(formatEndpoint(remote))
  }

  /** A phone got its config there, or proved its password. */
  vouch(address: string): void {
    const now = this.#options.clock.now()
    const at = this.#vouched.get(address)
    if (at !== undefined && Math.abs(now - at) < VOUCH_AGAIN_MS) return
    this.#vouched.delete(address)
    this.#vouched.set(address, now)
    for (const oldest of this.#vouched.keys()) {
      if (this.#vouched.size <= MOST_VOUCHED) break
      this.#vouched.delete(oldest)
    }
  }

  /** Something that speaks against a source. Never throws and never waits. */
  note(offence: Offence): void {
    if (this.#options.isExempt(offence.address)) return
    if (offence.sameAs !== undefined && this.#isSame(offence.address, `${offence.kind} ${offence.sameAs}`)) return
    const { points } = OFFENCES[offence.kind]
    const { kind, evidence } = offence
    const scope = offence.proven ? 'all' : offence.protocol === 'tftp' ? 'tftp' : 'sip'
    this.#count(this.#refusals, this.#policy.refusals, offence.address, { scope, kind, evidence, points })
  }

  /** May this user's password be tried from there? Told before it is looked at. */
  mayTry(username: string, address: string): boolean {
    return this.#bans.ofUser(sourceOf(address).unit, username.slice(0, USERNAME_MAX), this.#now()) === undefined
  }

  /** A wrong password: counted for user and address, for the user, and once per user for the address. */
  wrongPassword({ username: said, address, proven, guess }: WrongPassword): void {
    if (!proven || this.#options.isExempt(address) || this.#isSame(address, `guess ${guess.slice(0, 64)}`)) return
    const username = said.slice(0, USERNAME_MAX)
    const { guesses, guessesEverywhere, slowedGuesses, failingUsers, maxUserBanMs } = this.#policy
    const { unit } = sourceOf(address)
    const evidence = `user ${username} from ${address}`
    const length = { mostMs: maxUserBanMs }
    this.#later(this.#guesses.add(`${EVERYWHERE} ${username}`, 1), (count) => {
      const which = { who: EVERYWHERE, scope: 'all', username } as const
      if (count >= guessesEverywhere) this.#ban({ ...which, kind: 'attacked-user', evidence, count }, length)
    })
    this.#later(this.#guesses.add(`user ${unit} ${username}`, 1), (count) => {
      const attacked = this.#bans.ofUser(EVERYWHERE, username, this.#now()) !== undefined
      if (count < (attacked ? slowedGuesses : guesses)) return
      this.#guesses.forget(`user ${unit} ${username}`)
      this.#ban({ who: unit, scope: 'all', username, kind: 'wrong-password', evidence, count }, length)
    })
    if (this.#isSame(address, `failing ${username}`)) return
    const offence = { scope: 'all', kind: 'failing-users', evidence, points: 1 } as const
    this.#count(this.#guesses, failingUsers, address, offence)
  }

  /** How to answer over UDP somebody who proved nothing. Each call counts as an answer. */
  strangerAnswer(address: string): StrangerAnswer {
    const now = this.#now()
    const vouchedAt = this.#vouched.get(address)
    if (vouchedAt !== undefined && Math.abs(now - vouchedAt) < VOUCHED_MS) return 'full'
    if (this.#covering(address, 'sip') !== undefined) return 'silent'
    if (this.#options.isExempt(address)) return 'full'
    const { answers, fullAnswers } = this.#policy
    const { unit } = sourceOf(address)
    const short = this.#short.has(unit)
    this.#later(this.#answers.add(`full ${unit}`, 1), (count) => {
      if (count >= fullAnswers) this.#short.set(unit, true)
    })
    const offence = {
      scope: 'sip',
      kind: 'no-password',
      evidence: `without a password from ${address}`,
      points: 1,
    } as const
    this.#count(this.#answers, answers, address, offence)
    return short ? 'short' : 'full'
  }

  #now(): Millis {
    return this.#options.clock.now()
  }

  #covering(address: string, scope: BanScope): Ban | undefined {
    return this.#bans.covering(address, scope, this.#now())
  }

  /** Was this heard from there within the window? */
  #isSame(address: string, what: string): boolean {
    const key = `${sourceOf(address).unit} ${what}`
    if (this.#same.has(key)) return true
    this.#same.set(key, true)
    return false
  }

  /** Adds to the sums of the source and of its network; bans the one that has too much. */
  #count(
    counter: BoundedCounter,
    allowed: number,
    address: string,
    what: { scope: BanScope; kind: OffenceKind; evidence: string; points: number },
  ): void {
    const { unit, network } = sourceOf(address)
    const { scope, kind, evidence, points } = what
    for (const [who, most] of [
      [unit, allowed],
      [network, allowed * this.#policy.networkFactor],
    ] as const) {
      const key = `${scope} ${who}`
      this.#later(counter.add(key, points), (count) => {
        if (count < most || count < this.#allowance(`${kind} ${key}`, who, most, count)) return
        counter.forget(key)
        this.#ban({ who, scope, username: '', kind, evidence, count })
      })
    }
  }

  /** What a source may get wrong: one more for each phone that lives there. Counted when the sum gets there. */
  #allowance(key: string, who: string, base: number, count: number): number {
    const known = this.#allowed.get(key)
    if (known !== undefined && count < known) return known
    const allowance = base + this.#options.atHome((address) => holds(who, address))
    this.#allowed.set(key, allowance)
    return allowance
  }

  #ban(ban: NewBan, { mostMs }: { mostMs?: number } = {}): void {
    const now = this.#now()
    const previous = this.#bans.get(ban)
    if (previous !== undefined && isInForce(previous, now)) return
    const { banMs, maxBanMs, silenceMs, maxSilenceMs, forgetMs } = this.#policy
    const length =
      ban.scope === 'all'
        ? { firstMs: Math.min(banMs, mostMs ?? maxBanMs), mostMs: mostMs ?? maxBanMs, forgetMs }
        : { firstMs: silenceMs, mostMs: maxSilenceMs, forgetMs }
    const next = nextBan({ ...ban, evidence: ban.evidence.slice(0, EVIDENCE_MAX) }, previous, length, now)
    this.#bans.put(next)
    this.#keeper.save(next)
    this.#tell(next)
    for (const listener of this.#onBan) listener(next)
  }

  /** Anybody can cause lines: 10 a minute tell enough, `bans list` has them all. */
  #tell(ban: Ban): void {
    const now = this.#now()
    if (Math.abs(now - this.#told.since) >= 60_000) this.#told = { since: now, lines: 0 }
    this.#told.lines += 1
    if (this.#told.lines > 10) return
    const { who, username, scope, kind, evidence, count, times, until } = ban
    const fields = { who, scope, evidence, count, times, until: new Date(until).toISOString() }
    const named = username === '' ? fields : { ...fields, username }
    this.#options.log.warn(named, `not heard for a while: ${OFFENCES[kind].reason}`)
  }

  #lifted(lifted: KeptBan): void {
    const ban = this.#bans.get(lifted)
    // A ban that came after the lifting stays.
    if (ban === undefined || lifted.liftedAt === undefined || ban.since > lifted.liftedAt) return
    this.#bans.remove(ban)
    for (const counter of [this.#refusals, this.#guesses, this.#answers]) counter.forget(`${ban.scope} ${ban.who}`)
    this.#same.clear()
    this.#options.log.info({ who: ban.who, by: lifted.liftedBy }, 'a ban was lifted')
  }

  #sweep(): void {
    this.#bans.sweep(this.#now(), this.#policy.forgetMs)
    this.#cancelSweep = this.#options.clock.after(SWEEP_MS, () => this.#sweep())
  }

  #later(sum: Promise<number>, judge: (count: number) => void): void {
    sum.then(judge).catch((error: unknown) => this.#options.log.error({ err: error }, 'a limit was not counted'))
  }
}
