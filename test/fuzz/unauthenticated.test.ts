import { expect, jest, test } from '@jest/globals'
import { SILENT_LOG } from '../../src/observe/log.js'
import { StreamFramer } from '../../src/sip/framing.js'
import { parseDatagram } from '../../src/sip/parse.js'
import { FakeFlow, settle } from '../support/fake-flow.js'
import { Bench } from '../support/registrar-bench.js'
import { seededRandom } from '../support/seeded-random.js'
import { sipMessages, tortureMessages } from './corpus.js'
import { Dice } from './dice.js'
import { mutate } from './mutate.js'

const INPUTS = Math.min(Number(process.env.PHONEBOOT_TEST_FUZZ_INPUTS ?? 3_000), 20_000)
const SEED = Number(process.env.PHONEBOOT_TEST_FUZZ_SEED ?? 1)

jest.setTimeout(120_000)

/** Status line, header lines without a stray CR or LF, an empty line, no body. */
const WHOLE_ANSWER = /^SIP\/2\.0 [2-5]\d\d [^\r\n]*\r\n(?:[^\r\n:]+: [^\r\n]*\r\n)+\r\n$/

test(`of ${INPUTS} mutated messages (seed ${SEED}) none registers without a password, and each answer is one whole message`, async () => {
  const errors: unknown[] = []
  const bench = await Bench.start({ log: { ...SILENT_LOG, error: (fields) => void errors.push(fields) } })
  const dice = new Dice(seededRandom(SEED))
  const seeds = [...sipMessages('example.com', '101'), ...tortureMessages()]
  let answered = 0
  for (let n = 0; n < INPUTS; n += 1) {
    const text = mutate(dice.pick(seeds), dice).toString('latin1')
    const flow = new FakeFlow(dice.chance(50) ? 'udp' : 'tcp')
    if (flow.transport === 'udp') bench.registrar.handle(parseDatagram(text), flow)
    else {
      for (const framed of new StreamFramer().push(text)) {
        if (framed.kind !== 'ping') bench.registrar.handle(framed.parsed, flow)
      }
    }
    if (n % 500 === 0) await settle()
    answered += flow.sent.length
    for (const { text: answer } of flow.sent) {
      expect(answer).toMatch(WHOLE_ANSWER)
      if (/^CSeq: \d+[ \t]+REGISTER\r$/m.test(answer)) expect(answer).not.toMatch(/^SIP\/2\.0 2/)
    }
  }
  await settle()
  expect([bench.registrar.bindings(), bench.changes, errors]).toEqual([[], [], []])
  expect(answered).toBeGreaterThan(INPUTS / 5)
  await bench.registrar.stop()
  expect(bench.clock.pending).toBe(0)
})
