import type { Knex } from 'knex'

/** True when the database holds anything that was sealed: then the key file must be there. */
export async function sealedRowsExist(db: Knex): Promise<boolean> {
  for (const table of ['extensions', 'devices', 'removed_extensions']) {
    if ((await db(table).first('id')) !== undefined) return true
  }
  if ((await db('admin_users').whereNotNull('sealed_totp').first('id')) !== undefined) return true
  if ((await db('webhooks').first('id')) !== undefined) return true
  return (await db('setting_values').where('value', 'like', '%"v1.%').first('key')) !== undefined
}
