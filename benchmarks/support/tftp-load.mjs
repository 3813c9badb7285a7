// tftp-load.mjs <address> <port> <list of names> <at once> <seconds>: reads files over TFTP, prints one line of JSON.
import { readFileSync } from 'node:fs'
import { loopbackAddress } from '../../dist/src/simulator/addresses.js'
import { fetchByTftp } from '../../dist/src/simulator/edge/tftp-client.js'

const [, , serverAddress, port, list, clients, seconds] = process.argv
const files = readFileSync(list, 'utf8').trim().split('\n')
const until = performance.now() + Number(seconds) * 1000
const times = []
let next = 0
let failed = 0
let bytes = 0

/** Each phone has an address of its own, as on a network. */
async function client(localAddress) {
  while (performance.now() < until) {
    const file = files[next++ % files.length]
    const began = performance.now()
    try {
      const request = { serverAddress, serverPort: Number(port), file, localAddress, timeoutMs: 30_000 }
      bytes += (await fetchByTftp(request)).length
      times.push(performance.now() - began)
    } catch {
      failed += 1
    }
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(clients) }, (_, n) => client(loopbackAddress(n))))
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, failed, bytes, times }))
