import { afterEach, describe, expect, test } from '@jest/globals'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { TransferPorts, type PortRange } from '../../../src/tftp/edge/transfer-ports.js'
import type { ClientPort } from '../../../src/tftp/edge/transfer-socket.js'
import type { Endpoint } from '../../../src/network/udp.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RawClient } from './raw-client.js'

const phone = { address: '192.0.2.7', port: 2000 }
const other = { address: '192.0.2.8', port: 2000 }
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo()
})

function transferPorts(range?: PortRange, clock = new FakeClock(), present?: () => readonly string[]): TransferPorts {
  const ports = new TransferPorts({ range, clock, ...(present && { present }) })
  cleanUp.push(() => ports.close())
  return ports
}

async function bound(address: string, port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  return socket
}

/** A port that nobody has now, for a range of one. */
async function freePort(): Promise<number> {
  const socket = await bound('127.0.0.1')
  const { port } = socket.address()
  socket.close()
  return port
}

async function client(address: string): Promise<RawClient> {
  const raw = await RawClient.open(address)
  cleanUp.push(() => raw.close())
  return raw
}

/** Which port of the server this is, as its client sees it. */
async function seenFrom(port: ClientPort, raw: RawClient): Promise<Endpoint> {
  port.send(Uint8Array.of(0, 4, 0, 1))
  return (await raw.next()).from
}

describe('ports of transfers', () => {
  test('one port serves many clients, and each gets its own packets only', async () => {
    const port = await freePort()
    const ports = transferPorts({ from: port, to: port })
    const [one, two] = [await client('127.0.0.1'), await client('127.0.0.2')]
    const got: string[] = []
    for (const [name, raw] of [
      ['one', one],
      ['two', two],
    ] as const) {
      const opened = await ports.open('127.0.0.1', raw.socket.address())
      expect(await seenFrom(opened, raw)).toEqual({ address: '127.0.0.1', port })
      opened.receive = (data) => {
        got.push(`${name} ${Buffer.from(data).toString('hex')}`)
        opened.send(data)
      }
    }
    await one.ack(1, { address: '127.0.0.1', port })
    await one.next()
    await two.ack(2, { address: '127.0.0.1', port })
    await two.next()
    expect(got).toEqual(['one 00040001', 'two 00040002'])
    expect(ports.sockets).toBe(1)
  })

  test('clients of the same port number are told apart by address, also when one of them has left', async () => {
    const port = await freePort()
    const ports = transferPorts({ from: port, to: port })
    const one = await client('127.0.0.1')
    const two = await RawClient.open('127.0.0.2', one.port)
    cleanUp.push(() => two.close())
    const first = await ports.open('127.0.0.1', one.socket.address())
    const second = await ports.open('127.0.0.1', two.socket.address())
    second.receive = (data) => second.send(data)
    first.release()
    await two.ack(7, { address: '127.0.0.1', port })
    expect((await two.next()).packet).toEqual({ kind: 'ack', block: 7 })
  })

  test('a client never has a port twice at once, and again only after late packets are gone', async () => {
    const clock = new FakeClock()
    const port = await freePort()
    const ports = transferPorts({ from: port, to: port }, clock)
    const opened = await ports.open('127.0.0.1', phone)
    await expect(ports.open('127.0.0.1', phone)).rejects.toThrow(`no free port in ${port}-${port}`)
    opened.release()
    await expect(ports.open('127.0.0.1', phone)).rejects.toThrow('no free port')
    await expect(ports.open('127.0.0.1', other)).resolves.toBeDefined()
    clock.advance(10_000)
    await expect(ports.open('127.0.0.1', phone)).resolves.toBeDefined()
  })

  test('a client that asks again and again from one port gets another port each time', async () => {
    const ports = transferPorts()
    const raw = await client('127.0.0.1')
    const seen = new Set<number>()
    for (let times = 0; times < 40; times += 1) {
      const opened = await ports.open('127.0.0.1', raw.socket.address())
      seen.add((await seenFrom(opened, raw)).port)
      opened.release()
    }
    // More than are shared: the rest were opened for this client alone, and closed again.
    expect(seen.size).toBe(40)
    expect(ports.sockets).toBe(32)
  })

  test('a late packet is left unanswered where the transfer was, and told to be a stranger where it never was', async () => {
    const ports = transferPorts()
    const raw = await client('127.0.0.1')
    const opened = await ports.open('127.0.0.1', raw.socket.address())
    const at = await seenFrom(opened, raw)
    const neighbour = await client('127.0.0.2')
    opened.release()
    await raw.ack(1, at)
    await neighbour.ack(1, at)
    expect((await neighbour.next()).packet).toMatchObject({ kind: 'error', code: 5 })
    expect(raw.waiting).toBe(0)
  })

  test('strangers are told no more than 100 times a second', async () => {
    const clock = new FakeClock(0)
    const port = await freePort()
    const ports = transferPorts({ from: port, to: port }, clock)
    const raw = await client('127.0.0.1')
    const opened = await ports.open('127.0.0.1', raw.socket.address())
    const at = await seenFrom(opened, raw)
    const stranger = await client('127.0.0.2')
    for (let times = 0; times < 150; times += 1) await stranger.ack(1, at)
    // The client's own packet comes back after all those of the stranger.
    opened.receive = (data) => opened.send(data)
    await raw.ack(2, at)
    await raw.next()
    clock.advance(1000)
    await stranger.ack(1, at)
    for (let times = 0; times < 101; times += 1) await stranger.next()
    expect(stranger.waiting).toBe(0)
  })

  test('a port that somebody else has is passed over; none left is an error', async () => {
    const holder = await bound('127.0.0.1')
    cleanUp.push(() => holder.close())
    const { port } = holder.address()
    const ports = transferPorts({ from: port, to: port })
    await expect(ports.open('127.0.0.1', phone)).rejects.toThrow('no free port')
    await expect(ports.open('127.0.0.2', phone)).resolves.toBeDefined()
  })

  test('a small range is shared by all, also by those that asked for a port of their own', async () => {
    const port = await freePort()
    const ports = transferPorts({ from: port, to: port })
    await ports.open('127.0.0.1', phone, true)
    await ports.open('127.0.0.1', other, true)
    expect(ports.sockets).toBe(1)
  })

  test('a port of its own is closed at its end; shared ones stay until the address is gone', async () => {
    let present = ['127.0.0.1', '127.0.0.2']
    const ports = transferPorts(undefined, new FakeClock(), () => present)
    const alone = await ports.open('127.0.0.1', phone, true)
    const shared = await ports.open('127.0.0.1', phone)
    expect(ports.sockets).toBe(2)
    alone.release()
    shared.release()
    expect(ports.sockets).toBe(1)
    present = ['127.0.0.2']
    await ports.open('127.0.0.2', phone)
    expect(ports.sockets).toBe(1)
  })

  test('without a range the system chooses, and the socket sits on the address that was asked', async () => {
    const raw = await client('127.0.0.4')
    const opened = await transferPorts().open('127.0.0.3', raw.socket.address())
    expect((await seenFrom(opened, raw)).address).toBe('127.0.0.3')
  })
})
