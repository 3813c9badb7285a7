import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { Mac } from '../../src/domain/mac-address.js'
import { Secret } from '../../src/domain/secret.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { registerPhone } from '../../src/simulator/edge/sip-register.js'
import type { Registration } from '../../src/simulator/registration.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { openOffice, type Office } from '../support/office.js'
import { accountsIn, fetchUrl, VENDOR_PHONES } from '../support/served-phones.js'
import { eventually, SERVER_TEST_MS } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

let office: Office
beforeAll(async () => {
  // Asking before the server has heard of somebody looks like guessing.
  office = await openOffice({ PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
})
afterAll(() => office.stop())

interface Person {
  number: string
  authUser: string
  password: string
}

interface HowElse {
  domain?: string
  user?: string
}

/** As an app would that was set up by hand. */
function register(
  { number, authUser, password }: Person,
  { domain = '127.0.0.1', user = number }: HowElse = {},
): Promise<Registration> {
  const account = { user, authUser, password: new Secret(password), domain, expires: 300, userAgent: 'by hand' }
  return registerPhone({ serverAddress: '127.0.0.1', port: office.ports.sip, transport: 'udp', ...account })
}

/** Registers, and gives the addresses of record that are registered then. */
async function registered(person: Person, more: HowElse = {}): Promise<string[]> {
  // The server hears of somebody new within a quarter of a second.
  const registration = await eventually(() => register(person, more), 20_000)
  registration.close()
  return (await office.cli<{ aor: string }[]>('registrations')).map(({ aor }) => aor)
}

const added = (number: string, ...more: string[]): Promise<Person> =>
  office.cli('extension', 'add', number, '--name', `Person ${number}`, ...more)

test('the three people of a XiVO file get phones and come up Registered, John Doe as 1000', async () => {
  const list = fileURLToPath(new URL('../bulk/corpus/xivo-three-users.txt', import.meta.url))
  const [, ...people] = readFileSync(list, 'utf8').trim().split(/\r?\n/)
  expect(people).toHaveLength(3)
  await office.cli('import', list)
  const numbers = (await office.cli<Person[]>('extension', 'list')).map(({ number }) => number)
  expect(numbers.slice(0, 1)).toEqual(['1000'])
  expect(numbers).toHaveLength(3)
  for (const [index, { mac, model }] of VENDOR_PHONES.entries()) {
    await office.cli('device', 'add', mac, '--model', model, '--line', numbers[index] ?? '')
  }
  await eventually(async () => {
    for (const { file } of VENDOR_PHONES) {
      expect((await fetchUrl(`http://127.0.0.1:${office.ports.http}/${file}`)).status).toBe(200)
    }
  }, 20_000)
  const phones = simulate({
    phones: VENDOR_PHONES.map(({ mac, model }, n) => ({
      ...{ mac: mac as Mac, model, transport: 'http' as const },
      localAddress: loopbackAddress(n),
    })),
    server: { address: '127.0.0.1', httpPort: office.ports.http, tftpPort: office.ports.tftp },
  })
  expect(await phones.settled).toMatchObject({ registered: 3, failed: 0 })
  const aors = (await office.cli<{ aor: string }[]>('registrations')).map(({ aor }) => aor.split('@')[0])
  await phones.stop()
  expect(aors.sort()).toEqual([...numbers].sort())
  // And by hand, with the password that was made.
  const john = await office.cli<Person>('extension', 'show', '1000', '--show-password')
  expect(await registered(john)).toContain('1000@phoneboot')
})

test('somebody registers with a password that was given, and not with another one', async () => {
  const password = 'Aa1-_[]{}@;Zz9!'
  const given = await added('301', '--password', password)
  expect([given.authUser, given.password]).toEqual(['301', password])
  expect(await registered(given)).toContain('301@phoneboot')
  await expect(register({ ...given, password: `${password}x` })).rejects.toThrow()
})

test('the same number of two sites registers with both, each with its own password', async () => {
  const here = await added('101')
  const { sites, forSite } = office.installation
  const site = await sites.add('test', { slug: 'acme', name: 'Acme', sipDomain: 'acme.example' })
  const there = await forSite(site.id).extensions.add('test', { number: '101', name: 'Another' })
  const other: Person = { number: '101', authUser: '101', password: there.password.reveal() }
  expect(await registered(here)).toContain('101@phoneboot')
  expect(await registered(other, { domain: 'acme.example' })).toContain('101@acme.example')
  const bindings = await office.cli<{ aor: string }[]>('registrations')
  expect(bindings.filter(({ aor }) => aor.startsWith('101@'))).toHaveLength(2)
  await expect(register({ ...here, password: other.password })).rejects.toThrow()
})

test('user names are what the site says: a prefix or something random; phones show the number all the same', async () => {
  const before = await added('401')
  await office.cli('settings', 'set', 'sipUserNames', 'prefix', '--site')
  await office.cli('settings', 'set', 'sipUserPrefix', 'acme', '--site')
  const prefixed = await added('402')
  expect([before.authUser, prefixed.authUser]).toEqual(['401', 'acme-402'])
  expect(await registered(prefixed)).toContain('402@phoneboot')
  // Apps that ask for one name only.
  expect(await registered(prefixed, { user: 'acme-402' })).toContain('402@phoneboot')
  await expect(register(prefixed, { user: '401' })).rejects.toThrow()

  await office.cli('settings', 'set', 'sipUserNames', 'random', '--site')
  const random = await added('403')
  expect(random.authUser).toMatch(/^[a-z0-9]{16}$/)
  expect(await registered(random)).toContain('403@phoneboot')
  expect((await added('404', '--auth-user', 'sip.dora')).authUser).toBe('sip.dora')
  await expect(added('405', '--auth-user', 'sip.dora')).rejects.toThrow('is taken')

  const csv = join(office.folder, 'random.csv')
  await writeFile(csv, 'mac,model,extension,name\n001565000099,yealink/t21p-e2,406,Elif\n,,407,Finn\n')
  await office.cli('import', csv)
  expect((await office.cli<Person>('extension', 'show', '407')).authUser).toMatch(/^[a-z0-9]{16}$/)
  const url = `http://127.0.0.1:${office.ports.http}/001565000099.cfg`
  const account = await eventually(async () => {
    const [found] = accountsIn('yealink', (await fetchUrl(url)).body)
    if (!found) throw new Error('not served yet')
    return found
  }, 20_000)
  expect([account.user, account.label]).toEqual(['406', 'Elif'])
  expect(account.authUser).toMatch(/^[a-z0-9]{16}$/)
  const line = { number: '406', authUser: account.authUser, password: account.password.reveal() }
  expect(await registered(line)).toContain('406@phoneboot')
  // Those that were there keep theirs.
  expect((await office.cli<Person>('extension', 'show', '401')).authUser).toBe('401')
})
