import type { Command } from 'commander'
import { formatMac } from '../domain/mac-address.js'
import { readStrangers } from '../provisioning/edge/event-reads.js'
import { withInstallation } from './context.js'
import { numberOption, shownTime, table, type Io, type Run } from './output.js'

/** `strangers`: who asked for something and was told nothing; a phone that waits to be added shows up here. */
export function strangersCommand(program: Command, io: Io, run: Run): void {
  program
    .command('strangers')
    .description('requests of unknown phones and others that were refused, by source')
    .option('--limit <n>', 'at most this many', numberOption, 50)
    .action(({ limit }: { limit: number }) =>
      run(() =>
        withInstallation(io, async ({ databases }) => {
          const found = await readStrangers(databases.events, { limit })
          return {
            json: found,
            lines: table(
              ['FROM', 'MAC', 'OUTCOME', 'TIMES', 'LAST', 'FILE', 'REASON'],
              found.map((stranger) => [
                stranger.peer,
                stranger.lastMac === undefined ? undefined : formatMac(stranger.lastMac),
                stranger.outcome,
                stranger.requests,
                shownTime(stranger.lastAt),
                stranger.lastPath,
                stranger.lastReason,
              ]),
            ),
          }
        }),
      ),
    )
}
