import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { TICKS } from './processes.mjs'

/** What a virtual machine's host may give to others before a round says more about the host than about the servers. */
const CALM = 0.02
/** Rounds are repeated at most so many times over. */
const PATIENCE = 3

/** Time that the processors wanted and the host of this virtual machine gave to others (`steal`, proc_stat(5)), in ticks. */
const stolenTicks = () => Number(readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/\s+/)[8])

/** Begins to watch; the function it gives tells the share of all processors' time that was stolen since. */
export function watchStolen() {
  const [ticks, began] = [stolenTicks(), performance.now()]
  return () => (stolenTicks() - ticks) / TICKS / (((performance.now() - began) / 1000) * availableParallelism())
}

const percent = (share) => `${(share * 100).toFixed(1)} %`

/**
 * Rounds until `wanted` of them were calm, then the calmest `wanted`, in the order they were made. When the machine never
 * comes to rest they are the calmest of three times as many; what was stolen from them is told either way.
 * @param once makes a round, numbered from 1, and gives it with `stolen`, the share that was stolen from it; `told`, if it has one, is told at once
 */
export async function calmRounds(wanted, once) {
  const made = []
  const calm = () => made.filter(({ stolen }) => stolen <= CALM).length
  while (calm() < wanted && made.length < wanted * PATIENCE) {
    const round = await once(made.length + 1)
    made.push(round)
    if (round.told !== undefined) console.log(`  round ${made.length}: ${round.told}, ${percent(round.stolen)} stolen`)
  }
  const counted = new Set([...made].sort((a, b) => a.stolen - b.stolen).slice(0, wanted))
  const of = (rounds) => `at most ${percent(Math.max(...rounds.map(({ stolen }) => stolen)))}`
  const left = made.filter((round) => !counted.has(round))
  console.log(
    `  stolen by the host of this machine: ${of([...counted])} of a round` +
      (left.length > 0 ? `; ${left.length} more rounds are left out, from them ${of(left)}` : ''),
  )
  return made.filter((round) => counted.has(round))
}
