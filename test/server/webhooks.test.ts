import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Mac } from '../../src/domain/mac-address.js'
import { loopbackAddress } from '../../src/simulator/addresses.js'
import { simulate } from '../../src/simulator/edge/simulate.js'
import { eventually, SERVER_TEST_MS, TestInstallation, type ServerProcess } from '../support/server.js'

jest.setTimeout(SERVER_TEST_MS)

interface Told {
  id: string
  type: string
  site: string
  actor?: string
  data: Record<string, unknown>
}

const MAC = '001565aabb01'
let installation: TestInstallation
let server: ServerProcess
let receiver: Server
let url: string
const got: { told: Told; headers: NodeJS.Dict<string | string[]>; body: string }[] = []

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      got.push({ told: JSON.parse(body) as Told, headers: request.headers, body })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  installation = await TestInstallation.create({ PHONEBOOT_LOG_LEVEL: 'warn' })
  server = await installation.serve()
})
afterAll(async () => {
  await installation.remove()
  receiver.closeAllConnections()
  await new Promise((resolve) => receiver.close(resolve))
})

const types = (): string[] => got.map(({ told }) => told.type)

/** Reads the stream until `done` is content with what came, then hangs up. */
async function listen(
  token: string,
  lastEventId: string | undefined,
  act: () => Promise<unknown>,
  done: (types: string[]) => boolean,
): Promise<{ ids: string[]; types: string[]; data: Told[] }> {
  const hangUp = new AbortController()
  const response = await fetch(`${server.admin}/api/v1/stream`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: hangUp.signal,
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  await act()
  const heard = { ids: [] as string[], types: [] as string[], data: [] as Told[] }
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString()
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1] ?? ''
      if (field('event') === '') continue
      heard.ids.push(field('id'))
      heard.types.push(field('event'))
      heard.data.push(JSON.parse(field('data')) as Told)
    }
    if (done(heard.types)) break
  }
  hangUp.abort()
  return heard
}

test('a PBX is told, signed, of a person with its own settings, and of the phone that registers', async () => {
  const { id, secret } = await installation.cli<{ id: string; secret: string }>('webhook', 'add', url)
  const anna = await installation.cli<{ password: string }>('extension', 'add', '101', '--name', 'Anna Berg')
  await installation.cli('settings', 'set', 'recordCalls', 'true', '--extension', '101')
  await installation.cli('settings', 'set', 'mobileNumber', '+49 170 1234567', '--extension', '101')
  await installation.cli('device', 'add', MAC, '--model', 'yealink/t21p-e2', '--line', '101')
  await eventually(
    () => expect(types()).toEqual(['extension.created', 'extension.changed', 'extension.changed', 'device.created']),
    20_000,
  )
  expect(got[2]?.told).toMatchObject({
    site: 'default',
    actor: expect.stringMatching(/^cli:/),
    data: { number: '101', name: 'Anna Berg', settings: { recordCalls: true, mobileNumber: '+49 170 1234567' } },
  })
  for (const { headers, body, told } of got) {
    const signed = `${told.id}.${String(headers['webhook-timestamp'])}.${body}`
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    expect(headers['webhook-id']).toBe(told.id)
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
  }
  expect(anna.password).toMatch(/^\w{20}$/)
  expect(JSON.stringify(got)).not.toContain(anna.password)

  const office = simulate({
    phones: [{ model: 'yealink/t21p-e2', mac: MAC as Mac, transport: 'http', localAddress: loopbackAddress(0) }],
    server: { address: '127.0.0.1', httpPort: server.ports.http, tftpPort: server.ports.tftp },
    keepRegistered: true,
  })
  try {
    expect(await office.settled).toMatchObject({ registered: 1, failed: 0 })
    await eventually(() => expect(types()).toContain('registration.started'), 20_000)
  } finally {
    await office.stop()
  }
  expect(got.find(({ told }) => told.type === 'registration.started')?.told.data).toMatchObject({
    number: '101',
    mac: MAC,
    transport: 'udp',
  })
  const { items } = { items: await installation.cli<{ state: string }[]>('webhook', 'deliveries', id) }
  expect(new Set(items.map(({ state }) => state))).toEqual(new Set(['delivered']))
  await installation.cli('webhook', 'remove', id)
  expect(await installation.cli('webhook', 'list')).toEqual([])
})

test('whoever listens hears of changes within a second or so, and after a cut of what was missed', async () => {
  await installation.cli('admin', 'create', 'listener', '--role', 'owner')
  const { token } = await installation.cli<{ token: string }>('admin', 'token', 'listener')
  const first = await listen(
    token,
    undefined,
    () => installation.cli('extension', 'add', '201', '--name', 'Bert'),
    (heard) => heard.includes('extension.created'),
  )
  expect(first.data[0]).toMatchObject({ type: 'extension.created', data: { number: '201', name: 'Bert' } })
  await installation.cli('extension', 'add', '202', '--name', 'Cleo')
  const second = await listen(
    token,
    first.ids.at(-1),
    () => Promise.resolve(),
    (heard) => heard.length === 1,
  )
  expect(second.data[0]).toMatchObject({ type: 'extension.created', data: { number: '202' } })
  const unknown = await listen(
    token,
    'a999999',
    () => Promise.resolve(),
    (heard) => heard.length === 1,
  )
  expect(unknown.types).toEqual(['reset'])
})

test('a stranger hears nothing, and an admin of phones nothing about people', async () => {
  expect((await fetch(`${server.admin}/api/v1/stream`)).status).toBe(401)
  await installation.cli('admin', 'create', 'nobody', '--role', 'user')
  const { token } = await installation.cli<{ token: string }>('admin', 'token', 'nobody')
  const { token: owner } = await installation.cli<{ token: string }>('admin', 'token', 'listener')
  const seen = listen(
    owner,
    undefined,
    () => Promise.resolve(),
    (heard) => heard.includes('extension.created'),
  )
  const hangUp = new AbortController()
  const answer = await fetch(`${server.admin}/api/v1/stream`, {
    headers: { authorization: `Bearer ${token}` },
    signal: hangUp.signal,
  })
  // Somebody without rights in any site has no site to listen to.
  expect([200, 403]).toContain(answer.status)
  await installation.cli('extension', 'add', '203', '--name', 'Dora')
  await seen
  hangUp.abort()
})
