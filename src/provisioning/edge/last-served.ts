import type { Knex } from 'knex'
import { orUnusable } from '../../database/edge/write.js'
import type { Mac } from '../../domain/mac-address.js'
import type { LastServed, ServedFiles } from '../changed.js'

/** Answers after which the phone has just the bytes of the digest. */
const GIVEN = ['served', 'not-modified', 'last-good', 'cleared']

interface Row {
  mac: string
  path: string
  sha256: string
  at: number
}

/** What phones got of each file the last time they asked, as far as the events go back; `mac`: of one phone. */
export async function readLastServed(db: Knex, mac?: Mac): Promise<ServedFiles> {
  const newest = db('provisioning_events')
    .max('id')
    .whereNotNull('mac')
    .whereNotNull('sha256')
    .whereIn('outcome', GIVEN)
    // A HEAD request gives no bytes.
    .where((given) => void given.where('bytes', '>', 0).orWhere('outcome', 'not-modified'))
    .groupBy('mac', 'path')
  if (mac !== undefined) void newest.where({ mac })
  const rows: Row[] = await orUnusable(
    Promise.resolve(
      db('provisioning_events').whereIn('id', newest).orderBy('id').select('mac', 'path', 'sha256', 'at'),
    ),
  )
  const served = new Map<Mac, Map<string, LastServed>>()
  for (const { mac: own, path, sha256, at } of rows) {
    const files = served.get(own as Mac) ?? new Map<string, LastServed>()
    served.set(own as Mac, files)
    // One file may have been asked for below several folders or tokens, and by TFTP.
    files.set(
      path
        .replace(/[?#].*$/s, '')
        .replace(/^.*[/\\]/s, '')
        .toLowerCase(),
      { sha256, at },
    )
  }
  return served
}
