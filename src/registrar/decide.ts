import type { Millis } from '../domain/clock.js'
import type { Binding, Id } from '../domain/entities.js'
import { parseEndpoint } from '../network/address.js'
import { owned } from '../sip/lexical.js'
import type { Header } from '../sip/message.js'
import type { Answer } from '../sip/response.js'
import { parseSipUri, sameUri } from '../sip/uri.js'
import type { RegistrarPolicy } from './policy.js'
import { type ContactWish, instanceOf, type RegisterWish } from './register-request.js'
import type { BindingChange } from './store.js'

/** Who registers, proved by digest, and where the request came from. */
export interface Registrant {
  /** Canonical address of record. */
  readonly aor: string
  readonly extensionId: Id
  readonly lineId?: Id | undefined
  /** See Binding. */
  readonly passwordMark?: string | undefined
  /** Overrides the policy. */
  readonly maxContacts?: number | undefined
  /** See DigestAccount. */
  readonly limit?: (() => number | undefined) | undefined
  /** See DigestAccount. */
  readonly countsWith?: ((binding: Binding) => boolean) | undefined
  /** Source, `ip:port`. */
  readonly received: string
  readonly transport: Binding['transport']
  /** See Binding. */
  readonly local?: string | undefined
}

/** The answer, and what must be stored before it may be sent. Refusals change nothing. */
export interface Decision {
  readonly answer: Answer
  readonly changes: readonly BindingChange[]
}

const HOUR_SECONDS = 3_600
const NO_PATH: readonly string[] = []

function refuse(status: number, reason?: string, headers: Header[] = []): Decision {
  return { answer: { status, headers, ...(reason === undefined ? {} : { reason }) }, changes: [] }
}

/** The same call to register, and not a later step of it (RFC 3261 §10.3 step 7). */
function outOfOrder(binding: Binding, wish: RegisterWish): boolean {
  return binding.callId === wish.callId && wish.cseq <= binding.cseq
}

function matches(binding: Binding, contact: ContactWish): boolean {
  if (binding.bindingKey === contact.bindingKey) return true
  const uri = contact.outbound ? undefined : parseSipUri(binding.contactUri)
  return uri !== undefined && sameUri(uri, contact.uri)
}

function secondsLeft(binding: Binding, now: Millis): number {
  return Math.ceil((binding.expiresAt - now) / 1_000)
}

/** [RFC3261-10.3.8] Every binding with the seconds it has left. */
function contactHeaders(bindings: readonly Binding[], now: Millis): Header[] {
  return bindings.map((binding) => {
    const q = binding.q === 1_000 ? '' : `;q=${binding.q / 1_000}`
    const value = `<${binding.contactUri}>;expires=${secondsLeft(binding, now)}${q}${binding.contactParams ?? ''}`
    return { name: 'Contact', value }
  })
}

let lastDate = { second: -1, text: '' }

/** Thousands of phones are told the same second. */
function httpDate(date: Millis): string {
  const second = Math.floor(date / 1_000)
  if (second !== lastDate.second) lastDate = { second, text: new Date(date).toUTCString() }
  return lastDate.text
}

function accept(
  wish: RegisterWish,
  bindings: readonly Binding[],
  changes: BindingChange[],
  { now, date }: { now: Millis; date: Millis },
): Decision {
  const headers = contactHeaders(bindings, now)
  // RFC 3261 §20.17: phones without NTP set their clock from it.
  headers.push({ name: 'Date', value: httpDate(date) })
  if (wish.supportsPath) for (const value of wish.path) headers.push({ name: 'Path', value })
  if (wish.contacts !== 'all' && wish.contacts.some((contact) => contact.outbound)) {
    headers.push({ name: 'Require', value: 'outbound' })
  }
  return { answer: { status: 200, headers }, changes }
}

/** [RFC3261-10.3.6] `Contact: *` removes everything, if none of it is newer than this request. */
function decideAll(wish: RegisterWish, bindings: readonly Binding[], times: { now: Millis; date: Millis }): Decision {
  if (wish.expires !== 0) return refuse(400, 'Contact * Needs Expires 0')
  if (bindings.some((binding) => outOfOrder(binding, wish))) return refuse(400, 'CSeq Out of Order')
  const changes = bindings.map((binding): BindingChange => ({ kind: 'remove', reason: 'unregistered', binding }))
  return accept(wish, [], changes, times)
}

/** The bindings as they will be, built up contact by contact. */
class Draft {
  readonly changes: BindingChange[] = []
  #bindings: Binding[]
  readonly #new = new Set<Binding>()

  constructor(bindings: readonly Binding[]) {
    this.#bindings = [...bindings]
  }

  get bindings(): readonly Binding[] {
    return this.#bindings
  }

  /** Bindings of earlier requests, not of this one. */
  get earlier(): Binding[] {
    return this.#bindings.filter((binding) => !this.#new.has(binding))
  }

  remove(binding: Binding, reason: 'unregistered' | 'replaced'): void {
    this.#bindings = this.#bindings.filter((other) => other !== binding)
    this.changes.push({ kind: 'remove', reason, binding })
  }

  save(binding: Binding, replaced: readonly Binding[]): void {
    for (const old of replaced) {
      if (old.bindingKey !== binding.bindingKey) this.remove(old, 'replaced')
    }
    this.#bindings = this.#bindings.filter((other) => other.bindingKey !== binding.bindingKey)
    this.#bindings.push(binding)
    this.#new.add(binding)
    this.changes.push({ kind: 'save', event: replaced.length > 0 ? 'refreshed' : 'registered', binding })
  }
}

function sourceAddress(received: string): string {
  return parseEndpoint(received)?.address ?? received
}

/** Over the limit: the least recently refreshed binding that is surely of the same phone, if any. */
function ownOldest(draft: Draft, contact: ContactWish, wish: RegisterWish, who: Registrant): Binding | undefined {
  const counted = who.countsWith ? draft.earlier.filter(who.countsWith) : draft.earlier
  const earlier = counted.sort((a, b) => a.expiresAt - b.expiresAt)
  const instance = instanceOf(contact.paramsText)
  const sameInstance = instance && earlier.find((binding) => instanceOf(binding.contactParams) === instance)
  if (sameInstance) return sameInstance
  const source = sourceAddress(who.received)
  return earlier.find(
    (binding) =>
      wish.userAgent !== undefined &&
      binding.userAgent === wish.userAgent &&
      sourceAddress(binding.received) === source,
  )
}

/** A text of the binding before when it is the same one: most refreshes change nothing but times and numbers. */
function kept(text: string, before: string | undefined): string {
  return text === before ? before : owned(text)
}

function newBinding(
  contact: ContactWish,
  wish: RegisterWish,
  who: Registrant,
  times: Pick<Binding, 'expiresAt' | 'registeredAt'>,
  before: Binding | undefined,
): Binding {
  const contactUri = kept(contact.uriText, before?.contactUri)
  return {
    aor: kept(who.aor, before?.aor),
    extensionId: who.extensionId,
    bindingKey: contact.bindingKey === contactUri ? contactUri : kept(contact.bindingKey, before?.bindingKey),
    contactUri,
    received: kept(who.received, before?.received),
    transport: who.transport,
    path: wish.path.length === 0 ? NO_PATH : wish.path.map(owned),
    q: contact.q,
    callId: kept(wish.callId, before?.callId),
    cseq: wish.cseq,
    ...times,
    ...(contact.paramsText === '' ? {} : { contactParams: kept(contact.paramsText, before?.contactParams) }),
    ...(wish.userAgent === undefined ? {} : { userAgent: kept(wish.userAgent, before?.userAgent) }),
    ...(who.lineId === undefined ? {} : { lineId: who.lineId }),
    ...(who.passwordMark === undefined ? {} : { passwordMark: who.passwordMark }),
    ...(who.local === undefined ? {} : { local: who.local }),
  }
}

/** Everything one Contact is judged by. */
interface Case {
  readonly wish: RegisterWish
  readonly who: Registrant
  readonly policy: RegistrarPolicy
  readonly now: Millis
}

function isFull({ bindings }: Draft, who: Registrant, policy: RegistrarPolicy): boolean {
  const counted = who.countsWith ? bindings.filter(who.countsWith) : bindings
  return counted.length >= (who.limit?.() ?? who.maxContacts ?? policy.maxContacts)
}

/** One Contact laid onto the draft; a decision when it makes the whole request fail. */
function applyContact(draft: Draft, contact: ContactWish, { wish, who, policy, now }: Case): Decision | undefined {
  // RFC 3261 §10.3 step 6: parameter before header before default.
  const asked = contact.expires ?? wish.expires ?? policy.defaultExpires
  if (asked > 0 && asked < policy.minExpires && asked < HOUR_SECONDS) {
    return refuse(423, undefined, [{ name: 'Min-Expires', value: String(policy.minExpires) }])
  }
  const replaced = draft.bindings.filter((binding) => matches(binding, contact))
  const earlier = draft.earlier
  if (replaced.some((binding) => earlier.includes(binding) && outOfOrder(binding, wish))) {
    return refuse(400, 'CSeq Out of Order')
  }
  if (asked === 0) {
    for (const binding of replaced) draft.remove(binding, 'unregistered')
    return undefined
  }
  if (replaced.length === 0 && isFull(draft, who, policy)) {
    const oldest = ownOldest(draft, contact, wish, who)
    if (!oldest) return refuse(403, 'Too Many Contacts')
    draft.remove(oldest, 'replaced')
  }
  const expiresAt = now + Math.min(asked, policy.maxExpires) * 1_000
  const registeredAt = replaced[0]?.registeredAt ?? now
  draft.save(newBinding(contact, wish, who, { expiresAt, registeredAt }, replaced[0]), replaced)
  return undefined
}

/**
 * [RFC3261-10.3] What a REGISTER of an authorised phone does to the bindings of its address of record: all that it
 * asks for, or nothing.
 * @param current bindings of the address of record; expired ones are looked through
 * @param date what the phone is told, when it is not `now`
 */
export function decide(
  wish: RegisterWish,
  who: Registrant,
  current: readonly Binding[],
  policy: RegistrarPolicy,
  now: Millis,
  date: Millis = now,
): Decision {
  const bindings = current.filter((binding) => binding.expiresAt > now)
  if (wish.lacksOutbound) return refuse(439)
  if (wish.contacts === 'all') return decideAll(wish, bindings, { now, date })
  if (wish.contacts.length > policy.maxContactsPerRequest) return refuse(403, 'Too Many Contacts')
  const draft = new Draft(bindings)
  for (const contact of wish.contacts) {
    const refusal = applyContact(draft, contact, { wish, who, policy, now })
    if (refusal) return refusal
  }
  return accept(wish, draft.bindings, draft.changes, { now, date })
}
