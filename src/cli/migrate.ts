import type { Command } from 'commander'
import { withInstallation } from './context.js'
import type { Io, Run } from './output.js'

/** `migrate`: brings the database up to date; every other command does so too. */
export function migrateCommand(program: Command, io: Io, run: Run): void {
  program
    .command('migrate')
    .description('bring the database up to date (serve does so by itself)')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ migration }) => ({
          json: migration,
          lines:
            migration.applied.length === 0
              ? ['The database is up to date.']
              : [
                  ...migration.applied.map((name) => `Applied ${name}`),
                  ...migration.copies.map((copy) => `A copy from before: ${copy}`),
                ],
        })),
      ),
    )
}
