import type { Millis } from '../../domain/clock.js'
import { ask, type PageCall } from '../page.js'
import { phoneState } from '../states.js'
import type { WordKey } from '../words/words.js'
import type { Asked, Device, Registration } from './records.js'

/** One step of a phone's life, newest first. */
interface Step {
  at: Millis
  text: string
  /** Colour of its dot. */
  tone: 'good' | 'plain' | 'bad'
  notes: string[]
  sha256?: string | undefined
}

const SHOWN = 40
const GOOD: ReadonlySet<string> = new Set(['served', 'not-modified', 'partial', 'cleared'])
const PLAIN: ReadonlySet<string> = new Set(['expected-miss', 'unknown-file'])

/** What a phone asked and was given, that it registered, and what to do when it is stuck. */
export async function timeline(call: PageCall, phone: Device, registrations: readonly Registration[]): Promise<object> {
  const { items } = await ask<{ items: Asked[] }>(call, 'listDeviceEvents', {
    params: { mac: phone.mac },
    query: { limit: String(SHOWN) },
  })
  const steps = [...items.map((one) => askedStep(call, one)), ...registrations.map((one) => registeredStep(call, one))]
  steps.sort((a, b) => b.at - a.at)
  return { steps, diagnosis: diagnosis(call, phone, items) }
}

function askedStep({ words }: PageCall, event: Asked): Step {
  const file = event.path.split('/').at(-1) ?? ''
  const tone = GOOD.has(event.outcome) ? 'good' : PLAIN.has(event.outcome) ? 'plain' : 'bad'
  const known = event.times !== undefined && event.times > 1
  return {
    at: Date.parse(event.at),
    text: words.t(`outcome.${event.outcome}`, { file: file === '' ? '/' : file }),
    tone,
    notes: [
      `${event.transport.toUpperCase()} ${event.peer}`,
      ...(event.bytes > 0 ? [words.count('phone.bytes', event.bytes)] : []),
      ...(known ? [words.t('phone.timesInMinute', { n: event.times })] : []),
      ...(event.reason === undefined ? [] : [event.reason]),
    ],
    sha256: event.sha256?.slice(0, 12),
  }
}

function registeredStep(
  { words }: PageCall,
  { registeredAt, number, transport, received, userAgent }: Registration,
): Step {
  return {
    at: registeredAt,
    text: words.t('phone.timeline.registered', { number }),
    tone: 'good',
    notes: [`SIP ${transport.toUpperCase()} ${received}`, ...(userAgent === undefined ? [] : [userAgent])],
  }
}

/** Why a phone is not registered, and what to do; undefined when all is well or it is just starting. */
function diagnosis(
  { words, live, parts }: PageCall,
  phone: Device,
  events: readonly { at: string; outcome: string }[],
): string | undefined {
  const now = parts.clock.now()
  const say = (key: WordKey, values = {}): string => words.t(key, values)
  const state = phoneState(phone, live.askedAt(phone.id), now)
  if (state === 'blocked') return say('diagnosis.blocked')
  if (state === 'pending') return say('diagnosis.held')
  if (state === 'registered') return undefined
  const last = events.find(({ outcome }) => !PLAIN.has(outcome))
  if (!last) return phone.lastSeen === undefined ? say('diagnosis.silent') : undefined
  if (last.outcome === 'untrusted') return say('diagnosis.untrusted')
  if (last.outcome === 'failed') return say('diagnosis.failed')
  if (phone.lines.length === 0) return say('diagnosis.noLine')
  if (state === 'provisioning' || !GOOD.has(last.outcome)) return undefined
  return say('diagnosis.notRegistering', { time: words.ago(Date.parse(last.at), now) })
}
