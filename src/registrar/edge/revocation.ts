import type { Clock } from '../../domain/clock.js'
import { briskTurns } from '../../domain/edge/system-clock.js'
import type { Binding } from '../../domain/entities.js'
import { filterInTurns } from '../../domain/turns.js'
import type { Log } from '../../observe/log.js'
import { Outage } from '../../observe/outage.js'
import type { BindingTable } from '../binding-table.js'
import type { BindingChange } from '../store.js'
import type { GroupCommit } from './group-commit.js'

const RETRY_MS = 1_000

interface RevocationOptions {
  readonly table: BindingTable
  readonly commits: GroupCommit
  readonly clock: Clock
  readonly log: Log
  readonly onApplied: (change: BindingChange) => void
}

/** The end of a binding that somebody takes back. */
export const revoked = (binding: Binding): BindingChange => ({ kind: 'remove', reason: 'revoked', binding })

/** Takes bindings back: from memory at once, from disk as soon as the store can. */
export class Revocation {
  readonly #retries = new Set<() => void>()
  #stopped = false

  readonly #outage: Outage

  constructor(private readonly options: RevocationOptions) {
    this.#outage = new Outage(options.log, {
      fails: 'revoked registrations are still on disk; it is tried again until they are not',
      worksAgain: 'revoked registrations are removed from disk again',
    })
  }

  /** Lets no more retries begin; those that wait give up. */
  stop(): void {
    this.#stopped = true
    for (const wake of this.#retries) wake()
  }

  /** Phones are answered meanwhile. */
  async drop(matches: (binding: Binding) => boolean): Promise<void> {
    const { table, commits, onApplied } = this.options
    const doomed = await filterInTurns(table.all(), briskTurns(), (binding) => {
      if (!matches(binding) || !table.has(binding)) return false
      for (const change of table.apply([revoked(binding)])) onApplied(change)
      return true
    })
    // A REGISTER that is being stored right now may still bring one: look again after it.
    const aors = new Set([...doomed.map((binding) => binding.aor), ...commits.busyAors()])
    await Promise.all([...aors].map((aor) => this.#dropStored(aor, doomed, matches)))
  }

  async #dropStored(aor: string, doomed: readonly Binding[], matches: (binding: Binding) => boolean): Promise<void> {
    const { commits, clock } = this.options
    const decide = (current: readonly Binding[]): { changes: BindingChange[] } => {
      const late = current.filter(matches)
      // Somebody else may have registered the same contact since: that row is theirs.
      const old = doomed.filter(
        (binding) => binding.aor === aor && !current.some((other) => other.bindingKey === binding.bindingKey),
      )
      return { changes: [...late, ...old].map(revoked) }
    }
    for (;;) {
      try {
        await commits.run(aor, decide)
        this.#outage.worked()
        return
      } catch (error) {
        this.#outage.failed({ err: error, aor })
        if (this.#stopped) return
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            cancel()
            this.#retries.delete(wake)
            resolve()
          }
          const cancel = clock.after(RETRY_MS, wake)
          this.#retries.add(wake)
        })
      }
    }
  }
}
