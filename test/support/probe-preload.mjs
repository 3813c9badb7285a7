// Loaded into a server under test by NODE_OPTIONS=--import: at SIGUSR2 it collects garbage and writes what is left to
// the file named in PHONEBOOT_TEST_PROBE_FILE.
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const file = process.env.PHONEBOOT_TEST_PROBE_FILE
let count = 0

function look() {
  collect()
  collect()
  const resources = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  count += 1
  writeFileSync(`${file}.part`, JSON.stringify({ count, ...process.memoryUsage(), resources }))
  renameSync(`${file}.part`, file)
}

if (file) process.on('SIGUSR2', look)
