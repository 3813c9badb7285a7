import type { Timeline, TimelineStep } from '../../admin/timeline-schema.js'
import type { Millis } from '../../domain/clock.js'
import { ask, type PageCall } from '../page.js'
import { reasonText } from '../program-texts.js'
import type { WordKey, Words } from '../words/words.js'
import type { Device } from './records.js'

/** One step of a phone's life, newest first. */
interface Step {
  at: Millis
  text: string
  /** Colour of its dot. */
  tone: 'good' | 'plain' | 'bad'
  notes: string[]
  sha256: string | undefined
}

const GOOD: ReadonlySet<string> = new Set(['served', 'not-modified', 'partial', 'cleared', 'heard'])
const PLAIN: ReadonlySet<string> = new Set(['expected-miss', 'unknown-file'])
const PLAIN_KINDS: ReadonlySet<string> = new Set(['unregistered', 'replaced', 'revoked', 'subscribed'])

/** What a phone asked and was given, that it registered or was told, and what to do when it is stuck. */
export async function timeline(call: PageCall, phone: Device): Promise<object> {
  const { words, parts } = call
  const { steps, diagnoses } = await ask<Timeline>(call, 'showTimeline', { params: { mac: phone.mac } })
  const now = parts.clock.now()
  return {
    steps: steps.map((one) => shownStep(call, one)),
    diagnoses: diagnoses.map(({ code, values, at }) => {
      const time = at === undefined ? '' : words.ago(Date.parse(at), now)
      return { code, text: words.t(`diagnosis.${code}`, { ...values, ...reasonIn(words, values), time }) }
    }),
  }
}

function reasonIn(words: Words, { reason }: Readonly<Record<string, string | number>>): { reason?: string } {
  return reason === undefined ? {} : { reason: reasonText(words, String(reason)) }
}

function shownStep(call: PageCall, step: TimelineStep): Step {
  return {
    at: Date.parse(step.at),
    text: textOf(call, step),
    tone: toneOf(step),
    notes: notesOf(call, step),
    sha256: step.sha256?.slice(0, 12),
  }
}

function toneOf({ kind, outcome }: TimelineStep): Step['tone'] {
  if (kind === 'registered') return 'good'
  if (kind === 'told' && outcome === undefined) return 'plain'
  if (outcome !== undefined) return GOOD.has(outcome) ? 'good' : PLAIN.has(outcome) ? 'plain' : 'bad'
  return PLAIN_KINDS.has(kind) ? 'plain' : 'bad'
}

function textOf({ words }: PageCall, step: TimelineStep): string {
  const { kind, outcome, file = '', number = '', what = 'resync', targets = [] } = step
  if (kind === 'subscribed') return words.t('register.subscribed', { targets: someOf(targets) })
  if (kind === 'asked') return words.t(`outcome.${outcome}` as WordKey, { file: file === '' ? '/' : file })
  if (kind === 'told') return `${words.t(`told.${what}`)} ${words.t(`told.${outcome ?? 'waiting'}` as WordKey)}`
  return words.t(`register.${kind}`, { number })
}

const TARGETS_SHOWN = 5

function someOf(targets: readonly string[]): string {
  return [...targets.slice(0, TARGETS_SHOWN), ...(targets.length > TARGETS_SHOWN ? ['…'] : [])].join(', ')
}

function notesOf({ words }: PageCall, step: TimelineStep): string[] {
  const { kind, transport, peer, bytes = 0, micros, times = 1, reason, userAgent, afterMs, by, status } = step
  const why = reason === undefined ? '' : reasonText(words, reason)
  const seconds = (ms: number): string => (ms / 1_000).toLocaleString(words.language, { maximumFractionDigits: 1 })
  const from = [kind === 'asked' ? '' : 'SIP', transport?.toUpperCase() ?? '', peer ?? ''].filter((one) => one !== '')
  return [
    ...(from.length > 1 ? [from.join(' ')] : []),
    ...(bytes > 0 ? [words.count('phone.bytes', bytes)] : []),
    ...(micros === undefined || bytes === 0
      ? []
      : [words.t('phone.took', { ms: Math.max(1, Math.round(micros / 1_000)) })]),
    ...(afterMs === undefined ? [] : [words.t('phone.after', { seconds: seconds(afterMs) })]),
    ...(times > 1 ? [words.t(kind === 'asked' ? 'phone.timesInMinute' : 'phone.times', { n: times })] : []),
    ...(status === undefined
      ? []
      : [kind === 'subscribed' ? words.t('register.answered', { status }) : String(status)]),
    ...(by === undefined ? [] : [words.t('told.by', { who: by })]),
    ...(why === '' ? [] : [why]),
    ...(kind === 'registered' && userAgent !== undefined ? [userAgent] : []),
  ]
}
