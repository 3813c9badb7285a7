import { setFlagsFromString } from 'node:v8'

/**
 * How full the new space is, in percent, when V8 empties it between two pieces of work (`--minor-gc-task-trigger`): 80 by
 * default. What a snapshot is made of all survives, so that emptying takes as long as there is much of it: 10 to 20 ms for
 * nearly all of it, 3 for a fifth, and no more CPU in all.
 */
const FILLED = { usually: 80, early: 20 }

/** Does work whose results stay in memory, with many short collections of garbage instead of few long ones. */
export async function withShortCollections<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString(`--minor-gc-task-trigger=${FILLED.early}`)
  try {
    return await work()
  } finally {
    setFlagsFromString(`--minor-gc-task-trigger=${FILLED.usually}`)
  }
}
