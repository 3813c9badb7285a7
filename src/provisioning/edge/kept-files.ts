import type { Knex } from 'knex'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { chunks, orUnusable } from '../../database/edge/write.js'
import type { Clock } from '../../domain/clock.js'
import { Every } from '../../domain/every.js'
import type { Id, ProvisioningEvent } from '../../domain/entities.js'
import type { Sealed } from '../../domain/secret.js'
import type { Log } from '../../observe/log.js'
import { Rounds } from '../../observe/rounds.js'
import { SEAL_CONTEXTS } from '../../secrets/contexts.js'
import type { SecretBox } from '../../secrets/seal.js'

export interface KeptFilesParts {
  readonly db: Knex
  readonly secrets: Pick<SecretBox, 'seal' | 'open'>
  readonly clock: Clock
  readonly spareTime: Pick<Clock, 'after'>
  readonly log: Log
  /** The bytes of this digest, if the phone would still be given them. */
  bytesOf(deviceId: Id, path: string, sha256: string): Uint8Array | undefined
}

/** A file that was served and is not kept yet. */
interface Waiting {
  readonly deviceId: Id
  readonly path: string
}

const TURN_MS = 1_000
/** Files packed and sealed at a time: a few milliseconds a second, and none while phones boot by the hundred. */
const EACH_TURN = 20
const WAITING_MOST = 50_000
const PRUNE_EVERY_MS = 86_400_000
/** A file of this age that no event names any more is let go. */
const YOUNG_MS = 86_400_000

/**
 * Keeps what phones were given, each file once, sealed and packed: a later comparison shows what became different.
 * Done at leisure behind the requests; what changes again before its turn is not kept.
 */
export class KeptFiles {
  readonly #waiting = new Map<string, Waiting>()
  readonly #rounds: Rounds
  readonly #pruning: Every
  #known: Set<string> | undefined

  constructor(private readonly parts: KeptFilesParts) {
    this.#pruning = new Every(parts.clock, PRUNE_EVERY_MS)
    this.#rounds = new Rounds(
      {
        ...{ clock: parts.spareTime, log: parts.log, everyMs: TURN_MS },
        fails: 'files as phones were given them cannot be kept for comparison',
        worksAgain: 'files as phones were given them are kept for comparison again',
      },
      async () => {
        await this.flush()
        if (this.#pruning.isDue()) await this.prune()
      },
    )
  }

  /** A phone was given a file. */
  heed({ outcome, sha256, deviceId, path }: ProvisioningEvent): void {
    if (sha256 === undefined || deviceId === undefined || outcome !== 'served') return
    if (this.#known?.has(sha256) || this.#waiting.has(sha256) || this.#waiting.size >= WAITING_MOST) return
    this.#waiting.set(sha256, { deviceId, path })
  }

  /** The file of this digest as it was given; undefined: not kept. Throws SEALED_VALUE_UNREADABLE. */
  async find(sha256: string): Promise<Uint8Array | undefined> {
    const { db, secrets } = this.parts
    const row = (await orUnusable(Promise.resolve(db('kept_files').where({ sha256 }).first('sealed')))) as
      { sealed: Sealed } | undefined
    if (!row) return undefined
    const packed = secrets.open(row.sealed, SEAL_CONTEXTS.keptFile(sha256)).reveal()
    return inflateRawSync(Buffer.from(packed, 'base64'))
  }

  start(): void {
    this.#rounds.start()
  }

  stop(): Promise<void> {
    return this.#rounds.stop()
  }

  /** Keeps some of what waits, now. */
  async flush(): Promise<void> {
    const { db, secrets, clock } = this.parts
    if (this.#waiting.size === 0) return
    this.#known ??= new Set((await db('kept_files').pluck('sha256')) as string[])
    const rows: { sha256: string; sealed: string; at: number }[] = []
    const taken = new Map<string, Waiting>()
    for (const [sha256, waiting] of this.#waiting) {
      if (rows.length >= EACH_TURN) break
      const { deviceId, path } = waiting
      this.#waiting.delete(sha256)
      const bytes = this.#known.has(sha256) ? undefined : this.parts.bytesOf(deviceId, path, sha256)
      if (!bytes) continue
      const packed = deflateRawSync(bytes).toString('base64')
      taken.set(sha256, waiting)
      rows.push({ sha256, sealed: secrets.seal(packed, SEAL_CONTEXTS.keptFile(sha256)), at: clock.now() })
    }
    if (rows.length === 0) return
    try {
      await db('kept_files').insert(rows).onConflict('sha256').ignore()
    } catch (error) {
      // They have their turn again.
      for (const [sha256, waiting] of taken) this.#waiting.set(sha256, waiting)
      throw error
    }
    for (const { sha256 } of rows) this.#known.add(sha256)
  }

  /** Lets files go that no event names any more; returns how many went. */
  async prune(): Promise<number> {
    const { db, clock } = this.parts
    const named = db('provisioning_events').whereNotNull('sha256').distinct('sha256')
    const old = (await db('kept_files')
      .where('at', '<', clock.now() - YOUNG_MS)
      .whereNotIn('sha256', named)
      .pluck('sha256')) as string[]
    for (const part of chunks(old, 500)) {
      await db('kept_files').whereIn('sha256', part).delete()
      for (const sha256 of part) this.#known?.delete(sha256)
    }
    return old.length
  }
}
