import type { Knex } from 'knex'
import { chunks, insertInChunks } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import { growGroup } from '../../extensions/edge/knex-store.js'
import type { Image } from './before-images.js'

export type GroupImage = Extract<Image, { kind: 'group' }>

/** Groups that were changed or removed after an import, or are of use to somebody else by now; in words. Of settings that the
 * import itself wrote others tell (`told`). */
export async function changedGroups(
  trx: Knex.Transaction,
  images: readonly GroupImage[],
  told: ReadonlySet<Id>,
): Promise<string[]> {
  const found: string[] = []
  for (const { id, label, after, before } of images) {
    const [revision] = (await trx('device_groups').where({ id }).pluck('revision')) as number[]
    if (revision === undefined) found.push(`group ${label} was removed since`)
    else if (revision !== after) found.push(`group ${label} was changed since`)
    if (before || told.has(id)) continue
    const [setting] = (await trx('setting_values')
      .where({ layer: 'group', owner: id })
      .limit(1)
      .pluck('key')) as string[]
    if (setting !== undefined) found.push(`settings of group ${label} were changed since`)
  }
  return found
}

/** Groups that are gone, which people or phones were in before the import; in words. */
export async function lostGroups(
  trx: Knex.Transaction,
  members: readonly { who: string; groups: readonly Id[] }[],
): Promise<string[]> {
  const found: string[] = []
  for (const some of chunks(members)) {
    const wanted = [...new Set(some.flatMap(({ groups }) => groups))]
    const there = new Set((await trx('device_groups').whereIn('id', wanted).pluck('id')) as Id[])
    for (const { who, groups } of some) {
      if (groups.every((id) => there.has(id))) continue
      found.push(`a group that ${who} was in was removed since`)
    }
  }
  return found
}

/** Keys are put back; groups that the import made go. Returns those that somebody is in by now, in words. */
export async function putBackGroups(
  trx: Knex.Transaction,
  images: readonly GroupImage[],
  at: number,
): Promise<string[]> {
  const found: string[] = []
  for (const { id, label, before } of images) {
    await trx('group_keys').where({ group_id: id }).delete()
    if (before) await insertInChunks(trx, 'group_keys', before)
    await growGroup(trx, id, at)
    if (before) continue
    const [phone] = (await trx('devices').where({ group_id: id }).limit(1).pluck('mac')) as string[]
    const [person] = (await trx('extension_groups').where({ group_id: id }).limit(1).pluck('extension_id')) as Id[]
    if (phone === undefined && person === undefined) await trx('device_groups').where({ id }).delete()
    else found.push(`somebody or a phone is in the group ${label} since`)
  }
  return found
}
