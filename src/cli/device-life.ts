import type { Command } from 'commander'
import { timelineOf } from '../admin/timeline.js'
import { whoSet } from '../admin/who-set.js'
import type { TimelineStep } from '../admin/timeline-schema.js'
import { fileNamed } from '../catalog/catalog.js'
import { readAudit } from '../database/edge/write.js'
import { systemClock } from '../domain/edge/system-clock.js'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import { readDeviceEvents, readEvents } from '../provisioning/edge/event-reads.js'
import { originsOf } from '../provisioning/origins.js'
import { fileNamesOf, previewFile, requireCatalogModel } from '../provisioning/preview.js'
import { KnexBindingStore } from '../registrar/edge/knex-binding-store.js'
import { openResync } from '../resync/edge/open.js'
import { readSnapshot, withInstallation } from './context.js'
import { numberOption, shownTime, table, type Io, type Report, type Run } from './output.js'
import { sourcesOf } from './render.js'
import { shownValue } from './settings.js'
import { resyncEvents } from './resync.js'

/** `device events|timeline|file`: what became of a phone, and where the lines of its files come from. */
export function deviceLifeCommands(device: Command, io: Io, run: Run): void {
  device
    .command('events <mac>')
    .description('what the phone asked and was given, newest first')
    .option('--limit <n>', 'at most this many', numberOption, 20)
    .action((mac: string, { limit }: { limit: number }) =>
      run(() => withInstallation(io, (installation) => events(installation, mac, limit))),
    )

  device
    .command('timeline <mac>')
    .description('what a phone asked, was given, registered and was told, newest first, and what keeps it from working')
    .option('--limit <n>', 'at most this many steps', numberOption, 40)
    .action((mac: string, { limit }: { limit: number }) =>
      run(() => withInstallation(io, (installation) => timeline(installation, mac, limit))),
    )

  device
    .command('file <mac> [file]')
    .description('a file of a phone as it would get it now, secrets masked; without a name: which there are')
    .option('--origins', 'with each line where it comes from: setting, layer, who set it and when')
    .action((mac: string, name: string | undefined, { origins = false }: { origins?: boolean }) =>
      run(() => withInstallation(io, (installation) => file(installation, mac, name, origins))),
    )
}

async function events({ devices, databases }: Installation, mac: string, limit: number): Promise<Report> {
  const device = await devices.show(mac)
  const asked = await readDeviceEvents(databases.events, device.mac, limit)
  const found = [...asked, ...(await resyncEvents(databases, device.mac, limit))]
    .sort((a, b) => b.at - a.at)
    .slice(0, limit)
  return {
    json: found,
    lines: table(
      ['AT', 'BY', 'FROM', 'FILE', 'OUTCOME', 'STATUS', 'BYTES', 'REASON'],
      found.map((event) => [
        shownTime(event.at),
        event.transport,
        event.peer,
        event.path,
        'times' in event && event.times !== undefined ? `${event.outcome} (${event.times} times)` : event.outcome,
        event.status,
        'bytes' in event ? event.bytes : undefined,
        event.reason,
      ]),
    ),
  }
}

/** As API and page show it, without what only the running server knows: refusals and subscriptions since its start. */
async function timeline(installation: Installation, mac: string, limit: number): Promise<Report> {
  const { databases, catalog } = installation
  const device = await installation.devices.show(mac)
  const bindings = await new KnexBindingStore(databases.live).load(systemClock.now())
  const found = await timelineOf(
    {
      ...{ catalog, snapshot: await readSnapshot(installation), clock: systemClock, resync: openResync(databases) },
      bindings: () => bindings,
      registrations: { history: () => [], tlsFailure: () => undefined },
      lastSeen: () => undefined,
      events: (query) => readEvents(databases.events, query),
    },
    device,
    { limit, registrations: true },
  )
  const told = found.diagnoses.map(({ code, values }) => `To look at: ${code} ${JSON.stringify(values)}`)
  return {
    json: found,
    lines: [...told, ...table(['AT', 'WHAT', 'OUTCOME', 'FROM', 'MORE'], found.steps.map(stepCells))],
  }
}

function stepCells(step: TimelineStep): (string | number | undefined)[] {
  const { at, kind, what, outcome, status, transport, peer, file: name, number, reason, bytes } = step
  const more = [name, number, bytes === undefined ? undefined : `${bytes} bytes`, status, reason]
  return [
    shownTime(Date.parse(at)),
    what === undefined ? kind : `${kind} ${what}`,
    outcome,
    [transport, peer].filter((one) => one !== undefined).join(' '),
    more.filter((one) => one !== undefined).join(', '),
  ]
}

async function file(
  installation: Installation,
  mac: string,
  name: string | undefined,
  origins: boolean,
): Promise<Report> {
  const device = await installation.devices.show(mac)
  const sources = sourcesOf(installation, await readSnapshot(installation))
  const names = fileNamesOf(sources, device)
  if (name === undefined) return { json: names, lines: names }
  if (!origins) {
    const shown = previewFile(sources, device, { wanted: name })
    const text = shown?.text ?? ''
    return { json: { file: name, text }, lines: text.replace(/\n$/, '').split('\n') }
  }
  const model = requireCatalogModel(sources.catalog, device.model)
  const found = fileNamed(sources.catalog, model, device.mac, name)
  if (!found) throw new AppError('FILE_NOT_FOUND', `${name} is not a file of this phone`, { hint: names.join(', ') })
  const parts = { ...sources, turns: () => undefined }
  const lines = await originsOf(parts, model, found, device, sources.serverAddress())
  const authorOf = await whoSet((query) => readAudit(installation.databases.main, query), lines)
  const shown = lines.map((line) => ({
    ...line,
    settings: line.settings.map(({ key, origin, value }) => {
      const author = authorOf({ key, origin })
      return {
        ...{ key, layer: origin.layer, value: shownValue(installation, key, value) },
        ...(author ? { setBy: author.actor, setAt: shownTime(author.at) } : {}),
      }
    }),
  }))
  return {
    json: { lines: shown },
    lines: shown.map(({ text, from, settings }) => {
      const why = settings.map(({ key, layer, setBy }) => `${key} (${layer}${setBy === undefined ? '' : `, ${setBy}`})`)
      return from === undefined ? text : `${text}    # ${[from, ...why].join(' ')}`
    }),
  }
}
