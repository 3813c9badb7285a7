import type { Knex } from 'knex'
import { chunks, insertInChunks } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { Image } from './before-images.js'

export type Unnumbered = Extract<Image, { kind: 'unnumbered' }>

const TABLE = 'people_without_number'

/** People without a number who were changed, removed or given one after an import; in words. */
export async function changedUnnumbered(trx: Knex.Transaction, images: readonly Unnumbered[]): Promise<string[]> {
  const found: string[] = []
  for (const some of chunks(images)) {
    const rows: { id: Id; revision: number }[] = await trx(TABLE).whereIn('id', some.map(idOf)).select('id', 'revision')
    const revisions = new Map(rows.map(({ id, revision }) => [id, revision]))
    for (const { id, label, after } of some) {
      if ((revisions.get(id) ?? 0) !== after) found.push(`${label} (no number) was changed since, or given a number`)
    }
  }
  return found
}

export async function putBackUnnumbered(trx: Knex.Transaction, images: readonly Unnumbered[]): Promise<void> {
  for (const some of chunks(images)) {
    await trx(TABLE).whereIn('id', some.map(idOf)).delete()
    const rows = some.flatMap(({ before, after }) => (before ? [{ ...before, revision: after + 1 }] : []))
    await insertInChunks(trx, TABLE, rows)
  }
}

function idOf({ id }: Unnumbered): Id {
  return id
}
