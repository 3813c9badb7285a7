import { steadyClock, systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import type { Installation } from '../installation.js'
import { collectGarbage } from '../rehearsal/edge/collector.js'
import { optimise } from '../rehearsal/edge/optimiser.js'
import { Rehearsal } from '../rehearsal/rehearsal.js'
import type { SnapshotFeed } from '../snapshot/edge/snapshot-feed.js'

/** Fewer phones than that are no crowd. */
const FEWEST_PHONES = 50
/** Models on the stage: the most frequent ones. */
const MOST_MODELS = 8

/** The rehearsal of this server; it begins when it is run. */
export function prepareRehearsal(installation: Installation, { snapshot }: SnapshotFeed): Rehearsal {
  return new Rehearsal({
    clock: steadyClock,
    cpuMs: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    },
    open: async () => {
      if (snapshot.counts().devices < FEWEST_PHONES) return undefined
      const { catalog, vocabulary, zones, render } = installation
      const counts = new Map<string, number>()
      for (const { model } of snapshot.allDevices()) counts.set(model, (counts.get(model) ?? 0) + 1)
      const models = [...counts]
        .sort(([, one], [, other]) => other - one)
        .flatMap(([model]) => catalog.model(model) ?? [])
        .slice(0, MOST_MODELS)
      if (models.length === 0) return undefined
      const { openStage } = await import('../rehearsal/edge/stage.js')
      return openStage({
        ...{ catalog, vocabulary, zones, render, models },
        ...{ clock: systemClock, steadyClock, random: systemRandom },
      })
    },
    optimise,
    collectGarbage,
    log: installation.log,
  })
}
