/**
 * How the cost of `run` grows when its input is four times as large: 4 for linear work, 16 for quadratic. Both are
 * measured in the same run, the fastest of many tries each, so that a busy machine does not matter.
 */
export function growth<T>(make: (size: number) => T, run: (input: T) => void, size: number): number {
  const [small, large] = [make(size), make(4 * size)]
  let [fastestSmall, fastestLarge] = [Infinity, Infinity]
  for (let attempt = 0; attempt < 25; attempt += 1) {
    fastestSmall = Math.min(
      fastestSmall,
      microsOf(() => run(small)),
    )
    fastestLarge = Math.min(
      fastestLarge,
      microsOf(() => run(large)),
    )
  }
  // Below some microseconds only the clock is measured.
  return fastestLarge / Math.max(fastestSmall, 10)
}

function microsOf(run: () => void): number {
  const startedAt = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - startedAt) / 1_000
}
