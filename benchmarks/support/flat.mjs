// Does a figure stay where it is while the same work goes on? Pure.
import { median } from './rounds.mjs'

/**
 * What a figure grew by from the first sample to the last, after the line that half of all pairs of samples rise more
 * steeply than (Theil and Sen): single peaks do not bend it. `samples`: `[seconds, value]`.
 */
export function growthOf(samples) {
  const slopes = samples.flatMap(([from, before], n) =>
    samples.slice(n + 1).map(([to, after]) => (after - before) / (to - from)),
  )
  const [first] = samples.at(0)
  const [last] = samples.at(-1)
  return median(slopes) * (last - first)
}

/** `allowed`: a share of the median, and at least an amount, in the figure's own unit. */
export function isFlat(samples, { share, least }) {
  const level = median(samples.map(([, value]) => value))
  const growth = growthOf(samples)
  const bound = Math.max(least, share * level)
  return { level, growth, bound, flat: growth <= bound }
}
