import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { adminBench, type AdminBench } from '../support/admin-api.js'

let bench: AdminBench
let token: string

beforeAll(async () => {
  bench = await adminBench()
  token = await bench.tokenFor('owner')
})
afterAll(() => bench.remove())

const PATH = '/import?dryRun=true'
const FORM = 'multipart/form-data; boundary=b'
const MB = 1024 * 1024
const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = field('file"; filename="people.csv', 'extension,name\r\n101,Anna\r\n')

test('a file in a form is read', async () => {
  const answer = await send(`${field('note', 'x')}${file}--b--\r\n`)
  expect(answer.status).toBe(200)
})

test('a form whose fields are together larger than a file may be is refused before it is read', async () => {
  const answer = await send(`${field('a', 'x'.repeat(12 * MB))}${field('b', 'x'.repeat(12 * MB))}${file}--b--\r\n`)
  expect(answer.body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' })
})

test('a form that does not say how large it is is refused', async () => {
  const server = bench.app.listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const asked = httpRequest({
      ...{ port: (server.address() as AddressInfo).port, host: '127.0.0.1', method: 'POST', path: `/api/v1${PATH}` },
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' },
    })
    asked.end(`${file}--b--\r\n`)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(413)
  } finally {
    server.close()
  }
})

function send(body: string) {
  return bench.as(token).post(PATH).set('Content-Type', FORM).send(body)
}
