import { parseArgs } from 'node:util'

const number = (fallback) => ({ type: 'string', default: String(fallback) })
const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    rounds: number(3),
    seconds: number(5),
    devices: number(10_000),
    data: { type: 'string' },
    profile: { type: 'string' },
  },
})

/**
 * Rounds and seconds per side and round; phones in the database; a data folder made before by --data is used again;
 * --profile writes CPU profiles of the server into that folder.
 */
export const OPTIONS = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  devices: Number(values.devices),
  data: values.data,
  profile: values.profile,
}
