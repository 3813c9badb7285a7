import { afterEach, describe, expect, test } from '@jest/globals'
import { createServer, connect, type Server } from 'node:net'
import { once } from 'node:events'
import { localAddresses } from '../../src/network/edge/interfaces.js'
import { openTcpListeners } from '../../src/network/edge/tcp-listeners.js'

const open: Server[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

async function listenOn(bind: 'all' | string[], port = 0): Promise<{ port: number; servers: readonly Server[] }> {
  const listeners = await openTcpListeners({ port, bind, createServer: () => createServer((socket) => socket.end()) })
  open.push(...listeners.servers)
  return listeners
}

async function reaches(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

const hasIpv6 = localAddresses().some(({ address }) => address === '::1')

describe('openTcpListeners', () => {
  test('port 0 is the same free number on every address', async () => {
    const { port, servers } = await listenOn('all')
    expect(port).toBeGreaterThan(0)
    expect(servers.map((server) => (server.address() as { port: number }).port)).toEqual(servers.map(() => port))
    expect(await reaches('127.0.0.1', port)).toBe(true)
    expect(servers).toHaveLength(hasIpv6 ? 2 : 1)
    if (hasIpv6) expect(await reaches('::1', port)).toBe(true)
  })

  test('only the addresses of PHONEBOOT_BIND are listened on', async () => {
    const { port } = await listenOn(['127.0.0.2', '127.0.0.3'])
    expect(await reaches('127.0.0.2', port)).toBe(true)
    expect(await reaches('127.0.0.3', port)).toBe(true)
    expect(await reaches('127.0.0.1', port)).toBe(false)
  })

  test('a port in use is PORT_IN_USE and leaves nothing open', async () => {
    const { port } = await listenOn(['127.0.0.5'])
    await expect(listenOn(['127.0.0.4', '127.0.0.5'], port)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    expect(await reaches('127.0.0.4', port)).toBe(false)
  })

  test('a port that needs a right is PORT_FORBIDDEN', async () => {
    const forbidden = (): Server => {
      const server = createServer()
      server.listen = () => {
        queueMicrotask(() => server.emit('error', Object.assign(new Error('listen EACCES'), { code: 'EACCES' })))
        return server
      }
      return server
    }
    const opening = openTcpListeners({ port: 80, bind: ['127.0.0.1'], createServer: forbidden })
    await expect(opening).rejects.toMatchObject({ code: 'PORT_FORBIDDEN' })
  })

  test('an address of another machine is CONFIG_INVALID', async () => {
    await expect(listenOn(['192.0.2.1'])).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('localAddresses', () => {
  test('tells loopback with its prefix', () => {
    expect(localAddresses()).toContainEqual({ address: '127.0.0.1', prefixLength: 8, internal: true })
  })
})
