// Others who are told what happens while a server is loaded: a webhook, programs that listen all the time, and one that
// comes and goes.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { phoneboot } from './installation.mjs'

const STEADY = 5
const RESTLESS_MS = 1_000

/** @param ports of the running server; `{ heard(): events told so far, stop }` */
export async function startListeners({ admin }) {
  const told = { posted: 0, streamed: 0 }
  const receiver = createServer((request, response) => {
    told.posted += 1
    request.resume()
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  await phoneboot(['webhook', 'add', `http://127.0.0.1:${receiver.address().port}/`])
  await phoneboot(['admin', 'create', 'listener'])
  const { token } = JSON.parse(await phoneboot(['admin', 'token', 'listener', '--json']))
  const leave = new AbortController()

  async function listen(signal) {
    const headers = { Authorization: `Bearer ${token}` }
    try {
      const answer = await fetch(`http://127.0.0.1:${admin}/api/v1/stream`, { headers, signal })
      for await (const chunk of answer.body) if (String.fromCharCode(chunk[0]) !== ':') told.streamed += 1
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  const steady = Array.from({ length: STEADY }, () => listen(leave.signal))
  const restless = (async () => {
    while (!leave.signal.aborted) await listen(AbortSignal.any([leave.signal, AbortSignal.timeout(RESTLESS_MS)]))
  })()
  return {
    heard: () => ({ ...told }),
    stop: async () => {
      leave.abort()
      await Promise.all([...steady, restless])
      receiver.closeAllConnections()
      receiver.close()
    },
  }
}
