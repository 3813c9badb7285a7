import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { isInForce } from '../limits/ban.js'
import { KnexBanStore } from '../limits/edge/knex-ban-store.js'
import { OFFENCES } from '../limits/offence.js'
import type { KeptBan } from '../limits/store.js'
import { normaliseAddress } from '../network/address.js'
import { actor, withInstallation } from './context.js'
import { numberOption, shownTime, table, type Io, type Run } from './output.js'

/** `bans list|lift`: who is not heard for a while, and why. */
export function bansCommands(program: Command, io: Io, run: Run): void {
  const bans = program.command('bans').description('addresses that are not heard for a while, and why')

  bans
    .command('list')
    .description('list the bans in force')
    .option('--all', 'also those that are over or were lifted, of the last 30 days')
    .option('--limit <n>', 'at most this many', numberOption, 100)
    .action(({ all, limit }: { all?: true; limit: number }) =>
      run(() =>
        withInstallation(io, async ({ databases }) => {
          const now = Date.now()
          const kept = await new KnexBanStore(databases.live).load(all ? 0 : now, limit)
          const found = all ? kept : kept.filter((ban) => isInForce(ban, now))
          return { json: found.map(shown), lines: lines(found) }
        }),
      ),
    )

  bans
    .command('lift [address]')
    .description('hear an address again: give the address, or what the list shows; the server notices within a second')
    .option('--all', 'lift every ban')
    .action((address: string | undefined, { all }: { all?: true }) =>
      run(() =>
        withInstallation(io, async ({ databases }) => {
          if ((address === undefined) === (all === undefined)) {
            throw new AppError('USAGE', 'give an address, or --all')
          }
          const meant = address === undefined ? undefined : (normaliseAddress(address) ?? address)
          const lifted = await new KnexBanStore(databases.live).lift(meant, actor(), Date.now())
          if (lifted.length === 0 && address !== undefined) {
            throw new AppError('BAN_NOT_FOUND', `${address} is not banned`, { hint: 'See who is: bans list' })
          }
          const what = lifted.map(({ who, username }) => (username === '' ? who : `${who} (user ${username})`))
          const line = lifted.length === 0 ? 'Nobody is banned.' : `Heard again: ${what.join(', ')}.`
          return { json: lifted.map(shown), lines: [line] }
        }),
      ),
    )
}

function shown(ban: KeptBan): Record<string, unknown> {
  return {
    address: ban.who,
    protocols: ban.scope,
    ...(ban.username === '' ? {} : { user: ban.username }),
    kind: ban.kind,
    reason: OFFENCES[ban.kind].reason,
    evidence: ban.evidence,
    count: ban.count,
    times: ban.times,
    since: shownTime(ban.since),
    until: shownTime(ban.until),
    ...(ban.liftedAt === undefined ? {} : { liftedAt: shownTime(ban.liftedAt), liftedBy: ban.liftedBy }),
  }
}

function lines(bans: readonly KeptBan[]): string[] {
  return table(
    ['ADDRESS', 'PROTOCOLS', 'USER', 'SINCE', 'UNTIL', 'TIMES', 'REASON', 'LAST'],
    bans.map((ban) => [
      ban.who,
      ban.scope,
      ban.username,
      shownTime(ban.since),
      ban.liftedAt === undefined ? shownTime(ban.until) : `lifted ${shownTime(ban.liftedAt)}`,
      ban.times,
      OFFENCES[ban.kind].reason,
      ban.evidence,
    ]),
  )
}
