import type { Knex } from 'knex'
import type { Id } from '../../domain/entities.js'
import type { Image } from './before-images.js'

export type Unnumbered = Extract<Image, { kind: 'unnumbered' }>

const TABLE = 'people_without_number'

/** People without a number who were changed, removed or given one after an import; in words. */
export async function changedUnnumbered(trx: Knex.Transaction, images: readonly Unnumbered[]): Promise<string[]> {
  const found: string[] = []
  for (const { id, label, after } of images) {
    const row = (await trx(TABLE).where({ id }).first('revision')) as { id: Id; revision: number } | undefined
    if ((row?.revision ?? 0) !== after) found.push(`${label} (no number) was changed since, or given a number`)
  }
  return found
}

export async function putBackUnnumbered(trx: Knex.Transaction, images: readonly Unnumbered[]): Promise<void> {
  for (const { id, before, after } of images) {
    if (after > 0) await trx(TABLE).where({ id }).delete()
    if (before) await trx(TABLE).insert({ ...before, revision: after + 1 })
  }
}
