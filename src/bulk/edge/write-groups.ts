import type { Knex } from 'knex'
import { layerTopic, type Author, type Change } from '../../database/change.js'
import { groupKeyRow } from '../../database/edge/key-rows.js'
import { insertInChunks, isUniqueViolation, recordChanges } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import { growGroup, revisionConflict } from '../../extensions/edge/knex-store.js'
import { groupExists } from '../../groups/use-cases.js'
import type { GroupChange } from '../apply.js'
import { keysText } from '../plan-keys.js'

/** Throws REVISION_CONFLICT when one of them was changed since the plan was made, GROUP_EXISTS. */
export async function writeGroups(
  trx: Knex.Transaction,
  groups: readonly GroupChange[],
  author: Author,
): Promise<void> {
  for (const group of groups) {
    if (group.revision === 0) await insert(trx, group, author.at)
    await setKeys(trx, group, author.at)
  }
  await recordChanges(
    trx,
    groups.map((group) => changeOf(group, author)),
  )
}

async function insert(trx: Knex.Transaction, { id, siteId, name }: GroupChange, at: Millis): Promise<void> {
  try {
    await trx('device_groups').insert({ id, site_id: siteId, name, revision: 0, created_at: at, updated_at: at })
  } catch (error) {
    throw isUniqueViolation(error) ? groupExists(name) : error
  }
}

async function setKeys(trx: Knex.Transaction, group: GroupChange, at: Millis): Promise<void> {
  const { id, siteId, name, revision, keys } = group
  const [stored] = (await trx('device_groups').where({ id, revision }).pluck('id')) as string[]
  if (stored === undefined) throw revisionConflict(`group ${name}`)
  await trx('group_keys').where({ group_id: id }).delete()
  await insertInChunks(
    trx,
    'group_keys',
    keys.map((key) => groupKeyRow(key, siteId)),
  )
  await growGroup(trx, id, at)
}

function changeOf({ id, siteId, name, revision, keys }: GroupChange, author: Author): Change {
  return {
    author,
    action: revision === 0 ? 'group.add' : 'group.set-keys',
    entity: 'group',
    entityId: id,
    siteId,
    after: { name, ...(keys.length === 0 ? {} : { keys: keysText(keys) }) },
    feed: [layerTopic('group', id)],
  }
}
