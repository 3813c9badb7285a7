// tftp-load.mjs <address> <port> <list of names> <at once> <seconds> [percent lost]: reads files over TFTP as old phones
// do (octet, no options) and prints one line of JSON. It shares the machine with the server it measures, so it does no
// more per packet than it must: no promise, no timer of its own, no state but a block number. Knows nothing of the project.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'

const [, , server, port, list, clients, seconds, lossPercent = '0'] = process.argv
const RESEND_MS = 1_000
const MAX_RESENDS = 8
const DATA = 3
const ERROR = 5

const requests = readFileSync(list, 'utf8')
  .trim()
  .split('\n')
  .map((name) => Buffer.from(`\0\x01${name}\0octet\0`, 'latin1'))
const lookup = (address, _options, done) => done(null, address, 4)
const began = performance.now()
const until = began + Number(seconds) * 1000
const phones = new Set()
const times = []
const totals = { failed: 0, bytes: 0, resent: 0, lost: 0 }
let next = 0
let seed = 1

/** True for as many packets in a hundred as are to be lost, the same ones in every run. */
function isLost() {
  if (lossPercent === '0') return false
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
  const lost = seed / 0x7fffffff < Number(lossPercent) / 100
  if (lost) totals.lost += 1
  return lost
}

/** A phone with an address of its own, and a new port for every file. */
class Phone {
  constructor(n) {
    this.address = `127.1.${Math.floor(n / 254)}.${1 + (n % 254)}`
    this.ack = Buffer.from([0, 4, 0, 0])
    phones.add(this)
    this.ask()
  }

  ask() {
    this.socket?.close()
    if (performance.now() >= until) {
      phones.delete(this)
      if (phones.size === 0) report()
      return
    }
    const socket = createSocket({ type: 'udp4', lookup })
    socket.on('message', (data, from) => socket === this.socket && this.receive(data, from.port))
    socket.on('error', () => undefined)
    socket.bind({ port: 0, address: this.address, exclusive: true })
    Object.assign(this, { socket, block: 0, bytes: 0, tid: undefined, resends: 0, began: performance.now() })
    this.packet = requests[next++ % requests.length]
    this.send()
  }

  send() {
    this.sentAt = performance.now()
    if (!isLost()) this.socket.send(this.packet, this.tid ?? Number(port), server)
  }

  receive(data, from) {
    if (isLost()) return
    this.tid ??= from
    if (from !== this.tid) return
    if (data[1] === ERROR) return this.end(false)
    const block = (data[2] << 8) | data[3]
    if (data[1] !== DATA || block > this.block + 1 || block < this.block) return
    if (block === this.block + 1) {
      this.block = block
      this.bytes += data.length - 4
      this.resends = 0
      this.ack[2] = data[2]
      this.ack[3] = data[3]
      this.packet = this.ack
    }
    this.send()
    if (data.length < 516) this.end(true)
  }

  end(isWhole) {
    if (isWhole) {
      totals.bytes += this.bytes
      times.push(performance.now() - this.began)
    } else totals.failed += 1
    this.ask()
  }
}

const timer = setInterval(() => {
  const late = performance.now() - RESEND_MS
  for (const phone of phones) {
    if (phone.sentAt > late) continue
    phone.resends += 1
    totals.resent += 1
    if (phone.resends > MAX_RESENDS) phone.end(false)
    else phone.send()
  }
}, 100)

function report() {
  clearInterval(timer)
  const { user, system } = process.cpuUsage()
  const cpuMicros = (user + system) / Math.max(1, times.length)
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, ...totals, cpuMicros, times }))
}

for (let n = 0; n < Number(clients); n += 1) new Phone(n)
