// Processor time of a server's threads, and how long they waited for a processor (schedstat): steadier than the clock on a busy machine.
import { readdirSync, readFileSync } from 'node:fs'

const LOOK_MS = 100
const NANOSECONDS = 1e9

/** What a thread (its folder below /proc) has run, and waited for a processor, in nanoseconds. */
export function schedstat(folder) {
  const [ran, waited] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ').map(Number)
  return { ran, waited }
}

/** What thread it is: imports are worked on with a lower priority (`src/server/import-thread.ts`). */
function kindOf(pid, id) {
  if (id === String(pid)) return 'answering'
  const fields = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ')
  return Number(fields[16]) > 0 ? 'imports' : 'others'
}

/** Begins to watch: `lap()` gives `{ answering, imports, others }`, each `{ ran, waited }` in seconds since the lap before. */
export function watchThreads(pid) {
  const seen = new Map()
  const look = () => {
    for (const id of readdirSync(`/proc/${pid}/task`)) {
      try {
        seen.set(id, { kind: kindOf(pid, id), ...schedstat(`/proc/${pid}/task/${id}`) })
      } catch {
        // It has just ended: what it had run a moment ago is known.
      }
    }
  }
  const sums = () => {
    look()
    const all = { answering: { ran: 0, waited: 0 }, imports: { ran: 0, waited: 0 }, others: { ran: 0, waited: 0 } }
    for (const { kind, ran, waited } of seen.values()) {
      all[kind].ran += ran / NANOSECONDS
      all[kind].waited += waited / NANOSECONDS
    }
    return all
  }
  const timer = setInterval(look, LOOK_MS)
  let before = sums()
  return {
    lap() {
      const now = sums()
      const since = (kind) => ({
        ran: now[kind].ran - before[kind].ran,
        waited: now[kind].waited - before[kind].waited,
      })
      const lap = { answering: since('answering'), imports: since('imports'), others: since('others') }
      before = now
      return lap
    },
    stop: () => clearInterval(timer),
  }
}
