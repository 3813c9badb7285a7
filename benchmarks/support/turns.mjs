import { readdirSync } from 'node:fs'
import { median, spread } from './rounds.mjs'
import { schedstat } from './threads.mjs'

/** CPU time of one thread in microseconds: Linux counts it by the nanosecond, the process's own by the hundredth of a second. */
const threadMicros = (folder) => schedstat(folder).ran / 1000

/** Of the thread that answers, and of all threads that live. */
function micros(pid) {
  const tasks = `/proc/${pid}/task`
  const all = readdirSync(tasks).reduce((sum, task) => sum + threadMicros(`${tasks}/${task}`), 0)
  return { main: threadMicros(`${tasks}/${pid}`), all }
}

/**
 * Loads the sides in many short turns, each turn beginning with another side; the first ones, while V8 makes its mind
 * up, do not count. A side is `{ name, pid, load }`; `load` resolves to `{ done, 'p50 ms' }`; `prepare`, if it has one, goes before and is not measured.
 * @returns by name: figures of each turn that counts
 */
export async function inTurns(sides, { warmUp, turns }) {
  const rows = new Map(sides.map(({ name }) => [name, []]))
  for (let turn = -warmUp; turn < turns; turn += 1) {
    for (let n = 0; n < sides.length; n += 1) {
      const { name, pid, prepare, load } = sides[(n + turn + warmUp) % sides.length]
      await prepare?.()
      const before = micros(pid)
      const { done, 'p50 ms': p50 } = await load()
      const after = micros(pid)
      const row = { main: (after.main - before.main) / done, all: (after.all - before.all) / done, p50 }
      if (turn >= 0) rows.get(name).push(row)
    }
  }
  return rows
}

/** What is told of the sides, and which of the figures differ by how much: compared turn by turn, so that whatever else is going on meets all of them. */
export function tellTurns(question, rows) {
  const [first] = rows.values()
  console.log(`\n${question}, ${first.length} turns`)
  for (const [name, own] of rows) {
    const of = (figure) => spread(own.map((row) => row[figure]))
    console.log(
      `  ${name}: CPU ${of('main')} us each on the thread that answers, ${of('all')} on all; p50 ${of('p50')} ms`,
    )
  }
  const ratios = (figure) =>
    [...rows.values()].map((own) => median(own.map((row, turn) => row[figure] / first[turn][figure])))
  return Object.fromEntries(
    ['main', 'all', 'p50'].map((figure) => {
      const found = ratios(figure)
      return [figure, Math.max(...found) / Math.min(...found)]
    }),
  )
}
