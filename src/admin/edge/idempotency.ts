import type { Knex } from 'knex'
import { inWriteTransaction, isUniqueViolation, orUnusable } from '../../database/edge/write.js'
import type { Clock } from '../../domain/clock.js'
import type { Id } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import type { Sealed } from '../../domain/secret.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'

/** How long an answer is kept for whoever asks again. */
const KEEP_MS = 24 * 3_600_000
/** A request that began and never ended was cut off by the end of the server. */
const ABANDONED_MS = 5 * 60_000
const KEY = /^[\x21-\x7e]{1,128}$/

/** An answer that is given again. */
export interface KeptAnswer {
  status: number
  /** JSON. */
  text: string
}

/** Answers by the key a client chose: the same request sent twice does its work once. */
export interface Idempotency {
  /** The answer given before, or undefined when the work is to be done now. Throws IDEMPOTENCY_KEY_REUSED. */
  begin(userId: Id, key: string, requestHash: string): Promise<KeptAnswer | undefined>
  finish(userId: Id, key: string, answer: KeptAnswer): Promise<void>
  /** The work failed and changed nothing: the key is free again. */
  abandon(userId: Id, key: string): Promise<void>
}

interface Row {
  request_hash: string
  status: number | null
  sealed_answer: Sealed | null
  created_at: number
}

const TABLE = 'idempotency_keys'

/** Kept in the database, so that it holds over a restart; answers are sealed, as they may hold new passwords. */
export function createIdempotency(db: Knex, secrets: SecretBox, clock: Clock): Idempotency {
  const write = (work: (trx: Knex) => Promise<unknown>): Promise<unknown> => orUnusable(inWriteTransaction(db, work))
  return {
    begin: async (userId, key, requestHash) => {
      if (!KEY.test(key)) {
        throw new AppError('REQUEST_INVALID', 'Idempotency-Key: 1 to 128 visible ASCII characters are wanted', {
          field: 'Idempotency-Key',
        })
      }
      const now = clock.now()
      const which = { user_id: userId, key }
      await write(async (trx) => {
        await trx(TABLE)
          .where('created_at', '<', now - KEEP_MS)
          .delete()
        const cutOff = trx(TABLE).where(which).whereNull('status')
        await cutOff.where('created_at', '<', now - ABANDONED_MS).delete()
      })
      try {
        const row = { ...which, request_hash: requestHash, created_at: now }
        await write(async (trx) => trx(TABLE).insert(row))
        return undefined
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
      }
      const kept = (await orUnusable(Promise.resolve(db(TABLE).where(which).first()))) as Row | undefined
      if (kept?.request_hash !== requestHash) throw reused('was used for another request')
      if (kept.status === null || kept.sealed_answer === null) throw reused('belongs to a request that still runs')
      const text = secrets.open(kept.sealed_answer, SEAL_CONTEXTS.idempotentAnswer(userId, key)).reveal()
      return { status: kept.status, text }
    },
    finish: async (userId, key, { status, text }) => {
      const sealed = secrets.seal(text, SEAL_CONTEXTS.idempotentAnswer(userId, key))
      await write(async (trx) => trx(TABLE).where({ user_id: userId, key }).update({ status, sealed_answer: sealed }))
    },
    abandon: async (userId, key) => {
      await write(async (trx) => trx(TABLE).where({ user_id: userId, key }).whereNull('status').delete())
    },
  }
}

function reused(what: string): AppError {
  return new AppError('IDEMPOTENCY_KEY_REUSED', `this Idempotency-Key ${what}`, { field: 'Idempotency-Key' })
}
