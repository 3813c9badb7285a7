import { expect, test } from '@jest/globals'
import { ATTEMPTS_PER_ACCOUNT_AND_PEER, createAttempts } from '../../src/accounts/edge/attempts.js'

async function begin(attempts: ReturnType<typeof createAttempts>, times: number, login: string, peer: string) {
  const waits: number[] = []
  for (let time = 0; time < times; time += 1) waits.push(await attempts.begin({ login, peer }))
  return waits
}

test('the right password forgives what went wrong before', async () => {
  const attempts = createAttempts()
  const who = { login: 'anna', peer: '192.0.2.1' }
  await begin(attempts, ATTEMPTS_PER_ACCOUNT_AND_PEER, 'anna', '192.0.2.1')
  await attempts.succeeded(who)
  expect(await attempts.begin(who)).toBe(0)
})

test('one place that guesses at many accounts is stopped, and locks none of their owners out', async () => {
  const attempts = createAttempts()
  const waits: number[] = []
  for (let account = 0; account < 40; account += 1)
    waits.push(...(await begin(attempts, 1, `a${account}`, '192.0.2.1')))
  expect(waits.slice(0, 30).every((wait) => wait === 0)).toBe(true)
  expect(waits.slice(30).every((wait) => wait > 800 && wait <= 900)).toBe(true)
  expect(await begin(attempts, 1, 'a0', '192.0.2.2')).toEqual([0])
})

test('many places that guess at one account are stopped for minutes, not for ever', async () => {
  const attempts = createAttempts()
  const waits: number[] = []
  for (let place = 1; place <= 60; place += 1) waits.push(...(await begin(attempts, 1, 'anna', `192.0.2.${place}`)))
  expect(waits.slice(0, 50).every((wait) => wait === 0)).toBe(true)
  expect(waits.slice(50).every((wait) => wait > 0 && wait <= 300)).toBe(true)
})

test('a network of IPv6 addresses is one place', async () => {
  const attempts = createAttempts()
  await begin(attempts, ATTEMPTS_PER_ACCOUNT_AND_PEER, 'anna', '2001:db8::1')
  expect(await begin(attempts, 1, 'anna', '2001:db8::2')).toEqual([60])
  expect(await begin(attempts, 1, 'anna', '2001:db8:0:1::1')).toEqual([0])
})
