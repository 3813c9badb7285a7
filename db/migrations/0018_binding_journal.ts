import type { Knex } from 'knex'
import type { SchemaStep } from './migration.js'

/** A binding as it stood in a row; times and counts may come as text. */
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
  cseq: number | string
  expires_at: number | string
  registered_at: number | string
  user_agent: string | null
  line_id: string | null
}

const BINDINGS_PER_ENTRY = 500

/** Undefined fields are left out by JSON.stringify. */
function toBinding(row: Row): object {
  return {
    aor: row.aor,
    bindingKey: row.binding_key,
    extensionId: row.extension_id,
    contactUri: row.contact_uri,
    contactParams: row.contact_params ?? undefined,
    received: row.received,
    transport: row.transport,
    path: JSON.parse(row.path) as unknown,
    q: row.q,
    callId: row.call_id,
    cseq: Number(row.cseq),
    expiresAt: Number(row.expires_at),
    registeredAt: Number(row.registered_at),
    userAgent: row.user_agent ?? undefined,
    lineId: row.line_id ?? undefined,
  }
}

async function moveBindings(db: Knex): Promise<void> {
  const rows = (await db('bindings').orderBy(['aor', 'binding_key'])) as Row[]
  for (let from = 0; from < rows.length; from += BINDINGS_PER_ENTRY) {
    const saved = rows.slice(from, from + BINDINGS_PER_ENTRY).map(toBinding)
    await db('binding_journal').insert({ generation: 1, entry: JSON.stringify({ saved }) })
  }
}

/** Registrations become a journal: a commit adds one row instead of changing one for each binding (decision 20). */
export const bindingJournal: SchemaStep = {
  name: '0018_binding_journal',
  database: 'live',
  async up(db) {
    await db.schema.createTable('binding_journal', (table) => {
      table.bigIncrements('id')
      table.integer('generation').notNullable()
      table.text('entry').notNullable()
      table.index(['generation'])
    })
    await moveBindings(db)
    await db.schema.dropTable('bindings')
  },
}
