import type { Knex } from 'knex'
import { layerTopic, type FeedTopic } from '../../database/change.js'
import type { Extension, Id, Layer } from '../../domain/entities.js'
import { KINDS_THAT_DIAL } from '../key-kinds.js'
import { FORWARDS } from '../removed.js'
import type { ExtensionUses } from '../store.js'

interface KeyPlace {
  extension_id: Id | null
  device_id: Id | null
  position: number
}

/** Keys of others, on people and phones, that dial or watch the number. */
export function keysThatDial(db: Knex, extension: Extension): Knex.QueryBuilder {
  return db('line_keys')
    .where({ site_id: extension.siteId, value: extension.number })
    .whereIn('kind', [...KINDS_THAT_DIAL])
    .whereRaw('(extension_id is null or extension_id <> ?)', [extension.id])
}

/** The same of groups. */
export function groupKeysThatDial(db: Knex, extension: Extension): Knex.QueryBuilder {
  return db('group_keys')
    .where({ site_id: extension.siteId, value: extension.number })
    .whereIn('kind', [...KINDS_THAT_DIAL])
}

/** Forwards of the site, its groups, people and phones to the number. */
export function forwardsTo(db: Knex, { id, siteId, number }: Extension): Knex.QueryBuilder {
  const names = FORWARDS.map((name) => `'${name}'`).join(',')
  const inSite = (table: string): Knex.QueryBuilder => db(table).where({ site_id: siteId }).select('id')
  return db('setting_values')
    .whereRaw(`key in (${names})`)
    .where({ value: JSON.stringify(number) })
    .whereNot({ owner: id })
    .where((any) => {
      void any
        .where({ layer: 'site', owner: siteId })
        .orWhere((one) => void one.where({ layer: 'extension' }).whereIn('owner', inSite('extensions')))
        .orWhere((one) => void one.where({ layer: 'device' }).whereIn('owner', inSite('devices')))
        .orWhere((one) => void one.where({ layer: 'group' }).whereIn('owner', inSite('device_groups')))
    })
}

export async function usesOf(db: Knex, extension: Extension): Promise<ExtensionUses> {
  const lines = (await db('lines')
    .join('devices', 'devices.id', 'lines.device_id')
    .where('lines.extension_id', extension.id)
    .orderBy(['devices.mac', 'lines.position'])
    .select('devices.mac', 'lines.position')) as ExtensionUses['lines']
  const keys = (await keysThatDial(db, extension)
    .orderBy('id')
    .select('extension_id', 'device_id', 'position')) as KeyPlace[]
  const ofGroups = (await groupKeysThatDial(db, extension).orderBy('id').select('group_id', 'position')) as {
    group_id: Id
    position: number
  }[]
  return {
    lines,
    keys: [
      ...keys.map(({ extension_id: extensionId, device_id: deviceId, position }) => ({
        ownerKind: extensionId === null ? ('device' as const) : ('extension' as const),
        ownerId: extensionId ?? deviceId ?? '',
        position,
      })),
      ...ofGroups.map(({ group_id: ownerId, position }) => ({ ownerKind: 'group' as const, ownerId, position })),
    ],
    forwards: (await forwardsTo(db, extension)
      .orderBy(['layer', 'owner', 'key'])
      .select('layer', 'owner', 'key')) as ExtensionUses['forwards'],
  }
}

/** Owners of what was changed, each once. */
export class Touched {
  readonly #devices = new Set<Id>()
  readonly #extensions = new Set<Id>()
  readonly #groups = new Set<Id>()
  readonly #layers = new Map<string, { layer: Layer; owner: string }>()

  device(id: Id): void {
    this.#devices.add(id)
  }

  async keys(of: Knex.QueryBuilder, ofGroups: Knex.QueryBuilder): Promise<void> {
    const keys = (await of.select('extension_id', 'device_id')) as KeyPlace[]
    for (const { extension_id: extensionId, device_id: deviceId } of keys) {
      if (deviceId !== null) this.#devices.add(deviceId)
      if (extensionId !== null) this.#extensions.add(extensionId)
    }
    for (const id of (await ofGroups.pluck('group_id')) as Id[]) this.#groups.add(id)
  }

  async forwards(of: Knex.QueryBuilder): Promise<void> {
    const found = (await of.select('layer', 'owner')) as { layer: Layer; owner: string }[]
    for (const one of found) this.layer(one)
  }

  layer(one: { layer: Layer; owner: string }): void {
    this.#layers.set(`${one.layer}:${one.owner}`, one)
  }

  group(id: Id): void {
    this.#groups.add(id)
  }

  person(id: Id): void {
    this.#extensions.add(id)
  }

  /** Lets their revisions grow. Returns what must be read again. */
  async grow(trx: Knex.Transaction, at: number): Promise<FeedTopic[]> {
    for (const id of this.#devices) await grow(trx, 'devices', id, at)
    for (const id of this.#extensions) await grow(trx, 'extensions', id, at)
    for (const id of this.#groups) await growGroup(trx, id, at)
    for (const { layer, owner } of this.#layers.values()) await growLayer(trx, layer, owner)
    return [
      ...[...this.#devices].map((key): FeedTopic => ({ topic: 'device', key })),
      ...[...this.#extensions].map((key): FeedTopic => ({ topic: 'extension', key })),
      ...[...this.#groups].map((id) => layerTopic('group', id)),
      ...[...this.#layers.values()].map(({ layer, owner }) => layerTopic(layer, owner)),
    ]
  }
}

async function grow(trx: Knex.Transaction, table: 'devices' | 'extensions', id: Id, at: number): Promise<void> {
  await trx(table).where({ id }).increment('revision', 1).update({ updated_at: at })
}

/** After a change of its keys: the revision of its layer is part of what its phones' files are known by. */
export async function growGroup(trx: Knex.Transaction, id: Id, at: number): Promise<void> {
  await trx('device_groups').where({ id }).increment('revision', 1).update({ updated_at: at })
  await growLayer(trx, 'group', id)
}

export async function growLayer(trx: Knex.Transaction, layer: Layer, owner: string): Promise<void> {
  const where = { layer, owner }
  await trx('layer_revisions')
    .insert({ ...where, revision: 0 })
    .onConflict(['layer', 'owner'])
    .ignore()
  await trx('layer_revisions').where(where).increment('revision', 1)
}
