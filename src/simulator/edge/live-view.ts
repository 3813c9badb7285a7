import type { Clock } from '../../domain/clock.js'
import { systemClock } from '../../domain/edge/system-clock.js'
import { phoneLine, progressBar } from '../progress-lines.js'
import type { PhoneProgress } from '../progress.js'

/** The part of a terminal stream that the view needs. */
export interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** A view of phones coming up. `show` may be called as often as anything changes. */
export interface LiveView {
  show(phones: readonly PhoneProgress[], changed?: PhoneProgress): void
  /** Draws the last state and leaves the cursor below it. */
  end(phones: readonly PhoneProgress[]): void
}

/** As many phones as get a line of their own. */
const MOST_LINES = 30
const FRAME_MS = 80
const LINE_START = '\r'
const CLEAR_DOWN = '\u001b[J'
const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : '')

/**
 * On a terminal: one line per phone for up to 30 phones that fit on it, else a progress bar, redrawn in place at most every 80 ms.
 * Elsewhere: one plain line whenever a phone has registered or failed.
 */
export function liveView(terminal: Terminal, clock: Clock = systemClock): LiveView {
  return terminal.isTTY ? redrawnView(terminal, clock) : plainView(terminal, clock)
}

function plainView(terminal: Terminal, clock: Clock): LiveView {
  const told = new Map<string, string>()
  const tell = (phone: PhoneProgress): void => {
    if (phone.state !== 'registered' && phone.state !== 'failed') return
    const state = `${phone.state} ${phone.registered.length}`
    if (told.get(phone.mac) === state) return
    told.set(phone.mac, state)
    terminal.write(`${phoneLine(phone, clock.now())}\n`)
  }
  return {
    show: (phones, changed) => (changed ? [changed] : phones).forEach(tell),
    end: (phones) => phones.forEach(tell),
  }
}

function redrawnView(terminal: Terminal, clock: Clock): LiveView {
  let drawnLines = 0
  let drawnAt = -Infinity
  let latest: readonly PhoneProgress[] = []
  let cancelFrame: (() => void) | undefined
  const draw = (): void => {
    cancelFrame?.()
    cancelFrame = undefined
    const now = clock.now()
    // Some pseudo-terminals say 0 when they do not know.
    const width = (terminal.columns || 80) - 1
    // The cursor does not go up beyond the top of the screen.
    const mostLines = Math.min(MOST_LINES, (terminal.rows || MOST_LINES + 1) - 1)
    const lines =
      latest.length <= mostLines
        ? latest.map((phone) => phoneLine(phone, now).slice(0, width))
        : [progressBar(latest, width)]
    terminal.write(`${LINE_START}${up(drawnLines)}${CLEAR_DOWN}${lines.map((line) => `${line}\n`).join('')}`)
    drawnLines = lines.length
    drawnAt = now
  }
  return {
    show: (phones) => {
      latest = phones
      const sinceMs = clock.now() - drawnAt
      if (sinceMs >= FRAME_MS) draw()
      else cancelFrame ??= clock.after(FRAME_MS - sinceMs, draw)
    },
    end: (phones) => {
      latest = phones
      draw()
    },
  }
}
