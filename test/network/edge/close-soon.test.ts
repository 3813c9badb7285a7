import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { closeSoon, LAST_WORDS_MS } from '../../../src/network/edge/close-soon.js'
import { FakeClock } from '../../support/fake-clock.js'
import { MuteSocket } from '../../support/mute-socket.js'

test('last words go out, then the connection is closed, and no timer is left', async () => {
  const clock = new FakeClock()
  const socket = new PassThrough()
  const heard: string[] = []
  socket.on('data', (data: Buffer) => heard.push(data.toString()))
  closeSoon(socket, clock, 'good-bye')
  await once(socket, 'close')
  expect(heard).toEqual(['good-bye'])
  expect(clock.pending).toBe(0)
})

test.each(['', 'good-bye'])('who never takes %j is not waited for', async (lastWords) => {
  const clock = new FakeClock()
  const socket = new MuteSocket({ allowHalfOpen: true })
  socket.write('an answer')
  closeSoon(socket, clock, lastWords)
  clock.advance(LAST_WORDS_MS - 1)
  expect(socket.destroyed).toBe(false)
  clock.advance(1)
  await once(socket, 'close')
  expect(clock.pending).toBe(0)
})

test('a connection that is closed already needs nothing', () => {
  const clock = new FakeClock()
  closeSoon(new PassThrough().destroy(), clock, 'good-bye')
  expect(clock.pending).toBe(0)
})
