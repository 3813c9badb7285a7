import type { Knex } from 'knex'
import { chunks, inWriteTransaction, orUnusable } from '../../database/edge/write.js'
import type { Id } from '../../domain/entities.js'
import type { ImportNote } from '../apply.js'
import type { ImportSummary } from '../report.js'
import type { ImportResult, ImportState, ImportStore, StoredImport } from '../store.js'
import { partsOf, writePart } from './import-parts.js'
import { undoImport } from './knex-undo.js'

const RESULTS_IN_PART = 500

interface JobRow {
  id: Id
  site_id: Id
  state: ImportState
  file_name: string | null
  profile: string | null
  actor: string
  started_at: number
  finished_at: number | null
  undone_at: number | null
  undone_by: string | null
  summary: string
  error: string | null
  runner: string
}

export function createKnexImportStore(db: Knex): ImportStore {
  return {
    begin: (job, before) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          await trx('import_jobs').where('started_at', '<', before).delete()
          await trx('import_jobs').insert(toRow(job))
        }),
      ),
    finish: (job) =>
      orUnusable(
        inWriteTransaction(db, async (trx) => {
          await trx('import_jobs').where({ id: job.id, state: 'running' }).update(toRow(job))
        }),
      ),
    byId: async (siteId, id) => {
      const row = (await orUnusable(Promise.resolve(db('import_jobs').where({ id, site_id: siteId }).first()))) as
        JobRow | undefined
      return row && fromRow(row)
    },
    list: async (siteId, limit) => {
      const newest = db('import_jobs').where({ site_id: siteId }).orderBy('started_at', 'desc').orderBy('id', 'desc')
      const rows = (await orUnusable(Promise.resolve(newest.limit(limit)))) as JobRow[]
      return rows.map(fromRow)
    },
    results: async (id) => {
      const results: ImportResult[] = []
      for await (const part of partsOf<ImportResult>(db, id, 'result')) results.push(...part)
      return results
    },
    undo: (job, by) => orUnusable(inWriteTransaction(db, (trx) => undoImport(trx, job, by))),
  }
}

/** Says, in the transaction of the import itself, that it is done, and what became of each row. */
export async function writeDone(trx: Knex.Transaction, { done, results }: ImportNote): Promise<void> {
  await trx('import_jobs').insert(toRow(done)).onConflict('id').merge()
  let part = 0
  for (const some of chunks(results, RESULTS_IN_PART)) {
    part += 1
    await writePart(trx, done.id, 'result', part, some)
  }
}

function toRow(job: StoredImport): JobRow {
  return {
    id: job.id,
    site_id: job.siteId,
    state: job.state,
    file_name: job.fileName ?? null,
    profile: job.profile ?? null,
    actor: job.actor,
    started_at: job.startedAt,
    finished_at: job.finishedAt ?? null,
    undone_at: job.undoneAt ?? null,
    undone_by: job.undoneBy ?? null,
    summary: JSON.stringify(job.summary),
    error: job.error ?? null,
    runner: job.runner,
  }
}

function fromRow(row: JobRow): StoredImport {
  return {
    id: row.id,
    siteId: row.site_id,
    state: row.state,
    ...(row.file_name === null ? {} : { fileName: row.file_name }),
    ...(row.profile === null ? {} : { profile: row.profile }),
    actor: row.actor,
    startedAt: Number(row.started_at),
    ...(row.finished_at === null ? {} : { finishedAt: Number(row.finished_at) }),
    ...(row.undone_at === null ? {} : { undoneAt: Number(row.undone_at) }),
    ...(row.undone_by === null ? {} : { undoneBy: row.undone_by }),
    summary: JSON.parse(row.summary) as ImportSummary,
    ...(row.error === null ? {} : { error: row.error }),
    runner: row.runner,
  }
}
