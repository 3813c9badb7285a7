import { afterEach, describe, expect, test } from '@jest/globals'
import type { SocketAsPromised } from 'dgram-as-promised'
import { TransferPorts } from '../../../src/tftp/edge/transfer-ports.js'
import { FakeClock } from '../../support/fake-clock.js'

const phone = { address: '192.0.2.7', port: 2000 }
const other = { address: '192.0.2.8', port: 2000 }
const open: SocketAsPromised[] = []

afterEach(async () => {
  for (const socket of open.splice(0)) await socket.close().catch(() => undefined)
})

const portOf = (socket: SocketAsPromised): number => socket.socket.address().port

/** A port that nobody has now, for a range of one. */
async function freePort(): Promise<number> {
  const socket = await new TransferPorts(undefined, new FakeClock()).open('127.0.0.1', phone)
  const port = portOf(socket)
  await socket.close()
  return port
}

describe('ports of transfers', () => {
  test('the same client gets a port again only after late packets are gone, another client at once', async () => {
    const clock = new FakeClock()
    const port = await freePort()
    const ports = new TransferPorts({ from: port, to: port }, clock)
    await ports.release(await ports.open('127.0.0.1', phone), phone)
    await expect(ports.open('127.0.0.1', phone)).rejects.toThrow(`no free port in ${port}-${port}`)
    await ports.release(await ports.open('127.0.0.1', other), other)
    clock.advance(10_000)
    const again = await ports.open('127.0.0.1', phone)
    open.push(again)
    expect(portOf(again)).toBe(port)
  })

  test('a port that somebody has is passed over; none left is an error', async () => {
    const port = await freePort()
    const ports = new TransferPorts({ from: port, to: port }, new FakeClock())
    open.push(await ports.open('127.0.0.1', phone))
    await expect(ports.open('127.0.0.1', other)).rejects.toThrow('no free port')
    open.push(await ports.open('127.0.0.2', other))
  })

  test('without a range the system chooses, and the socket sits on the address that was asked', async () => {
    const ports = new TransferPorts(undefined, new FakeClock())
    const socket = await ports.open('127.0.0.3', phone)
    open.push(socket)
    expect(socket.socket.address()).toMatchObject({ address: '127.0.0.3' })
  })
})
