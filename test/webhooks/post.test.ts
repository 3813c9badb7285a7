import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '../../src/domain/secret.js'
import { callableNetworks } from '../../src/webhooks/destination.js'
import { post, signatureOf } from '../../src/webhooks/edge/post.js'

let server: Server | undefined
afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))))

/** A receiver; gives its address and what came. */
async function receiver(status: number, headers: Record<string, string> = {}) {
  const got: { request: IncomingMessage; body: string }[] = []
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push({ request, body })
      response.writeHead(status, headers).end()
    })
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook?key=1`, got }
}

const anywhere = callableNetworks(undefined)
const SECRET = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
const what = {
  secret: SECRET,
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
}

test('the signature is that of the Standard Webhooks example', () => {
  expect(signatureOf(what)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('the body goes out signed, with id and time', async () => {
  const { url, got } = await receiver(204)
  expect(await post({ url, ...what }, anywhere)).toEqual({ status: 204 })
  expect(got[0]?.body).toBe(what.body)
  expect(got[0]?.request).toMatchObject({ method: 'POST', url: '/hook?key=1' })
  expect(got[0]?.request.headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': what.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': signatureOf(what),
  })
})

test('a redirect is an answer, and nobody else is told', async () => {
  const { url, got } = await receiver(307, { Location: 'http://127.0.0.1:1/elsewhere' })
  expect(await post({ url, ...what }, anywhere)).toEqual({ status: 307 })
  expect(got).toHaveLength(1)
})

test('nobody there is a reason, not an exception', async () => {
  const { url } = await receiver(204)
  await new Promise((resolve) => server?.close(resolve))
  expect(await post({ url, ...what }, anywhere)).toEqual({ reason: 'ECONNREFUSED' })
})

describe('where a webhook may lead', () => {
  test.each([
    ['127.0.0.1', true],
    ['192.168.1.9', true],
    ['fd12::9', true],
    ['8.8.8.8', true],
    ['2606:4700::1', true],
    ['169.254.169.254', false],
    ['::ffff:169.254.169.254', false],
    ['fe80::1', false],
    ['fd00:ec2::254', false],
    ['0.0.0.0', false],
    ['::', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
  ])('%s: %s', (address, may) => {
    expect(anywhere(address)).toBe(may)
  })

  test('an operator may allow public addresses alone, or name his networks', () => {
    const [publicOnly, named] = [callableNetworks('none'), callableNetworks('10.9.0.0/16')]
    const addresses = ['127.0.0.1', '::1', '10.9.1.1', '192.168.1.1', '169.254.169.254', '8.8.8.8']
    expect(addresses.map(publicOnly)).toEqual([false, false, false, false, false, true])
    expect(addresses.map(named)).toEqual([false, false, true, false, false, true])
  })

  test.each(['127.0.0.1', '[::1]', '0x7f.1', '2130706433', 'localhost'])(
    'this machine, spelled %s, is not called when only public addresses may be',
    async (host) => {
      const { url, got } = await receiver(204)
      const spelled = url.replace('127.0.0.1', host)
      const posted = await post({ url: spelled, ...what }, callableNetworks('none'))
      expect([posted, got]).toEqual([{ reason: 'an address that webhooks may not call' }, []])
    },
  )

  test('a name is looked up, and goes where it leads', async () => {
    const { url, got } = await receiver(204)
    expect(await post({ url: url.replace('127.0.0.1', 'localhost'), ...what }, anywhere)).toEqual({ status: 204 })
    expect(got).toHaveLength(1)
  })

  test('a receiver that answers without end is not listened to', async () => {
    const { url } = await receiver(200, { 'Content-Length': '1000000000000' })
    expect(await post({ url, ...what }, anywhere)).toEqual({ status: 200 })
  })
})
