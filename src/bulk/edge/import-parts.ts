import type { Knex } from 'knex'
import { orUnusable } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'

/** What is kept of an import in pieces: what became of each row, and what undoing takes. */
export type PartKind = 'result' | 'undo'

export async function writePart(
  trx: Knex.Transaction,
  id: Id,
  kind: PartKind,
  part: number,
  content: readonly unknown[],
): Promise<void> {
  await trx('import_parts').insert({ job_id: id, kind, part, content: JSON.stringify(content) })
}

/** The pieces in order, one at a time: all of a large import at once would hold others up. */
export async function* partsOf<T>(db: Knex, id: Id, kind: PartKind): AsyncGenerator<T[], void> {
  for (let part = 1; ; part += 1) {
    const found = db('import_parts').where({ job_id: id, kind, part }).first('content')
    const row = (await orUnusable(Promise.resolve(found))) as { content: string } | undefined
    if (!row) return
    yield JSON.parse(row.content) as T[]
  }
}
