import { setFlagsFromString } from 'node:v8'

/**
 * How much a function runs before V8 optimises it (`--interrupt-budget`): by default 132 KB of its byte code, twice that from
 * the start on (phoneboot.ts, decision 21), and less than a third of it while nobody waits.
 */
const BUDGET = { early: 40_000, late: 270_000 }

export function optimise(when: keyof typeof BUDGET): void {
  setFlagsFromString(`--interrupt-budget=${BUDGET[when]}`)
}
