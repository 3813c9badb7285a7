import type { Command } from 'commander'
import { LRUCache } from 'lru-cache'
import type { Config } from '../config.js'
import type { Databases } from '../database/edge/connect.js'
import { passed, systemClock } from '../domain/edge/system-clock.js'
import { AppError } from '../domain/errors.js'
import { formatMac, type Mac } from '../domain/mac-address.js'
import type { Installation } from '../installation.js'
import { addressesToBind } from '../network/address.js'
import { localAddresses } from '../network/edge/interfaces.js'
import { type Changes, findChanged, possibleServers } from '../provisioning/changed.js'
import { createConfigFiles, entryBytes } from '../provisioning/config-files.js'
import { readLastServed } from '../provisioning/edge/last-served.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { openResync } from '../resync/edge/open.js'
import type { ResyncRequest } from '../resync/resync.js'
import { loadSnapshot } from '../snapshot/edge/load-snapshot.js'
import { MemorySnapshot } from '../snapshot/memory-snapshot.js'
import { plannedMoment } from '../snapshot/planned-moment.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import { EXIT, shownTime, table, type Io, type Report, type Run } from './output.js'

interface Options {
  changed?: boolean
  reboot?: boolean
  wait?: boolean
  at?: string
}

/** `device resync|changed` */
export function resyncCommands(device: Command, io: Io, run: Run): void {
  device
    .command('resync [mac...]')
    .description('tell registered phones to look for a new config now; the running server does it within a second')
    .option('--changed', 'every phone that would get other files than it has, see device changed')
    .option('--reboot', 'restart instead: calls in progress end')
    .option('--at <time>', "at a time by the site's clocks, or closed: outside office hours")
    .option('--wait', 'until each phone has answered, or has not')
    .action((macs: string[], options: Options) =>
      run(() => withInstallation(io, (installation) => resync(installation, macs, options))),
    )

  device
    .command('changed')
    .description('list the phones that would get other files now than they have')
    .action(() => run(() => withInstallation(io, listChanged)))
}

/** What a phone was asked by SIP, as lines of its timeline. */
export async function resyncEvents(databases: Databases, mac: Mac, limit: number): Promise<ResyncEvent[]> {
  return (await openResync(databases).ofPhone(mac, limit)).map((request) => {
    const { kind, requestedBy, requestedAt, finishedAt, outcome, status, reason, event, sentTo } = request
    return {
      at: finishedAt ?? requestedAt,
      transport: 'sip',
      path: `NOTIFY ${event ?? kind}`,
      peer: sentTo ?? '',
      kind,
      requestedBy,
      requestedAt,
      outcome: outcome ?? 'waiting',
      ...(status === undefined ? {} : { status }),
      reason: [reason, `asked by ${requestedBy}`].filter((words) => words !== undefined).join('; '),
    }
  })
}

interface ResyncEvent extends Pick<ResyncRequest, 'kind' | 'requestedBy' | 'requestedAt' | 'status'> {
  at: number
  transport: 'sip'
  path: string
  peer: string
  outcome: string
  reason: string
}

async function resync(installation: Installation, macs: readonly string[], options: Options): Promise<Report> {
  const { devices, databases } = installation
  if (macs.length > 0 === (options.changed ?? false)) {
    throw new AppError('USAGE', 'give MAC addresses, or --changed')
  }
  const phones = []
  for (const mac of macs) phones.push(await devices.show(mac))
  if (options.changed) {
    const { changed } = await changesOf(installation)
    phones.push(...changed.map(({ device }) => device))
  }
  const resyncs = openResync(databases)
  const at =
    options.at === undefined
      ? undefined
      : plannedMoment(await readSnapshot(installation), installation.site.id, options.at, systemClock.now())
  let asked = await resyncs.ask(actor(), phones, options.reboot ? 'reboot' : 'resync', at)
  if (options.wait) asked = await waitFor(resyncs, asked)
  const silent = asked.filter(({ outcome }) => outcome !== 'heard')
  return {
    json: asked.map(shownRequest),
    lines: asked.length === 0 ? ['No phone has to look for a new config.'] : requestLines(asked, options.wait ?? false),
    exit: options.wait && silent.length > 0 ? EXIT.problems : EXIT.ok,
  }
}

const LOOK_MS = 200
/** A transaction lasts 32 s; a phone may have two ways to it. */
const PATIENCE_MS = 75_000
const PER_PHONE_MS = 20

async function waitFor(
  resyncs: ReturnType<typeof openResync>,
  asked: readonly ResyncRequest[],
): Promise<ResyncRequest[]> {
  const until = systemClock.now() + PATIENCE_MS + PER_PHONE_MS * asked.length
  const ids = asked.map(({ id }) => id)
  for (;;) {
    const now = await resyncs.look(ids)
    if (now.every(({ finishedAt }) => finishedAt !== undefined) || systemClock.now() > until) return now
    await passed(LOOK_MS)
  }
}

function shownRequest({ id, mac, kind, requestedBy, outcome, status, reason, event, ...more }: ResyncRequest): object {
  const { requestedAt, finishedAt, sentTo } = more
  const times = { requestedAt: shownTime(requestedAt), finishedAt: shownTime(finishedAt) }
  return { id, mac, kind, requestedBy, ...times, outcome: outcome ?? 'waiting', status, reason, event, sentTo }
}

function requestLines(asked: readonly ResyncRequest[], waited: boolean): string[] {
  const rows = asked.map(({ mac, kind, outcome, status, sentTo, reason }) => [
    formatMac(mac),
    kind,
    outcome ?? (waited ? 'no server took it up' : 'asked'),
    status,
    sentTo,
    reason,
  ])
  const hint = waited ? [] : ['What came of it: device events <mac>, or ask with --wait.']
  return [...table(['MAC', 'WHAT', 'OUTCOME', 'STATUS', 'SENT TO', 'REASON'], rows), ...hint]
}

async function listChanged(installation: Installation): Promise<Report> {
  const { changed, unknown, same } = await changesOf(installation)
  return {
    json: {
      changed: changed.map(({ device, files }) => ({
        mac: device.mac,
        model: device.model,
        name: device.name,
        files: files.map(({ name, servedAt }) => ({ name, servedAt: shownTime(servedAt) })),
      })),
      unknown: unknown.map(({ mac }) => mac),
      same,
    },
    lines: [
      ...(changed.length === 0
        ? []
        : table(
            ['MAC', 'MODEL', 'FILE', 'LAST FETCHED', 'NAME'],
            changed.flatMap(({ device, files }) =>
              files.map(({ name, servedAt }) => [
                formatMac(device.mac),
                device.model,
                name,
                shownTime(servedAt),
                device.name,
              ]),
            ),
          )),
      `${changed.length} changed, ${same} up to date, ${unknown.length} that never asked.`,
    ],
  }
}

async function changesOf(installation: Installation): Promise<Changes> {
  const { catalog, config, databases, log, render, secrets, vocabulary, zones } = installation
  const snapshot = new MemorySnapshot((await loadSnapshot(databases.main)).content)
  const configs = createConfigFiles({
    sources: { snapshot, vocabulary, zones, open: (sealed, context) => secrets.open(sealed, context) },
    render,
    cache: new LRUCache({ maxSize: CACHE_BYTES, sizeCalculation: entryBytes }),
    clock: systemClock,
    log,
  })
  const servers = possibleServers({
    host: config.host,
    addresses: addressesToBind(config.bind, localAddresses()),
    ports: portsOf(config),
  })
  const served = await readLastServed(databases.events)
  const own = [...snapshot.allDevices()].filter(({ siteId }) => siteId === installation.site.id)
  return await findChanged({ catalog, configs, servers }, own, served, () => Promise.resolve())
}

const CACHE_BYTES = 16 * 1024 * 1024
/** Where the server goes when port 69 is forbidden and was not asked for. */
const TFTP_FALLBACK_PORT = 6969

function portsOf({
  httpPort,
  httpsPort,
  tftpPort,
  tftpPortIsDefault,
  sipPort,
  sipsPort,
}: Config): Omit<ServerAddress, 'host'>[] {
  const tftpPorts = tftpPortIsDefault ? [tftpPort, TFTP_FALLBACK_PORT] : [tftpPort]
  return tftpPorts.map((tftp) => ({ httpPort, httpsPort, tftpPort: tftp, sipPort, sipsPort }))
}
