import { afterEach, describe, expect, test } from '@jest/globals'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { openUdpListeners, RESCAN_MS, type UdpListenersOptions } from '../../../src/network/edge/udp-listeners.js'
import type { Datagram, UdpListeners } from '../../../src/network/udp.js'
import { FakeClock } from '../../support/fake-clock.js'
import { recordingLog } from '../../support/recording-log.js'

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
const opened: { close(): unknown }[] = []

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function open(options: Partial<UdpListenersOptions> = {}): Promise<UdpListeners> {
  const listeners = await openUdpListeners({ port: 0, bind: ['127.0.0.1'], log: recordingLog(), ...options })
  opened.push(listeners)
  return listeners
}

async function phone(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  opened.push(socket)
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

/** Sends `text` and waits for what comes back and from where. */
async function ask(socket: Socket, text: string, port: number, address: string): Promise<string> {
  const answer = once(socket, 'message') as Promise<[Buffer, { address: string; port: number }]>
  socket.send(text, port, address)
  const [data, from] = await answer
  return `${data.toString()} from ${from.address} ${from.port}`
}

function echo(listeners: UdpListeners): Datagram[] {
  const seen: Datagram[] = []
  listeners.onDatagram((datagram) => {
    seen.push(datagram)
    listeners.send(datagram.data, datagram.remote, datagram.local.address)
  })
  return seen
}

describe('openUdpListeners', () => {
  test('an answer leaves from the address that was asked, on every address, with one port number', async () => {
    const listeners = await open({ bind: 'all' })
    echo(listeners)
    expect(listeners.port).toBeGreaterThan(0)
    expect(listeners.addresses()).toContain('127.0.0.1')
    for (const address of listeners.addresses()) {
      const socket = await phone(address)
      expect(await ask(socket, 'hello', listeners.port, address)).toBe(`hello from ${address} ${listeners.port}`)
    }
  })

  test('a phone at another loopback address is answered from 127.0.0.1', async () => {
    const listeners = await open({ bind: 'all' })
    const seen = echo(listeners)
    const socket = await phone('127.0.1.7')
    expect(await ask(socket, 'x', listeners.port, '127.0.0.1')).toBe(`x from 127.0.0.1 ${listeners.port}`)
    expect(seen[0]).toMatchObject({
      remote: { address: '127.0.1.7', port: socket.address().port },
      local: { address: '127.0.0.1', port: listeners.port },
    })
  })

  ;(hasIpv6 ? test : test.skip)('IPv4 and IPv6 are sockets apart', async () => {
    const listeners = await open({ bind: ['127.0.0.1', '::1'] })
    const seen = echo(listeners)
    await ask(await phone('::1'), 'six', listeners.port, '::1')
    await ask(await phone('127.0.0.1'), 'four', listeners.port, '127.0.0.1')
    expect(seen.map(({ remote, local }) => [remote.address, local.address])).toEqual([
      ['::1', '::1'],
      ['127.0.0.1', '127.0.0.1'],
    ])
  })

  test('port 0 finds one number that is free on all addresses', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `127.0.3.${index + 1}`)
    const listeners = await open({ bind: many })
    expect(listeners.addresses()).toEqual(many)
  })

  test('a port that another program has is PORT_IN_USE and leaves no socket behind', async () => {
    const taken = await phone('127.0.0.9')
    const port = taken.address().port
    await expect(open({ port, bind: ['127.0.0.8', '127.0.0.9'] })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    taken.close()
    opened.splice(opened.indexOf(taken), 1)
    await expect(open({ port, bind: ['127.0.0.8', '127.0.0.9'] })).resolves.toMatchObject({ port })
  })

  test('an address that is not of this machine is refused when the operator named it', async () => {
    await expect(open({ bind: ['203.0.113.77'] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('with all, an address that has just gone is left out', async () => {
    const listeners = await open({ bind: 'all', interfaces: () => interfacesOf('203.0.113.77', '127.0.0.1') })
    expect(listeners.addresses()).toEqual(['127.0.0.1'])
  })

  test('addresses that appear and vanish are followed', async () => {
    const clock = new FakeClock()
    let present = ['127.0.0.1', '127.0.0.2']
    const listeners = await open({ bind: 'all', clock, interfaces: () => interfacesOf(...present) })
    echo(listeners)
    present = ['127.0.0.1', '127.0.0.3']
    clock.advance(RESCAN_MS)
    const socket = await phone('127.0.0.1')
    while (!listeners.addresses().includes('127.0.0.3')) await new Promise(setImmediate)
    expect(listeners.addresses()).toEqual(['127.0.0.1', '127.0.0.3'])
    expect(await ask(socket, 'new', listeners.port, '127.0.0.3')).toBe(`new from 127.0.0.3 ${listeners.port}`)
    await listeners.close()
    expect(clock.pending).toBe(0)
  })

  test('sending to port 0 or from an address that has gone drops the datagram', async () => {
    const listeners = await open()
    echo(listeners)
    listeners.send(Buffer.from('x'), { address: '127.0.0.1', port: 0 }, '127.0.0.1')
    listeners.send(Buffer.from('x'), { address: '127.0.0.1', port: 9 }, '127.0.0.55')
    const socket = await phone('127.0.0.1')
    expect(await ask(socket, 'alive', listeners.port, '127.0.0.1')).toContain('alive')
  })

  test('a handler that throws is logged, and the next datagram is handled', async () => {
    const log = recordingLog()
    const listeners = await open({ log })
    listeners.onDatagram(({ data }) => {
      if (data.toString() === 'bad') throw new Error('a bug')
    })
    echo(listeners)
    const socket = await phone('127.0.0.1')
    expect(await ask(socket, 'bad', listeners.port, '127.0.0.1')).toContain('bad')
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
  })

  test('the receive buffer asked for is granted up to the kernel limit, and told in bytes', async () => {
    const listeners = await open({ receiveBufferBytes: 64 * 1024 })
    expect(listeners.receiveBufferBytes).toBe(64 * 1024)
  })
})

function interfacesOf(...addresses: string[]): { address: string; internal: boolean }[] {
  return addresses.map((address) => ({ address, internal: false }))
}
