import type { Command } from 'commander'
import { actor, withInstallation } from './context.js'
import { table, type Io, type Run } from './output.js'

/** `extension unnumbered|give-number|forget`: people whom files gave no number. */
export function unnumberedCommands(extension: Command, io: Io, run: Run): void {
  extension
    .command('unnumbered')
    .description('people whom an import gave no number')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ bulk }) => {
          const found = (await bulk.unnumbered.list()).map(({ settings, siteId, createdAt, ...one }) => {
            void siteId
            return { ...one, settings: Object.fromEntries(settings), createdAt: new Date(createdAt).toISOString() }
          })
          return {
            json: found,
            lines: table(
              ['ID', 'NAME', 'E-MAIL', 'SINCE', 'BY'],
              found.map((one) => [one.id, one.displayName, one.email, one.createdAt, one.createdBy]),
            ),
          }
        }),
      ),
    )

  extension
    .command('give-number <id> <number>')
    .description('give one of them a number, with all that was kept')
    .action((id: string, number: string) =>
      run(() =>
        withInstallation(io, async ({ bulk }) => {
          const { displayName } = await bulk.unnumbered.show(id)
          await bulk.giveNumber(actor(), id, number)
          return { json: { id, number }, lines: [`${displayName} is extension ${number} now.`] }
        }),
      ),
    )

  extension
    .command('forget <id>')
    .description('forget one of them')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async ({ bulk }) => {
          await bulk.unnumbered.remove(actor(), id)
          return { json: { removed: id }, lines: ['Forgotten.'] }
        }),
      ),
    )
}
