import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { calmRounds, watchStolen } from './calm.mjs'
import { OPTIONS } from './options.mjs'
import { cpuSeconds } from './processes.mjs'

const HISTORY = join(import.meta.dirname, '..', 'history.csv')

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}

const shown = (value) => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3))

export function spread(values) {
  return `${shown(median(values))} (${shown(Math.min(...values))}-${shown(Math.max(...values))})`
}

/**
 * Loads the sides in turn, A B A B. A side is `{ name, pid, load }`; `load` resolves to `{ done, seconds, ... }`.
 * Prints rate and CPU time per piece of work, and the first side's ratio to each other one, pair by pair.
 */
export async function alternate(question, sides, rounds = OPTIONS.rounds) {
  heading(question)
  const counted = await calmRounds(rounds, async () => {
    const round = { stolen: 0, rows: [] }
    for (const { pid, load } of sides) {
      const [stolen, before] = [watchStolen(), cpuSeconds(pid)]
      const result = await load()
      const micros = ((cpuSeconds(pid) - before) / result.done) * 1e6
      round.rows.push({ ...result, rate: result.done / result.seconds, micros })
      round.stolen = Math.max(round.stolen, stolen())
    }
    return round
  })
  report(question, new Map(sides.map(({ name }, side) => [name, counted.map(({ rows }) => rows[side])])))
}

/** Question, machine, load, date and command: what figures are worth nothing without. */
export function heading(question) {
  console.log(
    `\n${question}: ${cpus()[0].model.trim()}, nproc ${availableParallelism()}, load ${loadavg()[0].toFixed(1)}`,
  )
  console.log(`${new Date().toISOString().slice(0, 16)}  npm run bench -- ${process.argv.slice(2).join(' ')}`)
}

function report(question, results) {
  const [[own, ours], ...peers] = results
  for (const [name, rows] of results) {
    const more = Object.keys(rows[0]).filter((key) => !['done', 'seconds', 'rate', 'micros'].includes(key))
    const extra = more.map((key) => `, ${key} ${spread(rows.map((row) => row[key]))}`).join('')
    console.log(
      `  ${name}: ${spread(rows.map(({ rate }) => rate))} a second, ` +
        `CPU ${spread(rows.map(({ micros }) => micros))} us each${extra}`,
    )
  }
  for (const [name, rows] of peers) {
    const ratios = rows.map(({ rate }, round) => ours[round].rate / rate)
    const cpu = rows.map(({ micros }, round) => micros / ours[round].micros)
    console.log(`  ${own} : ${name} = ${spread(ratios)}; work per CPU second ${spread(cpu)}`)
    remember(
      [question, name, ours.length, median(ours.map(({ rate }) => rate)), median(rows.map(({ rate }) => rate))],
      [ratios, cpu],
    )
  }
}

/**
 * One line for each comparison, so that later ones can be set beside it: rate of ours and of the peer, ratios of the
 * rates and of the work per CPU second, pair by pair.
 */
export function remember([question, peer, rounds, rate, peerRate], [ratios, cpu]) {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname })
    .toString()
    .trim()
  const ranges = [ratios, cpu].flatMap((values) => [median(values), Math.min(...values), Math.max(...values)])
  const machine = `${cpus()[0].model.trim()} x${availableParallelism()}`
  const figures = [Math.round(rate), Math.round(peerRate), ...ranges.map((value) => value.toFixed(3))]
  const row = [new Date().toISOString().slice(0, 16), commit, machine, question, peer, rounds, ...figures]
  appendFileSync(HISTORY, `${row.join(',')}\n`)
}
