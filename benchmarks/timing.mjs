// Does the time of an answer tell a stranger who exists? Known and unknown phones and users in turn, 2,000 pairs each;
// medians. Reported, no gate: on a busy machine the noise is larger than any difference.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { authorizationFor, registerText } from './support/sip-text.mjs'
import { phones, prepare, serve } from './support/installation.mjs'
import { heading, median } from './support/rounds.mjs'

const PAIRS = 2_000
const WARM_UP = 200

/** Times of `ask(known)` and `ask(unknown)` in turn, each pair the other way round than the one before. */
async function pairs(known, unknown) {
  const times = [[], []]
  for (let n = 0; n < WARM_UP + PAIRS; n += 1) {
    for (const which of n % 2 ? [0, 1] : [1, 0]) {
      const began = process.hrtime.bigint()
      await (which === 0 ? known(n) : unknown(n))
      if (n >= WARM_UP) times[which].push(Number(process.hrtime.bigint() - began) / 1000)
    }
  }
  return times.map((values) => median(values))
}

function tell(question, [known, unknown]) {
  const percent = ((known / unknown - 1) * 100).toFixed(1)
  console.log(`${question.padEnd(44)} known ${known.toFixed(1)} us, unknown ${unknown.toFixed(1)} us, ${percent} %`)
}

/** A UDP client with one question at a time. */
async function client(port) {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return async (data) => {
    const answered = once(socket, 'message')
    socket.send(data, port, '127.0.0.1')
    return String((await answered)[0])
  }
}

await prepare()
const all = await phones()
// The asker is a stranger: nobody is trusted. And it may ask for ever, or it would be banned.
const server = await serve({ PHONEBOOT_TRUSTED_NETWORKS: 'none', PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
const { http, tftp, sip } = server.ports
heading(`timing, ${PAIRS} pairs each, ${all.length} phones`)

// The same name with another last digits of the MAC: as long, and asked as often.
const strange = (file) => file.replace(/([0-9a-f]{6})[0-9a-f]{6}/i, '$1ffffff')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const fetch = (file) =>
  new Promise((done, fail) => {
    get({ agent, host: '127.0.0.1', port: http, path: `/${file}` }, (answer) => answer.resume().on('end', done)).on(
      'error',
      fail,
    )
  })
const phone = (n) => all[n % all.length]
tell(
  'config by HTTP, from outside',
  await pairs(
    (n) => fetch(phone(n).file),
    (n) => fetch(strange(phone(n).file)),
  ),
)
agent.destroy()

const readRequest = (file) => Buffer.from(`\0\x01${file}\0octet\0`)
const askTftp = await client(tftp)
tell(
  'config by TFTP, from outside',
  await pairs(
    (n) => askTftp(readRequest(phone(n).file)),
    (n) => askTftp(readRequest(strange(phone(n).file))),
  ),
)

const askSip = await client(sip)
const register = (user, authorization) => registerText({ domain: '127.0.0.1', user, authorization })
tell(
  'REGISTER without a password',
  await pairs(
    (n) => askSip(register(phone(n).number)),
    (n) => askSip(register(`9${phone(n).number.slice(1)}9`.slice(0, phone(n).number.length))),
  ),
)
const challenge = await askSip(register('100'))
const guess = (username) => register('100', authorizationFor(challenge, username, 'guess'))
tell(
  'REGISTER with a wrong password',
  await pairs(
    (n) => askSip(guess(phone(n).username)),
    (n) => askSip(guess([...phone(n).username].reverse().join(''))),
  ),
)
await server.stop()
process.exit()
