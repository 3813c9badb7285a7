import { parseArgs } from 'node:util'

const number = (fallback) => ({ type: 'string', default: String(fallback) })
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    rounds: number(3),
    seconds: number(5),
    devices: number(10_000),
    phones: number(2_000),
    rows: number(10_000),
    pairs: number(5),
    spread: number(10_000),
    'head-start': number(5_000),
    undo: { type: 'boolean', default: false },
    cancel: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    'one-address': { type: 'boolean', default: false },
    warm: { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false },
    sizes: { type: 'string', default: '1000,10000,100000' },
    minutes: number(5),
    transport: { type: 'string', default: 'udp' },
    out: { type: 'string' },
    data: { type: 'string' },
    profile: { type: 'string' },
  },
})

/**
 * Rounds and seconds per side and round; phones in the database; a data folder made before by --data is used again;
 * --profile writes CPU profiles of the server into that folder. The others belong to one benchmark each, which tells.
 */
export const OPTIONS = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  devices: Number(values.devices),
  phones: Number(values.phones),
  rows: Number(values.rows),
  pairs: Number(values.pairs),
  spreadMs: Number(values.spread),
  headStartMs: Number(values['head-start']),
  undo: values.undo,
  cancel: values.cancel,
  alone: values.alone,
  oneAddress: values['one-address'],
  warm: values.warm,
  cold: values.cold,
  sizes: values.sizes.split(',').map(Number),
  minutes: Number(values.minutes),
  transport: values.transport,
  out: values.out,
  data: values.data,
  profile: values.profile,
}
