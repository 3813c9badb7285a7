import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { actor, withInstallation } from './context.js'
import { table, type Io, type Run } from './output.js'

/** `extension removed|restore` */
export function removedCommands(extension: Command, io: Io, run: Run): void {
  extension
    .command('removed')
    .description('who was removed within 90 days and can come back')
    .action(() =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          const found = await extensions.removed()
          const shown = found.map((one) => ({ ...one, removedAt: new Date(one.removedAt).toISOString() }))
          return {
            json: shown,
            lines: table(
              ['NUMBER', 'NAME', 'REMOVED', 'BY'],
              shown.map((one) => [one.number, one.displayName, one.removedAt, one.removedBy]),
            ),
          }
        }),
      ),
    )

  extension
    .command('restore <number>')
    .description('bring back the one who had this number last, with keys, settings and lines')
    .action((number: string) =>
      run(() =>
        withInstallation(io, async ({ extensions }) => {
          const last = (await extensions.removed()).find((one) => one.number === number)
          if (!last) throw new AppError('EXTENSION_NOT_FOUND', `nobody removed had ${number}`, { field: 'number' })
          const restored = await extensions.restore(actor(), last.id)
          const missing = restored.missing.map((what) => `Not restored: ${what}`)
          return { json: restored, lines: [`Extension ${number} is back.`, ...missing] }
        }),
      ),
    )
}
