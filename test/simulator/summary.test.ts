import { describe, expect, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { liveView } from '../../src/simulator/edge/live-view.js'
import { phoneLine, progressBar, summaryLines } from '../../src/simulator/progress-lines.js'
import type { PhoneProgress } from '../../src/simulator/progress.js'
import { durations, summarise } from '../../src/simulator/summary.js'
import { FakeClock } from '../support/fake-clock.js'

const phone = (change: Partial<PhoneProgress> = {}): PhoneProgress => ({
  mac: '001565aabbcc' as Mac,
  model: 'yealink/t21p-e2',
  transport: 'http',
  state: 'off',
  detail: '',
  registered: [],
  ...change,
})
const up = (ms: number, users = ['101']) =>
  phone({ state: 'registered', registered: users, registeredAfterMs: ms, poweredOnAt: 0 })
const down = (failure: PhoneProgress['failure'] = 'not-found') =>
  phone({ state: 'failed', detail: 'the server has no file', ...(failure && { failure }) })

describe('the summary', () => {
  test('counts phones, accounts and failures by kind', () => {
    const summary = summarise([up(30), up(10, ['101', '102']), down(), down(), down('no-answer'), phone()])
    expect(summary).toEqual({
      phones: 6,
      registered: 2,
      failed: 3,
      accounts: 3,
      failures: { 'not-found': 2, 'no-answer': 1 },
      powerOnToRegisteredMs: { min: 10, p50: 10, p95: 30, max: 30 },
    })
  })

  test('has no durations when nobody came up', () => {
    expect(summarise([down()])).not.toHaveProperty('powerOnToRegisteredMs')
    expect(durations([])).toBeUndefined()
  })

  test('takes percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(durations(hundred)).toEqual({ min: 1, p50: 50, p95: 95, max: 100 })
    expect(durations([7])).toEqual({ min: 7, p50: 7, p95: 7, max: 7 })
  })

  test('tells the slowest REGISTER of the phones that came up', () => {
    const phones = [phone({ ...up(9), registerLatencyMs: 4 }), phone({ ...down(), registerLatencyMs: 50 })]
    expect(summarise(phones).registerMs).toEqual({ min: 4, p50: 4, p95: 4, max: 4 })
    expect(summaryLines(summarise(phones))[2]).toBe('REGISTER to 200: min 4 ms, p50 4 ms, p95 4 ms, max 4 ms')
  })

  test('is told in lines', () => {
    expect(summaryLines(summarise([up(30), up(1500), down()]))).toEqual([
      '2 of 3 phones registered (2 accounts), 1 failed',
      'power-on to Registered: min 30 ms, p50 30 ms, p95 1.5 s, max 1.5 s',
      'not-found: 1',
    ])
  })
})

describe('a line or bar', () => {
  test('shows where a phone stands', () => {
    expect(phoneLine(up(412, ['101', '102']), 9000)).toBe(
      '+ yealink/t21p-e2      00:15:65:aa:bb:cc http registered    412 ms 101, 102',
    )
    expect(phoneLine(phone({ state: 'fetching', detail: 'a.cfg', poweredOnAt: 7000 }), 9000)).toBe(
      '> yealink/t21p-e2      00:15:65:aa:bb:cc http fetching       2.0 s a.cfg',
    )
    expect(phoneLine(down(), 9000)).toContain('failed               not-found: the server has no file')
  })

  test('is as long as its phones are many, and shows a single failure', () => {
    expect(progressBar([up(1), up(1), phone(), phone()], 80)).toMatch(/^\[#{30}\.{30}\] 2 of 4 registered$/)
    const many = [...Array.from({ length: 499 }, () => up(1)), down()]
    expect(progressBar(many, 60)).toMatch(/^\[#+!\] 499 of 500 registered, 1 failed$/)
    expect(progressBar(many, 60).length).toBeLessThanOrEqual(60)
    expect(progressBar([], 60)).toContain('0 of 0')
  })
})

describe('the live view', () => {
  const terminal = (isTTY: boolean) => {
    const written: string[] = []
    return { written, isTTY, columns: 100, write: (text: string) => written.push(text) }
  }

  test('writes plain lines elsewhere than on a terminal, once per phone', () => {
    const plain = terminal(false)
    const view = liveView(plain, new FakeClock())
    const fetching = phone({ state: 'fetching' })
    view.show([fetching], fetching)
    view.show([up(5)], up(5))
    view.show([up(5)], up(5))
    view.end([up(5)])
    expect(plain.written).toEqual([`${phoneLine(up(5), 0)}\n`])
  })

  test('redraws a line per phone in place, at most every 80 ms, and always the last state', () => {
    const tty = terminal(true)
    const clock = new FakeClock()
    const view = liveView(tty, clock)
    view.show([phone(), phone()])
    view.show([phone({ state: 'fetching' }), phone()])
    view.show([up(5), phone()])
    expect(tty.written).toHaveLength(1)
    clock.advance(80)
    expect(tty.written).toHaveLength(2)
    expect(tty.written[1]).toMatch(/^\r\u001b\[2A\u001b\[J\+ .*\n .*\n$/)
    view.end([up(5), up(6)])
    expect(tty.written).toHaveLength(3)
    expect(clock.pending).toBe(0)
  })

  test('draws a bar for phones that do not fit on the screen, and knows no screen without columns', () => {
    const low = { ...terminal(true), rows: 3 }
    liveView(low, new FakeClock()).end([up(5), up(5), up(5)])
    expect(low.written.join('')).toContain('3 of 3 registered')
    const unknown = { ...terminal(true), columns: 0, rows: 0 }
    liveView(unknown, new FakeClock()).end([up(5)])
    expect(unknown.written.join('')).toContain(`${phoneLine(up(5), 0)}\n`)
  })

  test('draws a bar for more than 30 phones', () => {
    const tty = terminal(true)
    liveView(tty, new FakeClock()).end(Array.from({ length: 31 }, () => up(5)))
    expect(tty.written.join('')).toContain('31 of 31 registered')
    expect(tty.written.join('').split('\n')).toHaveLength(2)
  })
})
