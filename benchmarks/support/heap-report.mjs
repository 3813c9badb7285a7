// Loaded into the server before its own code (node --import): SIGUSR2 writes what is left in memory after a full
// garbage collection to the file that BENCH_HEAP_FILE names.
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', () => {
  collect()
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  const file = process.env.BENCH_HEAP_FILE
  writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external, rss }))
  renameSync(`${file}.new`, file)
})
