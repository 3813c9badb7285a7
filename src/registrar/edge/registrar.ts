import { isOutage, orUnusable } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Binding, Site } from '../../domain/entities.js'
import { formatEndpoint } from '../../network/address.js'
import type { Flow } from '../../sip/flow.js'
import type { SipRequest } from '../../sip/message.js'
import type { Parsed, RequestEnvelope } from '../../sip/parse.js'
import { type Answer, answerPort, createResponse, type Echoed } from '../../sip/response.js'
import { serialize } from '../../sip/serialize.js'
import { transactionKey } from '../../sip/transaction/key.js'
import { ServerTransactions } from '../../sip/transaction/table.js'
import { parseSipUri, type SipUri, unescapeUri } from '../../sip/uri.js'
import { type DigestAccount, siteRealm } from '../accounts.js'
import { unamplified } from '../amplification.js'
import { authenticate, challengeHeaders } from '../authenticate.js'
import { BindingTable } from '../binding-table.js'
import { decide, type Registrant } from '../decide.js'
import { siteOf } from '../domains.js'
import { NO_GUARD, type RegistrarGuard } from '../guard.js'
import { NonceCounts, Nonces } from '../nonce.js'
import type { BindingOwner, RefusedRegister, RegistrarOptions } from '../options.js'
import { DEFAULT_POLICY, type RegistrarPolicy } from '../policy.js'
import { readRegister, type RegisterWish } from '../register-request.js'
import { screen } from '../screen.js'
import { SteadyTime } from '../steady-time.js'
import type { BindingChange, BindingStore } from '../store.js'
import { watchRequestOf } from '../watching.js'
import { Expiry } from './expiry.js'
import { GroupCommit, TooBusyError } from './group-commit.js'
import { ReportingStore } from './reporting-store.js'
import { Revocation, revoked } from './revocation.js'
import { WallTimeStore } from './wall-time-store.js'

const DEFAULT_NONCE_SECONDS = 300
const DEFAULT_MAX_TRANSACTIONS = 50_000
const MAX_NONCES = 200_000
const TAG_LENGTH = 16

/** The registrar of RFC 3261 §10.3 behind the SIP transports. */
export class Registrar {
  readonly #options: RegistrarOptions
  readonly #time: SteadyTime
  readonly #store: BindingStore
  readonly #policy: RegistrarPolicy
  readonly #guard: RegistrarGuard
  readonly #table = new BindingTable()
  readonly #commits: GroupCommit
  readonly #transactions: ServerTransactions
  readonly #nonces: Nonces
  readonly #counts: NonceCounts
  readonly #expiry: Expiry
  readonly #revocation: Revocation
  #open = false

  constructor(options: RegistrarOptions) {
    const { random, log } = options
    const clock = new SteadyTime(options.clock, options.steadyClock ?? options.clock)
    const store = new WallTimeStore(new ReportingStore(options.store, log), clock)
    const nonceSeconds = options.nonceSeconds ?? DEFAULT_NONCE_SECONDS
    const onApplied = (change: BindingChange): void => options.onChange?.(change)
    const table = this.#table
    this.#options = options
    this.#time = clock
    this.#store = store
    this.#policy = { ...DEFAULT_POLICY, ...options.policy }
    this.#guard = options.guard ?? NO_GUARD
    this.#commits = new GroupCommit({ table, store, onApplied })
    this.#transactions = new ServerTransactions(clock, options.maxTransactions ?? DEFAULT_MAX_TRANSACTIONS)
    this.#nonces = new Nonces(options.nonceKey ?? random.bytes(32), random, nonceSeconds)
    this.#counts = new NonceCounts(MAX_NONCES, nonceSeconds)
    this.#expiry = new Expiry({ table, store, clock, log, onApplied })
    this.#revocation = new Revocation({ table, commits: this.#commits, clock, log, onApplied })
  }

  /** Reads the stored bindings and begins to answer. Rejects when the store cannot be read. */
  async start(): Promise<void> {
    const stored = await this.#store.load()
    const now = this.#time.now()
    const longestMs = this.#policy.maxExpires * 1_000
    const [doubtful, valid] = [stored.filter(expiredAt(now)), stored.filter((binding) => !expiredAt(now)(binding))]
    // Nothing was ever granted for longer: the date was ahead when it was stored.
    const latest = now + longestMs
    const bindings = valid.map((one) => (one.expiresAt > latest ? { ...one, expiresAt: latest } : one))
    this.#table.apply(bindings.map((binding) => ({ kind: 'save', event: 'registered', binding })))
    // Gone from memory at once; a disk that fails is tried again and holds up nobody.
    void this.dropRevoked()
    this.#expiry.start(doubtful, longestMs)
    this.#open = true
  }

  /**
   * Stops answering; what was decided is committed and answered first. Call it before the listeners are closed.
   * Requests that come later get no answer: the phone asks again, the server that is back by then.
   */
  async stop(): Promise<void> {
    this.#open = false
    this.#revocation.stop()
    await this.#commits.drained()
    await this.#expiry.stop()
    this.#transactions.close()
  }

  /** All bindings, expired ones left out. */
  bindings(): Binding[] {
    const now = this.#time.now()
    return this.#table.all().filter((binding) => binding.expiresAt > now)
  }

  /**
   * Takes back bindings of somebody who was deleted, disabled or revoked: gone from memory at once, and from disk
   * when the promise resolves. A store that fails is tried again each second.
   */
  dropBindingsOf(owner: BindingOwner): Promise<void> {
    return this.#revocation.drop(
      (binding) =>
        (owner.extensionId !== undefined && binding.extensionId === owner.extensionId) ||
        (owner.lineId !== undefined && binding.lineId === owner.lineId),
    )
  }

  /**
   * As `dropBindingsOf`, for everybody the accounts do not know any more: after changes of people and phones, whoever
   * made them. `start()` does it for what changed while the server was down.
   * @param isConcerned leaves out those that the change was not about; default: none
   */
  dropRevoked(isConcerned: (binding: Binding) => boolean = () => true): Promise<void> {
    const { accounts } = this.#options
    return this.#revocation.drop((binding) => isConcerned(binding) && !accounts.mayKeep(binding))
  }

  /**
   * Throws one binding out, as an admin asks for it: off the disk, then out of memory. Its phone may register again.
   * Resolves to the binding; undefined when there is none (any more). Rejects when the store cannot be written.
   */
  async dropBinding(aor: string, bindingKey: string): Promise<Binding | undefined> {
    const work = this.#commits.run(aor, (current) => ({
      changes: current.filter((binding) => binding.bindingKey === bindingKey).map(revoked),
    }))
    const { changes } = await orUnusable(work)
    return changes[0]?.binding
  }

  /** Takes what a transport has read. Never throws. */
  readonly handle = (parsed: Parsed, flow: Flow): void => {
    if (!this.#open) return
    try {
      if (parsed.kind === 'refused') {
        const { answerTo, status, reason } = parsed
        this.#guard.odd('malformed', flow, reason)
        if (this.#guard.strangerAnswer(flow) === 'silent') return
        const key = `${answerTo.method}\n${answerTo.via.branch}`
        this.#answerUnproven(answerTo, flow, key, { status, reason })
      } else if (parsed.kind === 'request') this.#request(parsed.request, parsed.envelope, flow)
    } catch (error) {
      this.#options.log.error({ err: error, remote: formatEndpoint(flow.remote) }, 'a SIP message was not handled')
    }
  }

  #request(request: SipRequest, envelope: RequestEnvelope, flow: Flow): void {
    // Nobody answers an ACK (RFC 3261 §17).
    if (request.method === 'ACK') return
    const key = transactionKey(request, envelope, flow)
    const echoed: Echoed = { headers: request.headers, via: envelope.via }
    const admission = this.#transactions.look(key)
    if (admission.kind === 'again') this.#send(echoed, flow, admission.answer)
    if (admission.kind !== 'new') return
    const answer = this.#stateless(request, envelope, flow, key, echoed)
    if (answer) this.#answerUnproven(echoed, flow, key, answer)
  }

  #answerUnproven(echoed: Echoed, flow: Flow, key: string, answer: Answer): void {
    const text = unamplified(answer, flow.octets, (one) => this.#answerText(echoed, flow, key, one))
    if (text !== undefined) this.#send(echoed, flow, text)
  }

  /** Answers that cost no state; undefined when the request goes on as a transaction, or gets no answer. */
  #stateless(
    request: SipRequest,
    envelope: RequestEnvelope,
    flow: Flow,
    key: string,
    echoed: Echoed,
  ): Answer | undefined {
    const site = this.#siteOf(envelope.uri, flow)
    const screened = screen(request, site !== undefined)
    if (screened) {
      if (screened.status === 405) this.#refuseMethod(request, envelope, flow, site)
      return this.#toStranger(flow, screened)
    }
    const wish = readRegister(request, envelope.callId, envelope.cseq.number)
    if (typeof wish === 'string') return this.#toStranger(flow, { status: 400, reason: wish })
    const to = parseSipUri(envelope.to.uri)
    if (!to) return this.#toStranger(flow, { status: 400, reason: 'Bad To' })
    const aorSite = this.#siteOf(to, flow)
    if (!aorSite) return this.#toStranger(flow, { status: 404 })
    const account = this.#authenticated(request, aorSite, flow)
    if (!account || 'status' in account) return account
    // From here on the count of the nonce is used up, so a retransmission must get this very answer.
    if (!this.#transactions.begin(key, flow.transport !== 'udp')) return this.#unavailable()
    const user = unescapeUri(to.user ?? '')
    // Apps that know one name for both take the user name for the number, too.
    const own = user === account.number || user === account.username
    const isNear = account.mayComeFrom?.(flow.remote.address) ?? true
    if (!own) this.#refused(account.username, flow, 'not its own extension')
    else if (!isNear) this.#refused(account.username, flow, 'outside its allowed networks')
    const finish = (answer: Answer): void => {
      const text = this.#transactions.respond(key, this.#answerText(echoed, flow, key, answer))
      if (text !== undefined) this.#send(echoed, flow, text)
    }
    if (own && isNear) this.#register(wish, registrant(account, aorSite, flow), finish)
    else finish({ status: 403 })
    return undefined
  }

  /** A phone that asks to watch somebody is no odd stranger; all other methods count against their source. */
  #refuseMethod(request: SipRequest, envelope: RequestEnvelope, flow: Flow, site: Site | undefined): void {
    const realm = site && siteRealm(site)
    const bindingsOf = (user: string): readonly Binding[] => this.#table.of(`${user}@${realm ?? ''}`)
    const watch = watchRequestOf(request, envelope, flow, 405, bindingsOf)
    if (watch) this.#options.onWatch?.(watch)
    else this.#guard.odd('bad-method', flow, request.method)
  }

  /** Undefined for silence. */
  #toStranger(flow: Flow, answer: Answer): Answer | undefined {
    return this.#guard.strangerAnswer(flow) === 'silent' ? undefined : answer
  }

  /** Undefined for silence. */
  #authenticated(request: SipRequest, site: Site, flow: Flow): DigestAccount | Answer | undefined {
    const realm = siteRealm(site)
    const now = this.#time.now()
    const mayTry = (username: string): boolean => this.#guard.mayTry(username, flow)
    const parts = { accounts: this.#options.accounts, nonces: this.#nonces, counts: this.#counts, mayTry }
    const isOurs = (text: string): boolean => {
      const uri = parseSipUri(text)
      return uri !== undefined && this.#siteOf(uri, flow) !== undefined
    }
    const verdict = authenticate(request, { id: site.id, realm, isOurs }, parts, now)
    if (verdict.kind === 'accepted') return verdict.account
    if (verdict.kind === 'barred') return undefined
    const to = flow.remote.address
    let proven = verdict.kind === 'stale'
    if (verdict.kind === 'wrong') {
      this.#refused(verdict.username, flow, 'wrong password or unknown user')
      proven = this.#nonces.wasSentTo(to, verdict.nonce, realm)
      this.#guard.wrongPassword(verdict.username, verdict.guess, proven, flow)
    }
    const worth = proven ? 'full' : this.#guard.strangerAnswer(flow)
    if (worth === 'silent') return undefined
    // JsSIP and SIP.js give up when they see anything but MD5, and take the last challenge they see.
    const short = worth === 'short' || flow.transport === 'ws' || flow.transport === 'wss'
    const challenge = { realm, to, stale: verdict.kind === 'stale', short }
    return { status: 401, headers: challengeHeaders(request, challenge, this.#nonces, now) }
  }

  #register(wish: RegisterWish, who: Registrant, finish: (answer: Answer) => void): void {
    const now = this.#time.now()
    this.#commits.submit(
      who.aor,
      (current) => decide(wish, who, current, this.#policy, now, now + this.#time.wallOffset),
      (error, decision) => {
        // An outage was told of by the store, once; a shed request is no mistake.
        if (!decision && !isOutage(error) && !(error instanceof TooBusyError)) {
          this.#options.log.error({ err: error, aor: who.aor }, 'a registration could not be stored')
        }
        try {
          finish(decision?.answer ?? this.#unavailable())
        } catch (mistake) {
          this.#options.log.error({ err: mistake }, 'a REGISTER could not be answered')
        }
      },
    )
  }

  #siteOf(uri: SipUri, flow: Flow): Site | undefined {
    return siteOf(uri, flow, this.#options.sites, this.#options.ownHosts)
  }

  /** 503 with a time to come back that differs from phone to phone (RFC 3261 §21.5.4). */
  #unavailable(): Answer {
    const spread = (this.#options.random.bytes(1)[0] ?? 0) % 16
    return { status: 503, headers: [{ name: 'Retry-After', value: String(5 + spread) }] }
  }

  #refused(username: string, flow: Flow, reason: RefusedRegister['reason']): void {
    this.#options.onRefused?.({ username, received: formatEndpoint(flow.remote), reason })
  }

  #answerText(echoed: Echoed, flow: Flow, key: string, answer: Answer): string {
    // RFC 3261 §8.2.7: without state a retransmission must still get the same To tag.
    const toTag = this.#nonces.keyed('tag', key, TAG_LENGTH)
    return serialize(createResponse(echoed, flow.remote, toTag, answer))
  }

  #send(echoed: Echoed, flow: Flow, text: string): void {
    flow.send(text, flow.transport === 'udp' ? answerPort(echoed.via, flow.remote) : undefined)
  }
}

function expiredAt(now: Millis): (binding: Binding) => boolean {
  return ({ expiresAt }) => expiresAt <= now
}

function registrant(account: DigestAccount, site: Site, flow: Flow): Registrant {
  const realm = siteRealm(site)
  return {
    aor: `${account.number}@${realm}`,
    extensionId: account.extensionId,
    received: formatEndpoint(flow.remote),
    transport: flow.transport,
    local: flow.local.address,
    lineId: account.lineId,
    passwordMark: account.passwordMark(realm),
    maxContacts: account.maxContacts,
    limit: account.limit,
    countsWith: account.countsWith,
  }
}

/** A registrar that answers once `start()` has resolved. Give its `handle` to `openSipListeners`. */
export function createRegistrar(options: RegistrarOptions): Registrar {
  return new Registrar(options)
}
