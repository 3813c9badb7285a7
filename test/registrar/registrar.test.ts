import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { MemoryBindingStore } from '../support/memory-binding-store.js'
import { headerValue, headerValues } from '../../src/sip/message.js'
import { contactsOf, deliver, FakeFlow, settle } from '../support/fake-flow.js'
import { MemoryAccounts } from '../support/memory-accounts.js'
import { A, Bench, HeldStore } from '../support/registrar-bench.js'
import { authorizationFor, registerText, type RegisterParts } from '../support/sip-requests.js'

const status = (flow: FakeFlow): number => flow.answer.status

describe('registering', () => {
  test('a phone is challenged, answers, is registered and listed', async () => {
    const bench = await Bench.start()
    expect(status(await bench.register({ expires: 300 }))).toBe(200)
    expect(bench.registrar.bindings()).toMatchObject([
      { aor: '101@example.com', extensionId: 'ext-101', received: '10.0.0.7:5062', transport: 'udp' },
    ])
    expect(bench.changes).toMatchObject([{ kind: 'save', event: 'registered' }])
  })

  test('a line registers its extension, and the binding says which line it was', async () => {
    const bench = await Bench.start()
    await bench.register({ user: '102' }, 'line7', 'secret-7')
    expect(bench.registrar.bindings()).toMatchObject([{ aor: '102@example.com', lineId: 'l7' }])
  })

  test.each(['10.0.0.1', '10.0.0.1:5060', 'boot.example.net', 'BOOT.example.net', '192.0.2.1'])(
    'the server may be called %s; the address of record stays the same',
    async (domain) => {
      const bench = await Bench.start()
      expect(status(await bench.register({ domain }))).toBe(200)
      expect(bench.registrar.bindings()).toMatchObject([{ aor: '101@example.com' }])
    },
  )

  test('a site without a domain has the realm and domain "phoneboot"', async () => {
    const accounts = new MemoryAccounts([{ username: '101', password: 'secret-101', number: '101' }])
    const bench = await Bench.start({ accounts, sites: accounts })
    expect((await bench.challenges({ domain: '10.0.0.1' }))[0]).toContain('realm="phoneboot"')
    await bench.register({ domain: '10.0.0.1' })
    expect(bench.registrar.bindings()).toMatchObject([{ aor: '101@phoneboot' }])
  })

  test('[RFC3261-10.3] another extension is forbidden to it: 403, and the operator hears of it', async () => {
    const bench = await Bench.start()
    expect(status(await bench.register({ user: '102' }))).toBe(403)
    expect(bench.registrar.bindings()).toEqual([])
    expect(bench.refused).toEqual(['101: not its own extension'])
  })

  test('from outside the networks allowed to it a right password is answered 403, and the operator hears why', async () => {
    const bench = await Bench.start()
    bench.accounts.accounts.set('101', {
      username: '101',
      password: 'secret-101',
      number: '101',
      mayComeFrom: (address) => address.startsWith('192.168.'),
    })
    expect(status(await bench.register())).toBe(403)
    expect(bench.registrar.bindings()).toEqual([])
    expect(bench.refused).toEqual(['101: outside its allowed networks'])
    expect(status(await bench.register({}, '101', 'wrong'))).toBe(401)
  })

  test('a password that was replaced is good until its time is over, beside the new one', async () => {
    const bench = await Bench.start()
    const until = bench.clock.now() + 1_000
    bench.accounts.accounts.set('101', {
      ...{ username: '101', password: 'new-101', number: '101' },
      former: { password: 'secret-101', until },
    })
    expect(status(await bench.register())).toBe(200)
    expect(bench.registrar.bindings()).toMatchObject([{ passwordMark: 'secret-101' }])
    expect(status(await bench.register({}, '101', 'neither'))).toBe(401)
    expect(status(await bench.register({ callId: 'again' }, '101', 'new-101'))).toBe(200)
    bench.clock.advance(1_000)
    expect(status(await bench.register({ callId: 'late' }))).toBe(401)
  })

  test('bindings expire by themselves', async () => {
    const bench = await Bench.start()
    await bench.register({ expires: 60 })
    bench.clock.advance(59_000)
    expect(bench.registrar.bindings()).toHaveLength(1)
    bench.clock.advance(2_000)
    expect(bench.registrar.bindings()).toEqual([])
    expect(bench.changes.at(-1)).toMatchObject({ kind: 'remove', reason: 'expired' })
  })
})

describe('[RFC3261-22] digest', () => {
  test('MD5 is offered first, then SHA-256, with qop; nothing else is told', async () => {
    const bench = await Bench.start()
    const { answer } = await bench.ask({})
    expect(answer.status).toBe(401)
    expect(headerValues(answer, 'WWW-Authenticate')).toEqual([
      expect.stringMatching(/^Digest realm="example.com", nonce="[0-9a-f]{52}", qop="auth", algorithm=MD5$/),
      expect.stringMatching(/^Digest realm="example.com", nonce="[0-9a-f]{52}", qop="auth", algorithm=SHA-256$/),
    ])
    expect(headerValue(answer, 'Server')).toBeUndefined()
  })

  test('a client that gives up on SHA-256 is offered MD5 alone', async () => {
    const bench = await Bench.start()
    const challenges = await bench.challenges({ extra: ['User-Agent: baresip v1.0.0 (x86_64/linux)'] })
    expect(challenges).toEqual([expect.stringContaining('algorithm=MD5')])
  })

  test('SHA-256 is accepted; the challenges share a nonce, and a count used with one algorithm is used', async () => {
    const bench = await Bench.start()
    const [md5 = '', sha = ''] = await bench.challenges()
    const answer = async (challenge: string): Promise<FakeFlow> =>
      bench.ask({ contact: A, authorization: authorizationFor([challenge], '101', 'secret-101') })
    expect(status(await answer(sha))).toBe(200)
    expect((await answer(md5)).answer).toMatchObject({ status: 401 })
  })

  test('a nonce may be used again with the next count, and not with the same one', async () => {
    const bench = await Bench.start()
    const challenges = await bench.challenges()
    const use = async (count: number): Promise<FakeFlow> =>
      bench.ask({ contact: A, authorization: authorizationFor(challenges, '101', 'secret-101', { count }) })
    expect(status(await use(1))).toBe(200)
    expect(status(await use(2))).toBe(200)
    const replay = await use(2)
    expect(status(replay)).toBe(401)
    expect(headerValue(replay.answer, 'WWW-Authenticate')).toContain('stale=true')
  })

  test('an expired nonce is stale for who knows the password, and nothing for who does not', async () => {
    const bench = await Bench.start({ nonceSeconds: 10 })
    const challenges = await bench.challenges()
    bench.clock.advance(10_000)
    const right = await bench.ask({ authorization: authorizationFor(challenges, '101', 'secret-101') })
    const wrong = await bench.ask({ authorization: authorizationFor(challenges, '101', 'guess') })
    expect([status(right), status(wrong)]).toEqual([401, 401])
    expect(headerValue(right.answer, 'WWW-Authenticate')).toContain('stale=true')
    expect(headerValue(wrong.answer, 'WWW-Authenticate')).not.toContain('stale')
  })

  test('a nonce of before a restart is stale for who knows the password, and nothing for who does not', async () => {
    const challenges = await (await Bench.start({ nonceKey: new Uint8Array(32) })).challenges()
    const bench = await Bench.start()
    const right = await bench.ask({ authorization: authorizationFor(challenges, '101', 'secret-101') })
    const wrong = await bench.ask({ authorization: authorizationFor(challenges, '101', 'guess') })
    expect(headerValue(right.answer, 'WWW-Authenticate')).toContain('stale=true')
    expect(headerValue(wrong.answer, 'WWW-Authenticate')).not.toContain('stale')
    expect(bench.registrar.bindings()).toEqual([])
  })

  test('[RFC3261-22.4] an answer without qop is taken once', async () => {
    const bench = await Bench.start()
    const [md5 = ''] = await bench.challenges()
    const authorization = authorizationFor([md5.replace(', qop="auth"', '')], '101', 'secret-101')
    expect(status(await bench.ask({ contact: A, authorization }))).toBe(200)
    expect(status(await bench.ask({ contact: A, authorization }))).toBe(401)
  })

  test('strangers, unknown users and wrong passwords are answered alike', async () => {
    const bench = await Bench.start()
    const challenges = await bench.challenges()
    const shape = async (parts: RegisterParts): Promise<string> => {
      const { text } = (await bench.ask({ contact: A, cseq: 77, branch: 'z9hG4bKsame', ...parts })).sent[0] ?? {
        text: '',
      }
      return text.replace(/nonce="[^"]+"/g, 'nonce').replace(/tag=[0-9a-f]{16}/, 'tag')
    }
    const stranger = await shape({})
    expect(await shape({ authorization: authorizationFor(challenges, '101', 'wrong') })).toBe(stranger)
    expect(await shape({ authorization: authorizationFor(challenges, 'nobody', 'wrong') })).toBe(stranger)
    expect(await shape({ authorization: 'Basic MTAxOnNlY3JldA==' })).toBe(stranger)
    expect(await shape({ authorization: 'NoOneKnowsThisScheme opaque-data=here' })).toBe(stranger)
    expect(stranger).toContain('SIP/2.0 401')
    expect(bench.refused).toEqual(['101', 'nobody'].map((name) => `${name}: wrong password or unknown user`))
  })

  test('[RFC3261-22.3] of several answers the one for our realm is taken', async () => {
    const bench = await Bench.start()
    const own = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const foreign = own.replace('realm="example.com"', 'realm="proxy"')
    const flow = await bench.ask({ contact: A, authorization: foreign, extra: [`Authorization: ${own}`] })
    expect(status(flow)).toBe(200)
  })

  test('of two answers to both challenges one that is right is enough, in either order', async () => {
    const bench = await Bench.start()
    for (const order of [0, 1]) {
      const [md5 = '', sha = ''] = await bench.challenges()
      const answers = [authorizationFor([md5], '101', 'secret-101'), authorizationFor([sha], 'nobody', 'secret-101')]
      const [first = '', second = ''] = order === 0 ? answers : answers.reverse()
      const flow = await bench.ask({ contact: A, authorization: first, extra: [`Authorization: ${second}`] })
      expect(status(flow)).toBe(200)
    }
  })

  test('a revoked account is a stranger at once', async () => {
    const bench = await Bench.start()
    const challenges = await bench.challenges()
    bench.accounts.accounts.delete('101')
    expect(status(await bench.ask({ authorization: authorizationFor(challenges, '101', 'secret-101') }))).toBe(401)
  })

  test('whatever is in the headers, nobody gets a 200 without the password', async () => {
    const bench = await Bench.start()
    const [challenge = ''] = await bench.challenges()
    const good = authorizationFor([challenge], '101', 'wrong')
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length), fc.string({ unit: 'binary-ascii', maxLength: 6 }), async (at, put) => {
        const authorization = (good.slice(0, at) + put + good.slice(at)).replace(/[\r\n]/g, '')
        expect(status(await bench.ask({ contact: A, authorization }))).toBe(401)
      }),
      { numRuns: 60 },
    )
  })
})

describe('retransmissions', () => {
  test('[RFC3261-17.2.2] a REGISTER sent twice is done once and gets the same answer', async () => {
    const bench = await Bench.start()
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const text = registerText({ contact: A, cseq: 9, authorization })
    const flow = new FakeFlow()
    await deliver(bench.registrar, text, flow)
    await deliver(bench.registrar, text, flow)
    expect(flow.sent).toHaveLength(2)
    expect(flow.sent[1]).toEqual(flow.sent[0])
    expect(status(flow)).toBe(200)
    expect(bench.changes).toHaveLength(1)
    bench.clock.advance(33_000)
    await deliver(bench.registrar, text, flow)
    expect(status(flow)).toBe(401)
  })

  test('a 403 is repeated as well', async () => {
    const bench = await Bench.start()
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const text = registerText({ user: '102', contact: A, authorization })
    const flow = new FakeFlow()
    await deliver(bench.registrar, text, flow)
    await deliver(bench.registrar, text, flow)
    expect(flow.sent.map(({ text: sent }) => sent.slice(8, 11))).toEqual(['403', '403'])
  })

  test('[RFC3261-8.2.7] stateless answers keep their To tag', async () => {
    const bench = await Bench.start()
    const text = registerText({ cseq: 5 })
    const flow = new FakeFlow()
    await deliver(bench.registrar, text, flow)
    await deliver(bench.registrar, text, flow)
    const tags = flow.sent.map(({ text: sent }) => /To: .*;tag=(\w+)/.exec(sent)?.[1])
    expect(tags[0]).toBe(tags[1])
    expect(tags[0]).toMatch(/^[0-9a-f]{16}$/)
  })

  test('a full table sheds with 503 and a time to come back', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store, maxTransactions: 1 })
    const first = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const second = authorizationFor(await bench.challenges(), '101', 'secret-101')
    const held = await bench.ask({ contact: A, authorization: first })
    const shed = await bench.ask({ contact: A, authorization: second })
    expect(held.sent).toEqual([])
    expect(status(shed)).toBe(503)
    expect(Number(headerValue(shed.answer, 'Retry-After'))).toBeGreaterThanOrEqual(5)
    store.release()
    await settle()
    expect(status(held)).toBe(200)
  })
})

describe('durability', () => {
  const phone = async (bench: Bench, n: number): Promise<FakeFlow> => {
    bench.accounts.accounts.set(`${n}`, { username: `${n}`, password: 'p', number: `${n}` })
    const authorization = authorizationFor(await bench.challenges(), `${n}`, 'p')
    return bench.ask({ user: `${n}`, callId: `c${n}`, contact: `<sip:${n}@h>`, authorization })
  }

  test('a 200 leaves only after the commit that covers it; what comes meanwhile is committed together', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const flows = [await phone(bench, 1), await phone(bench, 2), await phone(bench, 3)]
    expect(flows.map((flow) => flow.sent.length)).toEqual([0, 0, 0])
    expect(bench.registrar.bindings()).toEqual([])
    expect(store.commits.map((changes) => changes.length)).toEqual([1])
    store.release()
    await settle()
    expect(flows.map((flow) => flow.sent.length)).toEqual([1, 0, 0])
    expect(store.commits.map((changes) => changes.length)).toEqual([1, 2])
    store.release()
    await settle()
    expect(flows.map(status)).toEqual([200, 200, 200])
    expect(bench.registrar.bindings()).toHaveLength(3)
  })

  test('a commit that fails: 503 with Retry-After, and nothing has changed', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const flow = await phone(bench, 1)
    store.fail()
    await settle()
    expect([status(flow), headerValue(flow.answer, 'Retry-After') !== undefined]).toEqual([503, true])
    expect([bench.registrar.bindings(), bench.changes]).toEqual([[], []])
    const again = await phone(bench, 1)
    store.release()
    await settle()
    expect(status(again)).toBe(200)
  })

  test('two requests for one address of record are decided one after the other', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const challenges = await bench.challenges()
    const auth = (count: number): string => authorizationFor(challenges, '101', 'secret-101', { count })
    const first = await bench.ask({ contact: A, cseq: 10, authorization: auth(1) })
    const second = await bench.ask({ contact: A, cseq: 9, authorization: auth(2) })
    const third = await bench.ask({ contact: '<sip:101@other>', cseq: 11, authorization: auth(3) })
    store.release()
    await settle()
    expect([status(first), status(second)]).toEqual([200, 400])
    store.release()
    await settle()
    expect(contactsOf(third.answer)).toHaveLength(2)
  })

  test('who floods one address of record is told to come back, and takes no room from the others', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const challenges = await bench.challenges()
    const answers: FakeFlow[] = []
    for (let count = 1; count <= 25; count += 1) {
      answers.push(
        await bench.ask({ contact: A, authorization: authorizationFor(challenges, '101', 'secret-101', { count }) }),
      )
    }
    const refused = answers.filter(({ sent }) => sent.length > 0)
    expect(refused.map(status)).toEqual(Array.from({ length: 5 }, () => 503))
    expect(Number(headerValue(refused[0]!.answer, 'Retry-After'))).toBeGreaterThan(0)
    const other = await bench.register({ user: '102' }, 'line7', 'secret-7')
    expect(other.sent).toEqual([])
    while (answers.some(({ sent }) => sent.length === 0)) {
      store.release()
      await settle()
    }
    expect(status(other)).toBe(200)
    expect(answers.filter((flow) => status(flow) === 200)).toHaveLength(20)
  })

  test('stop() waits for the commits under way, answers them, and leaves no timer', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const flow = await phone(bench, 1)
    const stopped = bench.registrar.stop()
    const late = await bench.ask({})
    expect(late.sent).toEqual([])
    store.release()
    await stopped
    expect(status(flow)).toBe(200)
    expect(bench.clock.pending).toBe(0)
  })

  test('bindings survive a restart; expired ones do not', async () => {
    const store = new MemoryBindingStore()
    const before = await Bench.start({ store })
    await before.register({ expires: 100 })
    await before.registrar.stop()
    const after = await Bench.start({ store })
    expect(after.registrar.bindings()).toMatchObject([{ aor: '101@example.com' }])
    after.clock.advance(101_000)
    await settle()
    expect(after.registrar.bindings()).toEqual([])
    after.clock.advance(30_000)
    await settle()
    expect(await store.load()).toEqual([])
  })
})

describe('revocation', () => {
  test('an extension loses its bindings in memory at once and on disk', async () => {
    const store = new MemoryBindingStore()
    const bench = await Bench.start({ store })
    await bench.register()
    await bench.register({ user: '102' }, 'line7', 'secret-7')
    const dropped = bench.registrar.dropBindingsOf({ extensionId: 'ext-101' })
    expect(bench.registrar.bindings()).toMatchObject([{ aor: '102@example.com' }])
    await dropped
    expect(await store.load()).toMatchObject([{ aor: '102@example.com' }])
    expect(bench.changes.at(-1)).toMatchObject({ kind: 'remove', reason: 'revoked' })
    await bench.registrar.dropBindingsOf({ lineId: 'l7' })
    expect(bench.registrar.bindings()).toEqual([])
  })

  test('whoever the accounts do not know any more loses the binding, also over a restart', async () => {
    const store = new MemoryBindingStore()
    const bench = await Bench.start({ store })
    await bench.register()
    await bench.register({ user: '102' }, 'line7', 'secret-7')
    bench.accounts.accounts.delete('line7')
    await bench.registrar.dropRevoked()
    expect(await store.load()).toMatchObject([{ aor: '101@example.com' }])
    bench.accounts.accounts.set('101', { username: '101', password: 'reset while it was down', number: '101' })
    await bench.registrar.stop()
    const after = await Bench.start({ store, accounts: bench.accounts })
    expect(after.registrar.bindings()).toEqual([])
    await after.registrar.stop()
    expect(await store.load()).toEqual([])
  })

  test('a change of somebody else leaves a binding unlooked at', async () => {
    const bench = await Bench.start()
    await bench.register()
    await bench.register({ user: '102' }, 'line7', 'secret-7')
    bench.accounts.accounts.clear()
    await bench.registrar.dropRevoked(({ lineId }) => lineId === 'l7')
    expect(bench.registrar.bindings()).toMatchObject([{ aor: '101@example.com' }])
  })

  test('one of several bindings is thrown out by an admin, on disk too, and may come back', async () => {
    const store = new MemoryBindingStore()
    const bench = await Bench.start({ store })
    await bench.register({ contact: ['<sip:101@10.0.0.7:5062>', '<sip:101@10.0.0.8:5062>'] })
    const [first] = bench.registrar.bindings()
    const key = first?.bindingKey ?? ''
    expect(await bench.registrar.dropBinding('101@example.com', key)).toEqual(first)
    expect(bench.registrar.bindings()).toMatchObject([{ contactUri: 'sip:101@10.0.0.8:5062' }])
    expect(await store.load()).toHaveLength(1)
    expect(bench.changes.at(-1)).toEqual({ kind: 'remove', reason: 'revoked', binding: first })
    expect(await bench.registrar.dropBinding('101@example.com', key)).toBeUndefined()
    await bench.register()
    expect(bench.registrar.bindings()).toHaveLength(2)
  })

  test('a binding that cannot be taken off the disk stays, and the admin is told', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    await bench.ask({ contact: A, authorization })
    store.release()
    await settle()
    const [binding] = bench.registrar.bindings()
    const dropped = bench.registrar.dropBinding('101@example.com', binding?.bindingKey ?? '')
    const told = expect(dropped).rejects.toThrow()
    await settle()
    store.fail()
    await told
    expect(bench.registrar.bindings()).toEqual([binding])
  })

  test('a password that was reset takes the bindings made with the old one', async () => {
    const bench = await Bench.start()
    await bench.register()
    await bench.register({ user: '102' }, 'line7', 'secret-7')
    bench.accounts.accounts.set('line7', { username: 'line7', password: 'new', number: '102', lineId: 'l7' })
    await bench.registrar.dropRevoked()
    expect(bench.registrar.bindings()).toMatchObject([{ aor: '101@example.com' }])
    await bench.register({ user: '102' }, 'line7', 'new')
    await bench.registrar.dropRevoked()
    expect(bench.registrar.bindings()).toHaveLength(2)
  })

  test('a registration that is being stored meanwhile is dropped too', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    await bench.ask({ contact: A, authorization })
    const dropped = bench.registrar.dropBindingsOf({ extensionId: 'ext-101' })
    store.release()
    await store.came(2)
    store.release()
    await dropped
    expect(bench.registrar.bindings()).toEqual([])
    expect(store.commits.at(-1)).toMatchObject([{ kind: 'remove', reason: 'revoked' }])
  })

  test('a store that fails is tried again until it works', async () => {
    const store = new HeldStore()
    const bench = await Bench.start({ store })
    const authorization = authorizationFor(await bench.challenges(), '101', 'secret-101')
    await bench.ask({ contact: A, authorization })
    store.release()
    await settle()
    const dropped = bench.registrar.dropBindingsOf({ extensionId: 'ext-101' })
    await store.came(2)
    expect(bench.registrar.bindings()).toEqual([])
    store.fail()
    await settle()
    expect(bench.registrar.bindings()).toEqual([])
    bench.clock.advance(1_000)
    await settle()
    store.release()
    await dropped
    expect(store.commits.at(-1)).toMatchObject([{ kind: 'remove' }])
  })
})

describe('other requests', () => {
  test('[RFC3261-11] OPTIONS is answered with what is understood', async () => {
    const bench = await Bench.start()
    const { answer } = await bench.ask({ method: 'OPTIONS' })
    expect(answer.status).toBe(200)
    for (const name of ['Allow', 'Accept', 'Supported']) expect(headerValue(answer, name)).toBeTruthy()
  })

  test('[RFC3261-8.2.1] other methods are 405 with Allow; CANCEL finds nothing', async () => {
    const bench = await Bench.start()
    for (const method of ['INVITE', 'SUBSCRIBE', 'register', 'RE%47IST%45R']) {
      const { answer } = await bench.ask({ method })
      expect([method, answer.status, headerValue(answer, 'Allow')]).toEqual([method, 405, 'REGISTER, OPTIONS'])
    }
    expect(status(await bench.ask({ method: 'CANCEL' }))).toBe(481)
  })

  test('[RFC3261-8.2.2.3] an unknown Require is 420, naming all and only the unknown', async () => {
    const bench = await Bench.start()
    const { answer } = await bench.ask({ extra: ['Require: path, 100rel', 'Require: gruu'] })
    expect([answer.status, headerValue(answer, 'Unsupported')]).toEqual([420, '100rel, gruu'])
  })

  test('[RFC3261-8.1.1.6] Max-Forwards 0 is enough for who has arrived', async () => {
    const bench = await Bench.start()
    const zero = (method: string): string => registerText({ method }).replace('Max-Forwards: 70', 'Max-Forwards: 0')
    const flow = new FakeFlow()
    await deliver(bench.registrar, zero('REGISTER'), flow)
    expect(status(flow)).toBe(401)
    await deliver(bench.registrar, zero('OPTIONS'), flow)
    expect(status(flow)).toBe(200)
  })

  test('a foreign domain is 404, in the Request-URI and in To', async () => {
    const bench = await Bench.start()
    expect(status(await bench.ask({ domain: 'other.example' }))).toBe(404)
    const flow = new FakeFlow()
    await deliver(bench.registrar, registerText().replace('To: <sip:101@example.com>', 'To: <sip:101@other>'), flow)
    expect(status(flow)).toBe(404)
  })

  test('responses and ACKs get no answer', async () => {
    const bench = await Bench.start()
    const flow = await bench.ask({ method: 'ACK' })
    await deliver(bench.registrar, registerText().replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'), flow)
    expect(flow.sent).toEqual([])
  })

  test('nothing is answered before start()', async () => {
    const bench = new Bench()
    expect((await bench.ask({})).sent).toEqual([])
  })
})
