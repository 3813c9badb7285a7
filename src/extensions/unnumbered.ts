import type { Change } from '../database/change.js'
import type { Clock, Millis } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'

/**
 * Somebody without a number: named by a file of another product, kept with all that it says until an admin gives a number.
 * Phones and snapshot know nothing of them: nobody can call them, and no phone can be theirs.
 */
export interface UnnumberedPerson {
  readonly id: Id
  readonly siteId: Id
  readonly displayName: string
  readonly email?: string
  /** Settings of the person, checked; none of them secret. */
  readonly settings: ReadonlyMap<string, unknown>
  readonly createdAt: Millis
  readonly createdBy: string
  readonly revision: number
}

/** Each call may throw DATABASE_UNUSABLE. */
export interface UnnumberedStore {
  /** By name. */
  list(siteId: Id): Promise<UnnumberedPerson[]>
  /** False: somebody else did before. */
  remove(id: Id, change: Change): Promise<boolean>
}

export interface UnnumberedAdmin {
  list(): Promise<UnnumberedPerson[]>
  /** Throws EXTENSION_NOT_FOUND, as below. */
  show(id: Id): Promise<UnnumberedPerson>
  remove(actor: string, id: Id): Promise<void>
}

export function createUnnumberedAdmin({
  store,
  clock,
  siteId,
}: {
  store: UnnumberedStore
  clock: Clock
  siteId: Id
}): UnnumberedAdmin {
  const show = async (id: Id): Promise<UnnumberedPerson> => {
    const found = (await store.list(siteId)).find((one) => one.id === id)
    if (found) return found
    throw new AppError('EXTENSION_NOT_FOUND', 'there is nobody of this id without a number', { field: 'id' })
  }
  return {
    list: () => store.list(siteId),
    show,
    remove: async (actor, id) => {
      const { displayName: name } = await show(id)
      const change = {
        author: { actor, at: clock.now() },
        action: 'unnumbered.remove',
        entity: 'extension' as const,
        entityId: id,
        siteId,
        before: { name },
        feed: [],
      }
      if (!(await store.remove(id, change))) await show(id)
    },
  }
}
