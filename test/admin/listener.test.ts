import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { startAdminListener, type AdminListener, type AdminListenerOptions } from '../../src/admin/edge/listener.js'
import { issueCa, issueLeaf } from '../../src/certificates/edge/issue.js'
import { systemClock } from '../../src/domain/edge/system-clock.js'
import { SILENT_LOG } from '../../src/observe/log.js'

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

const certificates: AdminListenerOptions['certificates'] = {
  current: () => {
    throw new Error('no certificate is needed on loopback')
  },
  onChange: () => () => undefined,
}

async function start(part: Partial<AdminListenerOptions> = {}): Promise<AdminListener & { url: string }> {
  const listener = await startAdminListener({
    port: 0,
    portMayChange: false,
    bind: ['127.0.0.1'],
    certificates,
    readiness: () => Promise.resolve({ ready: true, parts: { database: 'ok' } }),
    loadApp: () => Promise.resolve((_request, response) => void response.end('the app')),
    clock: systemClock,
    spareTime: systemClock,
    log: SILENT_LOG,
    ...part,
  })
  stops.push(() => listener.stop())
  return { ...listener, url: `http://127.0.0.1:${listener.port}` }
}

async function takenPort(): Promise<number> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

describe('the admin listener', () => {
  test('tells health and readiness without loading the program behind it', async () => {
    let ready = true
    const { url } = await start({
      readiness: () => Promise.resolve({ ready, parts: { database: ready ? 'ok' : 'does not answer' } }),
      loadApp: () => Promise.reject(new Error('not asked for')),
    })
    const health = await fetch(`${url}/healthz`)
    expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
    const up = await fetch(`${url}/readyz`)
    expect([up.status, await up.json()]).toEqual([200, { ready: true, parts: { database: 'ok' } }])
    ready = false
    const down = await fetch(`${url}/readyz`)
    expect([down.status, await down.json()]).toEqual([503, { ready: false, parts: { database: 'does not answer' } }])
    expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405)
  })

  test('loads the program once, at the first request that needs it; one that cannot be loaded is 500', async () => {
    let loads = 0
    const { url } = await start({
      loadApp: () => {
        loads += 1
        return Promise.resolve((_request, response) => void response.end('the app'))
      },
    })
    const answers = await Promise.all([fetch(url), fetch(`${url}/x`), fetch(url)])
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['the app', 'the app', 'the app'])
    expect(loads).toBe(1)
    const broken = await start({ loadApp: () => Promise.reject(new Error('broken')) })
    const answer = await fetch(broken.url)
    expect([answer.status, await answer.text()]).toEqual([500, 'internal error\n'])
  })

  test('takes a free port when its default is in use, and refuses when the port was asked for', async () => {
    const port = await takenPort()
    const other = await start({ port, portMayChange: true })
    expect(other.port).not.toBe(port)
    await expect(start({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })

  test('speaks HTTPS alone when it is bound beyond loopback', async () => {
    const times = { notBefore: Date.now() - 1_000, notAfter: Date.now() + 86_400_000 }
    const ca = await issueCa(times, 'test')
    const leaf = await issueLeaf({ dns: ['localhost'], addresses: ['127.0.0.1'] }, times, ca)
    const listener = await start({ bind: ['0.0.0.0'], certificates: { ...certificates, current: () => leaf } })
    expect(listener.secure).toBe(true)
    const status = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: listener.port, path: '/healthz', ca: ca.cert, agent: false }
      request(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })
    expect(status).toBe(200)
    await expect(fetch(`${listener.url}/healthz`)).rejects.toThrow()
  })
})
