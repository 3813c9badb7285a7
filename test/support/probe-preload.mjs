// Loaded into a server under test by NODE_OPTIONS=--import: at SIGUSR2 it collects garbage and writes what is left to
// the file named in PHONEBOOT_TEST_PROBE_FILE. With PHONEBOOT_TEST_PROBE_LOOP also how long the event loop was held up since
// it was asked before.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const file = process.env.PHONEBOOT_TEST_PROBE_FILE
let count = 0
const loop = process.env.PHONEBOOT_TEST_PROBE_LOOP ? monitorEventLoopDelay({ resolution: 2 }) : undefined
loop?.enable()

function look() {
  const held = loop && { p99: loop.percentile(99) / 1e6, longest: loop.max / 1e6 }
  collect()
  collect()
  const resources = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  count += 1
  writeFileSync(`${file}.part`, JSON.stringify({ count, ...process.memoryUsage(), resources, held }))
  renameSync(`${file}.part`, file)
  // What the collections just held up is nobody's fault but ours; it counts when the loop goes round again.
  if (loop) setTimeout(() => loop.reset(), 10)
}

if (file) process.on('SIGUSR2', look)
