import type { Millis } from '../domain/clock.js'
import type { Binding, DeviceState, Outcome } from '../domain/entities.js'
import type { RegisterStep } from '../registrar/history.js'

/** What keeps a phone from working, or is worth knowing; the words stand with the pages. */
export const DIAGNOSES = [
  'blocked',
  'blockedCalls',
  'held',
  'silent',
  'gone',
  'untrusted',
  'failed',
  'noLine',
  'wrongModel',
  'wrongFile',
  'wrongPassword',
  'tls',
  'expired',
  'notRegistering',
  'oldFirmware',
] as const
export type DiagnosisCode = (typeof DIAGNOSES)[number]

/** `values` fill the words' places. */
export interface Diagnosis {
  readonly code: DiagnosisCode
  readonly values: Readonly<Record<string, string | number>>
  /** When what it is about happened last. */
  readonly at?: Millis
}

/** What is known of a phone. */
export interface Evidence {
  readonly state: DeviceState
  readonly lines: number
  /** Generation of the firmware it runs, and the newest its hardware had; undefined: not known. */
  readonly generation?: number | undefined
  readonly newestGeneration?: number | undefined
  readonly firmware?: string | undefined
  readonly model: string
  readonly lastSeenAt?: Millis | undefined
  /** What it asked, newest first. */
  readonly asked: readonly {
    readonly at: Millis
    readonly outcome: Outcome
    readonly path: string
    readonly peer: string
    readonly transport: string
    readonly reason?: string | undefined
  }[]
  /** Bindings that its lines have now. */
  readonly registrations: readonly Pick<Binding, 'registeredAt' | 'lineId'>[]
  /** Newest first. */
  readonly history: readonly RegisterStep[]
  /** TLS handshakes that failed from its address, the last one. */
  readonly tlsFailure?: { readonly at: Millis; readonly reason: string } | undefined
  readonly now: Millis
}

const GIVEN: ReadonlySet<Outcome> = new Set<Outcome>(['served', 'not-modified', 'partial', 'last-good'])
/** Says nothing about whether the phone is well: it goes on by itself. */
const HARMLESS: ReadonlySet<Outcome> = new Set<Outcome>(['expected-miss'])
/** A phone that asked this short ago is on its way. */
const ON_ITS_WAY_MS = 120_000
const RECENT_MS = 15 * 60_000
const DAY_MS = 86_400_000

/**
 * Why a phone is not registered, the likeliest first, and what is worth knowing of one that is. Empty: all is well, or
 * it is just starting.
 */
export function diagnose(evidence: Evidence): Diagnosis[] {
  const { state, registrations, lines } = evidence
  if (state === 'blocked') return blocked(evidence)
  if (state === 'pending') return [{ code: 'held', values: {} }]
  const isWhole = lines > 0 && new Set(registrations.map(({ lineId }) => lineId)).size >= lines
  return [...(isWhole ? [] : stuck(evidence)), ...oldFirmware(evidence)]
}

function blocked({ asked }: Evidence): Diagnosis[] {
  const [call] = asked.filter(({ outcome }) => outcome === 'blocked')
  if (!call) return [{ code: 'blocked', values: {} }]
  return [{ code: 'blockedCalls', values: { peer: call.peer }, at: call.at }]
}

function stuck(evidence: Evidence): Diagnosis[] {
  const { asked, lines, now, lastSeenAt, model } = evidence
  const telling = asked.filter(({ outcome }) => !HARMLESS.has(outcome))
  const [last] = telling
  const password = wrongPassword(evidence)
  if (!last) {
    if (password) return [password]
    return lastSeenAt === undefined ? [...tls(evidence), { code: 'silent', values: {} }] : gone(evidence)
  }
  const about = { at: last.at }
  if (last.outcome === 'untrusted') return [{ code: 'untrusted', values: { peer: last.peer }, ...about }]
  if (last.outcome === 'failed') return [{ code: 'failed', values: { reason: last.reason ?? '' }, ...about }]
  const given = telling.find(({ outcome }) => GIVEN.has(outcome))
  const other = telling.find(({ reason }) => /^asked as |not a file of /.test(reason ?? ''))
  if (other && other.at >= (given?.at ?? 0)) {
    return [{ code: 'wrongModel', values: { model, reason: other.reason ?? '' }, at: other.at }]
  }
  if (!given) {
    const wrong = telling.find(({ outcome }) => outcome === 'unknown-file')
    return wrong ? [{ code: 'wrongFile', values: { file: fileIn(wrong.path) }, at: wrong.at }] : []
  }
  if (lines === 0) return [{ code: 'noLine', values: {} }]
  if (password && (password.at ?? 0) > given.at - RECENT_MS) return [password]
  if (now - given.at < ON_ITS_WAY_MS && now >= given.at) return []
  return [...tls(evidence), ...expired(evidence, given.at)]
}

function wrongPassword({ history, now }: Evidence): Diagnosis | undefined {
  const good = history.find(({ kind }) => kind === 'registered')?.at ?? 0
  const bad = history.find(({ kind }) => kind === 'refused')
  const at = bad?.lastAt ?? bad?.at ?? 0
  if (!bad || at < good || now - at > DAY_MS) return undefined
  return { code: 'wrongPassword', values: { peer: bad.received, times: bad.times ?? 1 }, at }
}

function tls({ tlsFailure, now, asked }: Evidence): Diagnosis[] {
  if (!tlsFailure || now - tlsFailure.at > RECENT_MS) return []
  if (asked.some(({ transport, at }) => transport === 'https' && at > tlsFailure.at)) return []
  return [{ code: 'tls', values: { reason: tlsFailure.reason }, at: tlsFailure.at }]
}

function expired({ history }: Evidence, givenAt: Millis): Diagnosis[] {
  const last = history.find(({ kind }) => kind !== 'subscribed')
  if (last?.kind === 'expired' && last.at >= givenAt) {
    return [{ code: 'expired', values: { peer: last.received }, at: last.at }]
  }
  return [{ code: 'notRegistering', values: {}, at: givenAt }]
}

/** Its events are older than what is kept. */
function gone({ lastSeenAt = 0, history }: Evidence): Diagnosis[] {
  return expired({ history } as Evidence, lastSeenAt).map((one) =>
    one.code === 'notRegistering' ? { code: 'gone', values: {}, at: lastSeenAt } : one,
  )
}

function oldFirmware({ generation, newestGeneration, firmware = '' }: Evidence): Diagnosis[] {
  if (generation === undefined || newestGeneration === undefined || generation >= newestGeneration) return []
  return [{ code: 'oldFirmware', values: { firmware, newest: newestGeneration } }]
}

function fileIn(path: string): string {
  return path.split('/').at(-1) ?? path
}
