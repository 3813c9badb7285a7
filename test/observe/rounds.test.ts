import { expect, test } from '@jest/globals'
import { Rounds } from '../../src/observe/rounds.js'
import { FakeClock } from '../support/fake-clock.js'
import { recordingLog } from '../support/recording-log.js'

/** Rounds every second, whose work is ended by hand. */
function bench() {
  const clock = new FakeClock()
  const log = recordingLog()
  const begun: { end: () => void; fail: (error: Error) => void }[] = []
  const rounds = new Rounds(
    { clock, log, everyMs: 1_000, fails: 'it fails', worksAgain: 'it works again' },
    () => new Promise<void>((resolve, reject) => void begun.push({ end: resolve, fail: reject })),
  )
  return { clock, lines: log.lines, begun, rounds }
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a round begins a while after the last one has ended, never before', async () => {
  const { clock, begun, rounds } = bench()
  rounds.start()
  clock.advance(5_000)
  expect(begun).toHaveLength(1)
  begun[0]?.end()
  await settled()
  clock.advance(999)
  expect(begun).toHaveLength(1)
  clock.advance(1)
  expect(begun).toHaveLength(2)
})

test('failing is told once, and working again once', async () => {
  const { clock, lines, begun, rounds } = bench()
  rounds.start()
  for (const works of [false, false, true, true]) {
    clock.advance(1_000)
    const round = begun.at(-1)
    if (works) round?.end()
    else round?.fail(new Error('gone'))
    await settled()
  }
  expect(lines.map(({ message }) => message)).toEqual(['it fails', 'it works again'])
})

test('stopping waits for the round under way, and no other begins', async () => {
  const { clock, begun, rounds } = bench()
  rounds.start()
  clock.advance(1_000)
  let stopped = false
  const stopping = rounds.stop().then(() => (stopped = true))
  await settled()
  expect([stopped, rounds.stopped]).toEqual([false, true])
  begun[0]?.end()
  await stopping
  clock.advance(10_000)
  expect([begun.length, clock.pending]).toEqual([1, 0])
})
