import type { Millis } from '../domain/clock.js'
import { formatMac } from '../domain/mac-address.js'
import type { PhoneProgress, PhoneState } from './progress.js'
import type { Durations, Summary } from './summary.js'

const MARKS: Readonly<Record<PhoneState, string>> = {
  off: ' ',
  fetching: '>',
  waiting: '~',
  registering: '>',
  registered: '+',
  failed: '!',
}

/** One line per phone: mark, model, MAC, way of fetching, what it does, since or after how long. */
export function phoneLine(phone: PhoneProgress, now: Millis): string {
  const cells = [
    MARKS[phone.state],
    phone.model.padEnd(20),
    formatMac(phone.mac),
    phone.transport.padEnd(4),
    phone.state.padEnd(11),
    seconds(durationMs(phone, now)).padStart(8),
    detailOf(phone),
  ]
  return cells.join(' ').trimEnd()
}

function detailOf(phone: PhoneProgress): string {
  if (phone.state === 'registered') return phone.registered.join(', ')
  if (phone.state === 'failed') return `${phone.failure ?? ''}: ${phone.detail}`
  return phone.detail
}

function durationMs(phone: PhoneProgress, now: Millis): number | undefined {
  if (phone.registeredAfterMs !== undefined) return phone.registeredAfterMs
  if (phone.state === 'failed' || phone.poweredOnAt === undefined) return undefined
  return now - phone.poweredOnAt
}

/** `[#####.....] 250 of 500 registered, 3 failed`, at most `width` characters. */
export function progressBar(phones: readonly PhoneProgress[], width: number): string {
  const registered = phones.filter((phone) => phone.state === 'registered').length
  const failed = phones.filter((phone) => phone.state === 'failed').length
  const text = ` ${registered} of ${phones.length} registered${failed > 0 ? `, ${failed} failed` : ''}`
  const cells = Math.max(10, Math.min(60, width - text.length - 2))
  const share = phones.length === 0 ? 0 : registered / phones.length
  const lost = phones.length === 0 ? 0 : failed / phones.length
  const full = Math.floor(share * cells)
  // One failure among many must still be seen.
  const bad = failed === 0 ? 0 : Math.min(cells - full, Math.max(1, Math.floor(lost * cells)))
  return `[${'#'.repeat(full)}${'!'.repeat(bad)}${'.'.repeat(cells - full - bad)}]${text}`
}

/** For people, after the run. */
export function summaryLines(summary: Summary): string[] {
  const { phones, registered, accounts, failed, failures, powerOnToRegisteredMs, registerMs } = summary
  const lines = [`${registered} of ${phones} phones registered (${accounts} accounts), ${failed} failed`]
  if (powerOnToRegisteredMs) lines.push(`power-on to Registered: ${durationsText(powerOnToRegisteredMs)}`)
  if (registerMs) lines.push(`REGISTER to 200: ${durationsText(registerMs)}`)
  for (const [kind, count] of Object.entries(failures)) lines.push(`${kind}: ${count}`)
  return lines
}

function durationsText({ min, p50, p95, max }: Durations): string {
  return `min ${seconds(min)}, p50 ${seconds(p50)}, p95 ${seconds(p95)}, max ${seconds(max)}`
}

function seconds(ms: number | undefined): string {
  if (ms === undefined) return ''
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
