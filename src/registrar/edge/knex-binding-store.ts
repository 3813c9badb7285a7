import type { Knex } from 'knex'
import { repeated } from '../../database/edge/statement.js'
import type { Millis } from '../../domain/clock.js'
import type { Binding } from '../../domain/entities.js'
import { type Log, SILENT_LOG } from '../../observe/log.js'
import { changesEntry, expiredEntry, isWorthFolding, JournalReplay } from '../journal.js'
import type { BindingChange, BindingStore } from '../store.js'

interface Row {
  readonly generation: number
  readonly id: number
  readonly entry: string
}

const BEFORE_ALL = { generation: 0, id: 0 }

const INSERT = 'insert into binding_journal (generation, entry) values (?, ?)'
/** PostgreSQL's largest integer. */
const LAST_GENERATION = 2 ** 31 - 1
/** Rows read in one go: each may hold as much as a commit does. */
const ROWS_AT_ONCE = 50

/**
 * Bindings as a journal in the live database, SQLite or PostgreSQL (decision 20): a commit adds one row, however many
 * bindings it changes. Once in a while the journal is folded, beside the commits: what it comes to is written as a generation
 * of its own, between the rows it was made of and those that were added meanwhile, and the former go. Rows are read by
 * generation, then in order, so a fold that was cut off changes nothing.
 *
 * Only one store of a database may commit; others may load. Times are epoch milliseconds.
 */
export class KnexBindingStore implements BindingStore {
  readonly #insert: (values: readonly (string | number)[]) => Promise<void>
  /** Rows are added to it. */
  #generation = 1
  #words = 0
  #wordsFolded = 0
  #writing = 0
  #folding: Promise<void> | undefined

  constructor(
    private readonly db: Knex,
    private readonly log: Log = SILENT_LOG,
  ) {
    this.#insert = repeated(db, INSERT)
  }

  /** @param validAt leaves out those that have expired at that time; default: none */
  async load(validAt: Millis = 0): Promise<Binding[]> {
    const replay = new JournalReplay()
    const { words, newest } = await this.#replay(replay)
    this.#words = words
    this.#wordsFolded = replay.size
    this.#generation = newest || 1
    return replay.bindings().filter(({ expiresAt }) => expiresAt > validAt)
  }

  commit(changes: readonly BindingChange[]): Promise<void> {
    return this.#add(changesEntry(changes), changes.length)
  }

  removeExpired(bindings: readonly Binding[]): Promise<void> {
    return bindings.length === 0 ? Promise.resolve() : this.#add(expiredEntry(bindings), bindings.length)
  }

  /** Resolves when no fold is under way. */
  async settled(): Promise<void> {
    await this.#folding
  }

  async #add(entry: string, words: number): Promise<void> {
    this.#writing += 1
    try {
      await this.#insert([this.#generation, entry])
      this.#words += words
    } finally {
      this.#writing -= 1
    }
    // Not while a row of the generation to be folded is on its way: it would be deleted unread.
    if (this.#writing > 0 || this.#folding || !isWorthFolding(this.#words, this.#wordsFolded)) return
    const old = this.#generation
    this.#generation += 2
    this.#folding = this.#fold(old)
      .catch((error: unknown) => {
        this.log.warn({ err: error }, 'the journal of registrations stays long for now; nothing of it is lost')
      })
      .finally(() => (this.#folding = undefined))
  }

  /** Writes what the generations up to this one come to as the next one, and removes them. */
  async #fold(old: number): Promise<void> {
    this.#words = 0
    const replay = new JournalReplay()
    await this.#replay(replay, old)
    for (const entry of replay.entries()) await this.#insert([old + 1, entry])
    this.#wordsFolded = replay.size
    this.#words += replay.size
    await this.db('binding_journal').where('generation', '<=', old).delete()
  }

  /** Row by row, so that phones are answered meanwhile; tells how many words there are, and the newest generation (0: none). */
  async #replay(replay: JournalReplay, upTo = LAST_GENERATION): Promise<{ words: number; newest: number }> {
    let words = 0
    let last: Omit<Row, 'entry'> = BEFORE_ALL
    for (;;) {
      const { generation, id } = last
      const rows = (await this.db('binding_journal')
        .where('generation', '<=', upTo)
        .whereRaw('(generation, id) > (?, ?)', [generation, id])
        .orderBy(['generation', 'id'])
        .limit(ROWS_AT_ONCE)
        .select('generation', 'id', 'entry')) as Row[]
      for (const { entry } of rows) {
        words += replay.add(entry)
        await new Promise((resolve) => setImmediate(resolve))
      }
      const end = rows.at(-1)
      if (!end) return { words, newest: last.generation }
      last = end
    }
  }
}
