import { expect, test } from '@jest/globals'
import { Afterwards } from '../../src/observe/afterwards.js'
import { FakeClock } from '../support/fake-clock.js'
import { recordingLog } from '../support/recording-log.js'

test('what comes within a moment is done together, in its order, and not before', () => {
  const clock = new FakeClock()
  const done: number[] = []
  const afterwards = new Afterwards<number>({ clock, log: recordingLog(), gatherMs: 25 }, (item) => done.push(item))
  afterwards.add(1)
  clock.advance(24)
  afterwards.add(2)
  expect(done).toEqual([])
  clock.advance(1)
  expect(done).toEqual([1, 2])
  afterwards.add(3)
  clock.advance(25)
  expect(done).toEqual([1, 2, 3])
})

test('at the end nothing is lost, and nothing is done twice', () => {
  const clock = new FakeClock()
  const done: number[] = []
  const afterwards = new Afterwards<number>({ clock, log: recordingLog() }, (item) => done.push(item))
  afterwards.add(1)
  afterwards.flush()
  clock.advance(1_000)
  expect(done).toEqual([1])
})

test('a flood is done at once rather than kept', () => {
  const done: number[] = []
  const afterwards = new Afterwards<number>({ clock: new FakeClock(), log: recordingLog() }, (item) => done.push(item))
  for (let n = 0; n < 25_000; n += 1) afterwards.add(n)
  expect(done).toEqual(Array.from({ length: 20_000 }, (_, n) => n))
})

test('one that fails is logged, and the next has its turn', () => {
  const log = recordingLog()
  const done: number[] = []
  const afterwards = new Afterwards<number>({ clock: new FakeClock(), log }, (item) => {
    if (item === 1) throw new Error('no')
    done.push(item)
  })
  afterwards.add(1)
  afterwards.add(2)
  afterwards.flush()
  expect(done).toEqual([2])
  expect(log.lines).toMatchObject([{ level: 'error' }])
})
