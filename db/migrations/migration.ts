import type { Knex } from 'knex'

/** One step of the schema. Never edited once released: a later step changes what an earlier one made. */
export interface SchemaStep {
  /** `NNNN_name`, without extension, so that it is the same from src and from dist. */
  readonly name: string
  /** On SQLite the two are files of their own; on PostgreSQL both are the one database. */
  readonly database: 'main' | 'live'
  up(db: Knex): Promise<void>
}
