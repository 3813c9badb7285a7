import type { Knex } from 'knex'
import { repeated } from '../../database/edge/statement.js'
import { isPostgres } from '../../database/edge/write.js'
import type { Millis } from '../../domain/clock.js'
import type { Binding } from '../../domain/entities.js'
import type { BindingChange, BindingStore } from '../store.js'

interface Row {
  aor: string
  binding_key: string
  extension_id: string
  contact_uri: string
  contact_params: string | null
  received: string
  transport: string
  path: string
  q: number
  call_id: string
  /** PostgreSQL gives bigint as text. */
  cseq: number | string
  expires_at: number | string
  registered_at: number | string
  user_agent: string | null
  line_id: string | null
}

/** Columns with their PostgreSQL types, in the order of `toValues`. */
const COLUMNS = {
  ...{ aor: 'text', binding_key: 'text', extension_id: 'text', contact_uri: 'text', contact_params: 'text' },
  ...{ received: 'text', transport: 'text', path: 'text', q: 'integer', call_id: 'text', cseq: 'bigint' },
  ...{ expires_at: 'bigint', registered_at: 'bigint', user_agent: 'text', line_id: 'text' },
} as const satisfies Record<keyof Row, string>

function toValues(binding: Binding): (string | number | null)[] {
  const { aor, bindingKey, extensionId, contactUri, contactParams, received, transport, path } = binding
  const { q, callId, cseq, expiresAt, registeredAt, userAgent, lineId } = binding
  return [
    ...[aor, bindingKey, extensionId, contactUri, contactParams ?? null, received, transport],
    ...[path.length === 0 ? '[]' : JSON.stringify(path), q, callId, cseq, expiresAt, registeredAt],
    ...[userAgent ?? null, lineId ?? null],
  ]
}

function fromRow(row: Row): Binding {
  return {
    aor: row.aor,
    bindingKey: row.binding_key,
    extensionId: row.extension_id,
    contactUri: row.contact_uri,
    received: row.received,
    transport: row.transport as Binding['transport'],
    path: JSON.parse(row.path) as string[],
    q: row.q,
    callId: row.call_id,
    cseq: Number(row.cseq),
    expiresAt: Number(row.expires_at),
    registeredAt: Number(row.registered_at),
    ...(row.contact_params === null ? {} : { contactParams: row.contact_params }),
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
    ...(row.line_id === null ? {} : { lineId: row.line_id }),
  }
}

/** The last word on each binding: a row may stand only once in a statement. */
function finalChanges(changes: readonly BindingChange[]): Iterable<BindingChange> {
  if (changes.length === 1) return changes
  const last = new Map<string, BindingChange>()
  for (const change of changes) last.set(`${change.binding.aor}\n${change.binding.bindingKey}`, change)
  return last.values()
}

/** Statements whose one parameter is a JSON array of arrays, a row each: however many rows, one text to bind. */
function statements(postgres: boolean): { save: string; remove: string; removeExpired: string } {
  const rows = postgres ? 'jsonb_array_elements(?::jsonb) as given(value)' : 'json_each(?) as given'
  const value = (index: number, type: string): string =>
    postgres ? `(given.value ->> ${index})::${type}` : `given.value ->> ${index}`
  const columns = Object.keys(COLUMNS)
  const values = Object.values(COLUMNS).map((type, index) => value(index, type))
  const updates = columns.slice(2).map((column) => `${column} = excluded.${column}`)
  const key = `${value(0, 'text')} = bindings.aor and ${value(1, 'text')} = bindings.binding_key`
  const pairs = `(aor, binding_key) in (select ${value(0, 'text')}, ${value(1, 'text')} from ${rows})`
  return {
    save:
      `insert into bindings (${columns.join(', ')}) select ${values.join(', ')} from ${rows} where true ` +
      `on conflict (aor, binding_key) do update set ${updates.join(', ')}`,
    remove: `delete from bindings where ${pairs}`,
    removeExpired: postgres
      ? `delete from bindings using ${rows} where ${key} and expires_at <= ${value(2, 'bigint')}`
      : 'delete from bindings where rowid in (select bindings.rowid from json_each(?) as given ' +
        `cross join bindings on ${key} where bindings.expires_at <= ${value(2, 'bigint')})`,
  }
}

/** Bindings in the `bindings` table of the live database, SQLite or PostgreSQL. Times are epoch milliseconds. */
export class KnexBindingStore implements BindingStore {
  readonly #sql: ReturnType<typeof statements>
  readonly #save: (rows: string) => Promise<void>

  constructor(private readonly db: Knex) {
    this.#sql = statements(isPostgres(db))
    this.#save = repeated(db, this.#sql.save)
  }

  /** @param validAt leaves out those that have expired at that time; default: none */
  async load(validAt: Millis = 0): Promise<Binding[]> {
    const rows: Row[] = await this.db('bindings').where('expires_at', '>', validAt).orderBy(['aor', 'registered_at'])
    return rows.map(fromRow)
  }

  async commit(changes: readonly BindingChange[]): Promise<void> {
    const saves: (string | number | null)[][] = []
    const removals: string[][] = []
    for (const { kind, binding } of finalChanges(changes)) {
      if (kind === 'save') saves.push(toValues(binding))
      else removals.push([binding.aor, binding.bindingKey])
    }
    // One statement is a transaction by itself.
    if (removals.length === 0) await this.#save(JSON.stringify(saves))
    else if (saves.length === 0) await this.#run(this.db, this.#sql.remove, removals)
    else {
      await this.db.transaction(async (trx) => {
        await this.#run(trx, this.#sql.remove, removals)
        await this.#run(trx, this.#sql.save, saves)
      })
    }
  }

  async removeExpired(bindings: readonly Binding[]): Promise<void> {
    const rows = bindings.map(({ aor, bindingKey, expiresAt }) => [aor, bindingKey, expiresAt])
    await this.#run(this.db, this.#sql.removeExpired, rows)
  }

  async #run(db: Knex, sql: string, rows: readonly unknown[]): Promise<void> {
    if (rows.length > 0) await db.raw(sql, [JSON.stringify(rows)])
  }
}
