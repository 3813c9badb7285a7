import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { OldFile } from './gather.js'
import type { MoveIn } from './move-in.js'

/** Files of another server that lie open, under the id of the import that they became. */
export interface OpenMoveIn {
  readonly id: Id
  readonly siteId: Id
  /** What people call it: the folder. */
  readonly name: string
  readonly files: readonly OldFile[]
  readonly found: MoveIn
  /** What becomes of the settings of the site and of phones. */
  settings: SettingsState
  touchedAt: Millis
}

/** `waiting`: for the import to be done; `left`: nobody wanted them. */
export interface SettingsState {
  readonly state: 'open' | 'waiting' | 'set' | 'left' | 'failed'
  /** How many were set. */
  readonly count?: number
  readonly error?: string
}

const OPEN_MAX = 5
const BYTES_MAX = 100 * 1024 * 1024
const IDLE_MS = 60 * 60_000

/** Where files lie between upload and import. In memory only: they hold passwords. */
export class MoveInDesk {
  readonly #open = new Map<Id, OpenMoveIn>()

  constructor(private readonly clock: Clock) {}

  /** Takes files in; the ones that nobody looked at for the longest time go when there is no room. */
  put(one: Omit<OpenMoveIn, 'touchedAt' | 'settings'>): OpenMoveIn {
    const now = this.clock.now()
    this.#open.set(one.id, { ...one, settings: { state: 'open' }, touchedAt: now })
    const all = [...this.#open.values()].sort((a, b) => b.touchedAt - a.touchedAt)
    let bytes = 0
    for (const [index, each] of all.entries()) {
      bytes += each.files.reduce((sum, file) => sum + file.bytes.length, 0)
      const isOld = index >= OPEN_MAX || bytes > BYTES_MAX || now - each.touchedAt > IDLE_MS
      if (isOld && each.id !== one.id) this.#open.delete(each.id)
    }
    return this.require(one.siteId, one.id)
  }

  /** Throws IMPORT_NOT_FOUND. */
  require(siteId: Id, id: Id): OpenMoveIn {
    const one = this.#open.get(id)
    if (one?.siteId !== siteId) {
      throw new AppError('IMPORT_NOT_FOUND', 'these files are not open any more; choose them again', { field: 'id' })
    }
    one.touchedAt = this.clock.now()
    return one
  }

  drop(id: Id): void {
    this.#open.delete(id)
  }
}
