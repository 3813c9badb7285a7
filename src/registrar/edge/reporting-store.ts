import { isOutage } from '../../database/edge/write.js'
import type { Binding } from '../../domain/entities.js'
import type { Log } from '../../observe/log.js'
import type { BindingChange, BindingStore } from '../store.js'

/**
 * A store that says once when it fails and once when it works again, however many phones ask meanwhile. What is no
 * outage of the database is left to the caller to report: it is a mistake of ours.
 */
export class ReportingStore implements BindingStore {
  #failed = 0

  constructor(
    private readonly store: BindingStore,
    private readonly log: Log,
  ) {}

  load(): Promise<Binding[]> {
    return this.store.load()
  }

  removeExpired(bindings: readonly Binding[]): Promise<void> {
    return this.store.removeExpired(bindings)
  }

  async commit(changes: readonly BindingChange[]): Promise<void> {
    try {
      await this.store.commit(changes)
    } catch (error) {
      if (isOutage(error)) {
        if (this.#failed === 0) {
          this.log.warn({ err: error }, 'registrations cannot be stored: phones are told to come again until they can')
        }
        this.#failed += changes.length
      }
      throw error
    }
    if (this.#failed > 0) this.log.info({ refused: this.#failed }, 'registrations are stored again')
    this.#failed = 0
  }
}
