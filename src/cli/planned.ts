import type { Command } from 'commander'
import { takeTurns } from '../domain/turns.js'
import { systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import type { Layer } from '../domain/entities.js'
import { formatMac } from '../domain/mac-address.js'
import type { Installation } from '../installation.js'
import { isSecretSetting } from '../site-use-cases.js'
import { findEffect } from '../provisioning/effect.js'
import type { LayerEdit } from '../provisioning/edits.js'
import { createKnexScheduleStore } from '../settings/edge/knex-schedule-store.js'
import { createScheduleAdmin, type ScheduleAdmin, type ScheduledChange } from '../settings/schedule.js'
import { loadSnapshot } from '../snapshot/edge/load-snapshot.js'
import { plannedMoment } from '../snapshot/planned-moment.js'
import { MemorySnapshot } from '../snapshot/memory-snapshot.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import { shownTime, table, type Io, type Report, type Run } from './output.js'

/** Layer and owner that the options of a command name. */
export interface Place {
  layer: Layer
  owner: string
}

/** What a value would do: `settings preview`. `value` undefined: the layer is to say nothing any more. */
export async function preview(installation: Installation, place: Place, key: string, value?: string): Promise<Report> {
  const edit = editOf(installation, place, key, value)
  const snapshot = new MemorySnapshot((await loadSnapshot(installation.databases.main)).content)
  const { catalog, render, vocabulary, zones, secrets, config } = installation
  const host = config.host ?? '127.0.0.1'
  const { httpPort, httpsPort, tftpPort, sipPort, sipsPort } = config
  const { changed, restarts, failing, failure, sample } = await findEffect(
    {
      ...{ catalog, render, viewSources: { snapshot, vocabulary, zones, open: secrets.open.bind(secrets) } },
      serverAddress: () => ({ host, httpPort, httpsPort, tftpPort, sipPort, sipsPort }),
      turns: takeTurns(systemClock, () => new Promise((resolve) => setImmediate(resolve))),
    },
    snapshot.allDevices(),
    [edit],
  )
  const signs = { gone: '-', new: '+', same: ' ' } as const
  return {
    json: {
      changed: changed.length,
      restarting: restarts ? changed.length : 0,
      failing,
      failure,
      phones: changed.map(({ mac }) => mac),
      sample: sample && { mac: sample.device.mac, files: sample.files },
    },
    lines: [
      `${changed.length} phone(s) get other files${restarts && changed.length > 0 ? ', and restart for it' : ''}.`,
      ...(failing > 0 ? [`The files of ${failing} could not be made: ${failure ?? ''}`] : []),
      ...(sample?.files ?? []).flatMap(({ name, diff }) => [
        `${sample ? formatMac(sample.device.mac) : ''} ${name}`,
        ...diff.map(({ kind, text }) => `  ${signs[kind]} ${text}`),
      ]),
    ],
  }
}

/** `settings set --at`, `settings unset --at`. */
export async function plan(
  installation: Installation,
  place: Place,
  key: string,
  { value, at }: { value?: string; at: string },
): Promise<Report> {
  const edit = editOf(installation, place, key, value)
  const moment = plannedMoment(await readSnapshot(installation), installation.site.id, at, systemClock.now())
  const input = {
    ...edit,
    ownerName: place.owner === '' ? '-' : await nameOf(installation, place),
    at: moment,
    resync: true,
  }
  const change = await scheduleOf(installation).add(actor(), installation.site.id, input)
  return { json: shown(installation, change), lines: [`${key} is planned for ${shownTime(change.at)}.`] }
}

/** `settings planned`, `settings cancel`. */
export function plannedCommands(settings: Command, io: Io, run: Run): void {
  settings
    .command('planned')
    .description('values that are to be saved at a time, and those that were')
    .action(() =>
      run(() =>
        withInstallation(io, async (installation) => {
          const found = await scheduleOf(installation).list(installation.site.id, 100)
          const rows = found.map(({ id, at, layer, ownerName, key, state, changed, asked, reason }) => [
            ...[id, shownTime(at), `${layer} ${ownerName}`, key, state],
            ...[changed, asked, reason],
          ])
          return {
            json: found.map((one) => shown(installation, one)),
            lines: table(['ID', 'AT', 'WHERE', 'SETTING', 'STATE', 'CHANGED', 'TOLD', 'REASON'], rows),
          }
        }),
      ),
    )
  settings
    .command('cancel <id>')
    .description('cancel a planned change')
    .action((id: string) =>
      run(() =>
        withInstallation(io, async (installation) => {
          await scheduleOf(installation).cancel(actor(), installation.site.id, id)
          return { json: { id, state: 'cancelled' }, lines: ['It is cancelled.'] }
        }),
      ),
    )
}

function editOf(installation: Installation, { layer, owner }: Place, key: string, value?: string): LayerEdit {
  if (value === undefined) return { layer, owner, key }
  return { layer, owner, key, value: installation.settings.check({ layer, owner, key }, value) }
}

function scheduleOf(installation: Installation): ScheduleAdmin {
  const { databases, secrets } = installation
  return createScheduleAdmin({
    ...{ store: createKnexScheduleStore(databases.main), secrets, clock: systemClock, random: systemRandom },
    isSecret: (key) => isSecretSetting(installation, key),
  })
}

async function nameOf(installation: Installation, { layer, owner }: Place): Promise<string> {
  if (layer === 'site') return '-'
  const snapshot = await readSnapshot(installation)
  if (layer === 'group') return (await installation.groups.list()).find(({ id }) => id === owner)?.name ?? owner
  if (layer === 'extension') return snapshot.extension(owner)?.number ?? owner
  if (layer === 'device') return snapshot.device(owner)?.mac ?? owner
  return owner
}

function shown(installation: Installation, change: ScheduledChange): object {
  const { id, at, layer, ownerName, key, value, state, changed, asked, reason } = change
  const secret = value !== undefined && value !== null && isSecretSetting(installation, key)
  return {
    id,
    at: shownTime(at),
    layer,
    owner: ownerName,
    key,
    value: secret ? '[secret]' : value,
    state,
    changed,
    asked,
    reason,
  }
}
