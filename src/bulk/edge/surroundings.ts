import type { Knex } from 'knex'
import type { Author, Change } from '../../database/change.js'
import { toGroupKey, type GroupKeyRow } from '../../database/edge/key-rows.js'
import { chunks, eachAs, insertInChunks, orUnusable, recordChanges } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { createKnexUnnumberedStore, unnumberedRow, type UnnumberedRow } from '../../extensions/edge/knex-unnumbered.js'
import { revisionConflict } from '../../extensions/edge/knex-store.js'
import type { UnnumberedPerson } from '../../extensions/unnumbered.js'
import { isRoleName, ROLE_NAMES } from '../../accounts/permissions.js'
import type { BulkPlan, RememberedAnswer } from '../apply.js'
import type { Existing } from '../plan-parts.js'
import { answerKey, type KnownGroup } from '../value-questions.js'

/** People without a number, groups, roles, and what was said of values before: what a file may mean in this site. */
export async function readSurroundings(db: Knex, siteId: Id): Promise<Pick<Existing, 'unnumbered' | 'places'>> {
  const read = <T>(query: Knex.QueryBuilder): Promise<T[]> => orUnusable(Promise.resolve(query as Promise<T[]>))
  const [site] = await read<{ slug: string; name: string }>(db('sites').where({ id: siteId }).select('slug', 'name'))
  const groups = await read<Omit<KnownGroup, 'keys'>>(
    db('device_groups').where({ site_id: siteId }).orderBy('name').select('id', 'name', 'revision'),
  )
  const keys = (await read<GroupKeyRow>(db('group_keys').where({ site_id: siteId }).orderBy('position'))).map(
    toGroupKey,
  )
  const custom = await read<{ name: string }>(
    db('admin_roles').whereIn('site_id', [siteId, '']).orderBy('name').select('name'),
  )
  const answers = await read<RememberedAnswer>(
    db('import_answers').where({ site_id: siteId }).select('kind', 'value', 'answer'),
  )
  return {
    unnumbered: await createKnexUnnumberedStore(db).list(siteId),
    places: {
      site: site ?? { slug: '', name: '' },
      groups: groups.map((group) => ({ ...group, keys: keys.filter(({ owner }) => owner.id === group.id) })),
      roles: [
        ...ROLE_NAMES.filter((name) => name !== 'owner'),
        ...custom.map(({ name }) => name).filter((name) => !isRoleName(name)),
      ],
      remembered: new Map(answers.map((one) => [answerKey(one), one.answer])),
    },
  }
}

/** Throws REVISION_CONFLICT when one of them was changed, or given a number, since the plan was made. */
export async function writeUnnumbered(
  trx: Knex.Transaction,
  { putUnnumbered = [], takeUnnumbered = [] }: BulkPlan,
  author: Author,
): Promise<void> {
  const table = 'people_without_number'
  const row = (person: UnnumberedPerson): UnnumberedRow =>
    unnumberedRow({ ...person, createdBy: person.createdBy || author.actor, revision: person.revision + 1 })
  await insertInChunks(trx, table, eachAs(putUnnumbered.filter(isNew), row))
  for (const person of putUnnumbered) {
    if (isNew(person)) continue
    const { id, revision, displayName } = person
    if ((await trx(table).where({ id, revision }).update(row(person))) !== 1) throw revisionConflict(displayName)
  }
  for (const { id, revision, displayName } of takeUnnumbered) {
    if ((await trx(table).where({ id, revision }).delete()) !== 1) throw revisionConflict(displayName)
  }
  const change = (verb: string, { id, siteId, displayName: name }: UnnumberedPerson): Change => ({
    author,
    action: `unnumbered.${verb}`,
    entity: 'extension',
    entityId: id,
    siteId,
    after: { name },
    feed: [],
  })
  await recordChanges(trx, [
    ...putUnnumbered.map((person) => change(isNew(person) ? 'add' : 'update', person)),
    ...takeUnnumbered.map((person) => change('number', person)),
  ])
}

function isNew({ revision }: UnnumberedPerson): boolean {
  return revision === 0
}

export async function writeAnswers(
  trx: Knex.Transaction,
  siteId: Id,
  answers: readonly RememberedAnswer[],
  at: Millis,
): Promise<void> {
  const rows = new Map(
    answers.map((one) => [
      answerKey(one),
      { site_id: siteId, kind: one.kind, value: one.value, answer: one.answer, updated_at: at },
    ]),
  )
  for (const some of chunks(rows.values())) {
    await trx('import_answers').insert(some).onConflict(['site_id', 'kind', 'value']).merge(['answer', 'updated_at'])
  }
}
