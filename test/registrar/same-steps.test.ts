import { beforeEach, expect, test } from '@jest/globals'
import type { Accounts, DigestAccount } from '../../src/registrar/accounts.js'
import { authenticate, type Verdict } from '../../src/registrar/authenticate.js'
import { NonceCounts, Nonces } from '../../src/registrar/nonce.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { MemoryAccounts } from '../support/memory-accounts.js'
import { seededRandom } from '../support/seeded-random.js'
import { authorizationFor, registerText } from '../support/sip-requests.js'

const NOW = 1_000_000
const REALM = 'phoneboot'

const memory = new MemoryAccounts([
  { username: 'first', password: 'of-first', number: '101' },
  { username: 'changed', password: 'new', number: '102', former: { password: 'old', until: NOW + 1_000 } },
  { username: 'overdue', password: 'new', number: '103', former: { password: 'old', until: NOW } },
])
const random = seededRandom(1)
const nonces = new Nonces(random.bytes(32), random, 300)
let steps: string[]

function counted(account: DigestAccount | undefined): DigestAccount | undefined {
  return account && { ...account, ha1: (algorithm, realm) => (steps.push('ha1'), account.ha1(algorithm, realm)) }
}

const accounts: Accounts = {
  findDigestUser: (site, username) => (steps.push('find'), counted(memory.findDigestUser(site, username))),
  standIn: () => counted(memory.standIn()),
  mayKeep: () => true,
}

beforeEach(() => {
  steps = []
})

function tried(username: string, password: string, said = username): Verdict {
  const nonce = nonces.issue(NOW, REALM, '10.0.0.9')
  const challenge = `Digest realm="${REALM}", nonce="${nonce}", qop="auth", algorithm=MD5`
  const authorization = authorizationFor([challenge], username, password).replace(`"${username}"`, `"${said}"`)
  const parsed = parseDatagram(registerText({ authorization }))
  if (parsed.kind !== 'request') throw new Error(parsed.kind)
  const site = { id: 'site1', realm: REALM, isOurs: () => true }
  return authenticate(parsed.request, site, { accounts, nonces, counts: new NonceCounts(10, 300) }, NOW)
}

test.each(['first', 'changed', 'overdue', 'nobody'])(
  'a wrong password takes the same steps whether there is such a user or not (%s)',
  (username) => {
    expect(tried(username, 'guess').kind).toBe('wrong')
    expect(steps).toEqual(['find', 'ha1'])
  },
)

test('whoever knows the password of the one who stands in proves nothing by it under another name', () => {
  expect(tried('first', 'of-first').kind).toBe('accepted')
  expect(tried('first', 'of-first', 'nobody').kind).toBe('wrong')
  expect(tried('first', 'of-first', 'changed').kind).toBe('wrong')
})

test('the password before is good until its time is over', () => {
  expect(tried('changed', 'old').kind).toBe('accepted')
  expect(tried('overdue', 'old').kind).toBe('wrong')
})
