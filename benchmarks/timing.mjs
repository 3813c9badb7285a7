// Does the time of an answer tell a stranger who exists? Known and unknown phones and users in turn, 2,000 pairs each;
// medians. Reported, no gate: on a busy machine the noise is larger than any difference. The known phones have just fetched
// their files from where they are trusted, and no name is asked for twice by the stranger: whatever is remembered of a
// phone that was there would show. (Until 2026-11-22, 21:00, the unknown names were few, asked again and again, and so
// remembered better than the known ones: that was what made these look slower.)
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { authorizationFor, registerText } from './support/sip-text.mjs'
import { phones, prepare, serve } from './support/installation.mjs'
import { heading, median } from './support/rounds.mjs'

const PAIRS = 2_000
const WARM_UP = 200

/** Times of asking for known and unknown ones in turn, each pair the other way round than the one before. */
async function pairs(known, unknown, ask) {
  const times = [[], []]
  for (let n = 0; n < WARM_UP + PAIRS; n += 1) {
    for (const which of n % 2 ? [0, 1] : [1, 0]) {
      const question = (which === 0 ? known : unknown)[n]
      const began = process.hrtime.bigint()
      await ask(question)
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
/** Where the phones are at home. The asker is a stranger, and may ask for ever, or it would be banned. */
const HOME = '127.0.0.9'
const server = await serve({ PHONEBOOT_TRUSTED_NETWORKS: `${HOME}/32`, PHONEBOOT_UNLIMITED_NETWORKS: '127.0.0.0/8' })
const { http, tftp, sip } = server.ports
heading(`timing, ${PAIRS} pairs each, ${all.length} phones`)

const phone = (n) => all[n % all.length]
/** The same name with other last digits of the MAC, none of them twice: as long, and asked as often. */
function strange(n) {
  const { file } = phone(n)
  const digits = (0xffffff - n).toString(16)
  return file.replace(/(?<=[0-9a-f]{6})[0-9a-f]{6}/i, /[A-F]/.test(file) ? digits.toUpperCase() : digits)
}
/** All that is asked is put together before the clock starts. */
const asked = Array.from({ length: WARM_UP + PAIRS }, (_, n) => ({
  known: phone(n),
  unknownFile: strange(n),
  unknownNumber: `9${phone(n).number.slice(1)}9`.slice(0, phone(n).number.length),
  unknownUser: [...phone(n).username].reverse().join(''),
}))
const fetchBy = (agent) => (file) =>
  new Promise((done, fail) => {
    get({ agent, host: '127.0.0.1', port: http, path: `/${file}` }, (answer) =>
      answer.resume().on('end', () => done(answer.statusCode)),
    ).on('error', fail)
  })
const home = new Agent({ keepAlive: true, maxSockets: 1, localAddress: HOME })
const atHome = fetchBy(home)
for (const { known } of asked) {
  if ((await atHome(known.file)) !== 200) throw new Error(`${known.file} is not served at home`)
}
home.destroy()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const fetch = fetchBy(agent)
tell(
  'config by HTTP, from outside',
  await pairs(
    asked.map(({ known }) => known.file),
    asked.map(({ unknownFile }) => unknownFile),
    fetch,
  ),
)
agent.destroy()

const readRequest = (file) => Buffer.from(`\0\x01${file}\0octet\0`)
tell(
  'config by TFTP, from outside',
  await pairs(
    asked.map(({ known }) => readRequest(known.file)),
    asked.map(({ unknownFile }) => readRequest(unknownFile)),
    await client(tftp),
  ),
)

const askSip = await client(sip)
const register = (user, authorization) => registerText({ domain: '127.0.0.1', user, authorization })
tell(
  'REGISTER without a password',
  await pairs(
    asked.map(({ known }) => register(known.number)),
    asked.map(({ unknownNumber }) => register(unknownNumber)),
    askSip,
  ),
)
const challenge = await askSip(register('100'))
const guess = (username) => register('100', authorizationFor(challenge, username, 'guess'))
tell(
  'REGISTER with a wrong password',
  await pairs(
    asked.map(({ known }) => guess(known.username)),
    asked.map(({ unknownUser }) => guess(unknownUser)),
    askSip,
  ),
)
await server.stop()
process.exit()
