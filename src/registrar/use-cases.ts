import type { Author, Change, FeedTopic } from '../database/change.js'
import type { Clock } from '../domain/clock.js'
import type { Binding, Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'

/** What admins do about registrations. */
export interface BindingAdmin {
  /**
   * Throws one of somebody's registrations out. Its phone may register again at once: who must not come back is revoked.
   * @param aor address of record, `user@domain`
   * @returns what was thrown out
   * @throws AppError BINDING_NOT_FOUND, DATABASE_UNUSABLE
   */
  drop(actor: string, aor: string, bindingKey: string): Promise<Binding>
}

export interface BindingAdminOptions {
  /** See Registrar.dropBinding. */
  readonly dropBinding: (aor: string, bindingKey: string) => Promise<Binding | undefined>
  /** Writes the audit log. */
  readonly note: (change: Change) => Promise<void>
  readonly siteOf: (extensionId: Id) => Id | undefined
  readonly clock: Clock
}

export function createBindingAdmin({ dropBinding, note, siteOf, clock }: BindingAdminOptions): BindingAdmin {
  return {
    drop: async (actor, aor, bindingKey) => {
      const author: Author = { actor, at: clock.now() }
      const dropped = await dropBinding(aor, bindingKey)
      if (!dropped) throw new AppError('BINDING_NOT_FOUND', `${aor} has no such registration any more`)
      await note(droppedRegistration(author, dropped, siteOf(dropped.extensionId)))
      return dropped
    },
  }
}

/** Somebody's registration was thrown out, or is to be by whoever reads `feed`. */
export function droppedRegistration(
  author: Author,
  { aor, extensionId, contactUri, received, transport, userAgent, lineId }: Binding,
  siteId: Id | undefined,
  feed: readonly FeedTopic[] = [],
): Change {
  return {
    ...{ author, action: 'registration.drop', entity: 'extension', entityId: extensionId, feed },
    ...(siteId === undefined ? {} : { siteId }),
    before: { aor, contactUri, received, transport, userAgent, lineId },
  }
}
