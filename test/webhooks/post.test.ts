import { afterEach, expect, test } from '@jest/globals'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '../../src/domain/secret.js'
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
  expect(await post({ url, ...what })).toEqual({ status: 204 })
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
  expect(await post({ url, ...what })).toEqual({ status: 307 })
  expect(got).toHaveLength(1)
})

test('nobody there is a reason, not an exception', async () => {
  const { url } = await receiver(204)
  await new Promise((resolve) => server?.close(resolve))
  expect(await post({ url, ...what })).toEqual({ reason: 'ECONNREFUSED' })
})
