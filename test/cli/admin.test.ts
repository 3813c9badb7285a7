import { expect, test } from '@jest/globals'
import { commandLine } from '../support/command-line.js'

const { cli } = commandLine()
const json = async (...args: string[]): Promise<unknown> => {
  const { exit, out, err } = await cli(...args, '--json')
  expect([exit, err]).toEqual([0, ''])
  return JSON.parse(out)
}

test('a first sign-in and a token without a browser', async () => {
  const made = (await json('admin', 'create', 'Anna', '--role', 'owner')) as { password: string }
  expect(made).toMatchObject({ name: 'anna', enabled: true, roles: [{ role: 'owner' }], totp: false })
  expect(made.password).toMatch(/^\w{20}$/)
  const token = await json('admin', 'token', 'anna', '--scope', 'people.read', '--days', '7')
  expect(token).toMatchObject({ token: expect.stringMatching(/^pbt_\w{32}$/), scopes: ['people.read'] })
  const [listed] = (await json('admin', 'tokens', 'anna')) as { id: string }[]
  await json('admin', 'revoke-token', listed?.id ?? '')
  expect(await json('admin', 'tokens', 'anna')).toEqual([])
})

test('a second one is listed, disabled, enabled, given a new password, and removed', async () => {
  await json('admin', 'create', 'anna')
  await json('admin', 'create', 'bert', '--role', 'operator', '--site', 'default', '--email', 'b@example.org')
  expect(await json('admin', 'list')).toMatchObject([
    { name: 'anna', roles: [{ role: 'owner' }] },
    { name: 'bert', email: 'b@example.org', roles: [{ role: 'operator', site: 'default' }] },
  ])
  expect(await json('admin', 'disable', 'bert')).toMatchObject({ enabled: false })
  expect(await json('admin', 'enable', 'b@example.org')).toMatchObject({ enabled: true })
  expect(await json('admin', 'reset-totp', 'bert')).toMatchObject({ totp: false })
  expect(await json('admin', 'reset-password', 'bert')).toEqual({ name: 'bert', password: expect.any(String) })
  expect(await json('admin', 'remove', 'bert')).toEqual({ removed: 'bert' })
})

test.each([
  ['there is no role "king"', ['create', 'anna', '--role', 'king']],
  ['there is no site "moon"', ['create', 'anna', '--site', 'moon']],
  ['there is no such admin', ['token', 'anna']],
])('is refused: %s', async (why, args) => {
  const { exit, err } = await cli('admin', ...args)
  expect([exit, err.split('\n')[0]]).toEqual([1, `phoneboot: ${why}`])
})

test('a permission that does not exist is a wrong command line', async () => {
  expect((await cli('admin', 'token', 'anna', '--scope', 'everything')).exit).toBe(2)
})
