import type { Command } from 'commander'
import { KnexBindingStore } from '../registrar/edge/knex-binding-store.js'
import { withInstallation } from './context.js'
import { shownTime, table, type Io, type Run } from './output.js'

/** `registrations`: who is registered now. */
export function registrationsCommand(program: Command, io: Io, run: Run): void {
  program
    .command('registrations')
    .description('list who is registered now')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ databases }) => {
          const now = Date.now()
          const found = await new KnexBindingStore(databases.live).load(now)
          found.sort((a, b) => (a.aor < b.aor ? -1 : a.aor > b.aor ? 1 : 0))
          return {
            json: found.map((binding) => ({
              aor: binding.aor,
              contact: binding.contactUri,
              received: binding.received,
              transport: binding.transport,
              expiresInSeconds: Math.round((binding.expiresAt - now) / 1000),
              registeredAt: shownTime(binding.registeredAt),
              userAgent: binding.userAgent,
            })),
            lines: table(
              ['AOR', 'FROM', 'BY', 'SINCE', 'EXPIRES IN', 'USER AGENT'],
              found.map((binding) => [
                binding.aor,
                binding.received,
                binding.transport,
                shownTime(binding.registeredAt),
                `${Math.round((binding.expiresAt - now) / 1000)} s`,
                binding.userAgent,
              ]),
            ),
          }
        }),
      ),
    )
}
