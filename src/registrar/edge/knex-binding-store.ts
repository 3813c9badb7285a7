import type { Knex } from 'knex'
import type { Millis } from '../../domain/clock.js'
import type { Binding } from '../../domain/entities.js'
import type { BindingChange, BindingStore } from '../store.js'

const TABLE = 'bindings'
/** Rows per statement: 17 columns stay far below SQLite's 32,766 parameters. */
const CHUNK = 250

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

function toRow(binding: Binding): Row {
  return {
    aor: binding.aor,
    binding_key: binding.bindingKey,
    extension_id: binding.extensionId,
    contact_uri: binding.contactUri,
    contact_params: binding.contactParams ?? null,
    received: binding.received,
    transport: binding.transport,
    path: JSON.stringify(binding.path),
    q: binding.q,
    call_id: binding.callId,
    cseq: binding.cseq,
    expires_at: binding.expiresAt,
    registered_at: binding.registeredAt,
    user_agent: binding.userAgent ?? null,
    line_id: binding.lineId ?? null,
  }
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

function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = []
  for (let i = 0; i < items.length; i += CHUNK) parts.push(items.slice(i, i + CHUNK))
  return parts
}

/** The last word on each binding: a row may stand only once in a statement. */
function finalChanges(changes: readonly BindingChange[]): BindingChange[] {
  const last = new Map<string, BindingChange>()
  for (const change of changes) last.set(`${change.binding.aor}\n${change.binding.bindingKey}`, change)
  return [...last.values()]
}

/** Bindings in the `bindings` table of the live database, SQLite or PostgreSQL. Times are epoch milliseconds. */
export class KnexBindingStore implements BindingStore {
  constructor(private readonly db: Knex) {}

  async load(now: Millis): Promise<Binding[]> {
    const rows = await this.db<Row>(TABLE).where('expires_at', '>', now).orderBy(['aor', 'registered_at'])
    return rows.map(fromRow)
  }

  async commit(changes: readonly BindingChange[]): Promise<void> {
    const final = finalChanges(changes)
    const saves = final.filter((change) => change.kind === 'save').map(({ binding }) => toRow(binding))
    const removals = final.filter((change) => change.kind === 'remove').map(({ binding }) => binding)
    await this.db.transaction(async (trx) => {
      for (const part of chunks(removals)) {
        const keys = part.map((binding) => [binding.aor, binding.bindingKey])
        await trx<Row>(TABLE).whereIn(['aor', 'binding_key'], keys).delete()
      }
      for (const part of chunks(saves)) {
        await trx<Row>(TABLE).insert(part).onConflict(['aor', 'binding_key']).merge()
      }
    })
  }

  async removeExpired(now: Millis, limit: number): Promise<number> {
    const some = this.db<Row>(TABLE).select('aor', 'binding_key').where('expires_at', '<=', now).limit(limit)
    // The time is asked again: on PostgreSQL a refresh may come between the two.
    return this.db<Row>(TABLE).whereIn(['aor', 'binding_key'], some).where('expires_at', '<=', now).delete()
  }
}
