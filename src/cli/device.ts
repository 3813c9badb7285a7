import { InvalidArgumentError, type Command } from 'commander'
import type { DeviceView } from '../devices/store.js'
import { AppError } from '../domain/errors.js'
import { formatMac, requireMac } from '../domain/mac-address.js'
import type { Installation } from '../installation.js'
import { KnexBindingStore } from '../registrar/edge/knex-binding-store.js'
import type { Binding } from '../domain/entities.js'
import { actor, withInstallation } from './context.js'
import { deviceLifeCommands } from './device-life.js'
import { layoutOfPhone } from './key-layout.js'
import { requireKeyCell } from './extension.js'
import { numberOption, shownTime, table, type Io, type Report, type Run } from './output.js'
import { resyncCommands } from './resync.js'

/** `101` or `101@2`: an extension, on the first free line or on a given one. */
function parseLine(text: string): { extension: string; position?: number } {
  const [extension = '', position] = text.split('@')
  if (position !== undefined && !/^\d+$/.test(position)) throw new InvalidArgumentError('write 101 or 101@2')
  return { extension, ...(position === undefined ? {} : { position: Number(position) }) }
}

const collectLines = (text: string, before: ReturnType<typeof parseLine>[]): ReturnType<typeof parseLine>[] => [
  ...before,
  parseLine(text),
]

/** `device add|list|show|update|keys|events|resync|changed|block|approve|lost|move|remove|reset-password` */
export function deviceCommands(program: Command, io: Io, run: Run): void {
  const device = program.command('device').description('phones')

  device
    .command('add <mac>')
    .description('add a phone')
    .requiredOption('--model <id>', 'for example yealink/t21p-e2; phone models lists all')
    .option(
      '--line <extension>',
      'extension on the next free line, or 101@2 for line 2; may be repeated',
      collectLines,
      [],
    )
    .option('--name <name>', 'where it stands')
    .action((mac: string, options: { model: string; line: ReturnType<typeof parseLine>[]; name?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const { model, line: lines, name } = options
          const added = await installation.devices.add(actor(), { mac, model, name, lines })
          return shown(installation, added, [], `Phone ${formatMac(added.mac)} is added.`)
        }),
      ),
    )

  device
    .command('list')
    .description('list all phones')
    .action(() => run(() => withInstallation(io, list)))

  device
    .command('show <mac>')
    .description('show a phone')
    .option('--show-secrets', 'with its admin password and config URL token; kept in the audit log')
    .action((mac: string, { showSecrets = false }: { showSecrets?: boolean }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const found = await installation.devices.show(mac)
          const report = shown(installation, found, await bindingsOf(installation))
          if (!showSecrets) return report
          const adminPassword = (await installation.devices.adminPassword(actor(), mac)).reveal()
          const token = (await installation.devices.token(actor(), mac)).reveal()
          return {
            json: { ...(report.json as object), adminPassword, token },
            lines: [...report.lines, `Admin password  ${adminPassword}`, `Config token    ${token}`],
          }
        }),
      ),
    )

  device
    .command('update <mac>')
    .description('change name, model, group or lines')
    .option('--name <name>', "'' takes it away")
    .option('--model <id>')
    .option('--group <name>', "'' takes it out of its group")
    .option('--add-line <extension>', '101, or 101@2 for line 2', parseLine)
    .option('--remove-line <position>', 'number of the line', numberOption)
    .action(
      (
        mac: string,
        options: {
          name?: string
          model?: string
          group?: string
          addLine?: ReturnType<typeof parseLine>
          removeLine?: number
        },
      ) =>
        run(() =>
          withInstallation(io, async (installation) => {
            const { devices, groups } = installation
            const { name, model, group, addLine, removeLine } = options
            const groupId = group ? (await groups.find(group)).id : group
            let changed =
              name !== undefined || model !== undefined || groupId !== undefined
                ? await devices.update(actor(), mac, { name, model, groupId })
                : undefined
            if (removeLine !== undefined) changed = await devices.removeLine(actor(), mac, removeLine)
            if (addLine !== undefined) changed = await devices.addLine(actor(), mac, addLine)
            const found = changed ?? (await devices.show(mac))
            return shown(installation, found, [], `Phone ${formatMac(found.mac)} is changed.`)
          }),
        ),
    )

  device
    .command('keys <mac> [key...]')
    .description(
      "show all keys, or set the phone's own: bank@place=kind:value:label, for example linekey@2=blf:102; none clears them",
    )
    .action((mac: string, cells: string[]) =>
      run(() => withInstallation(io, (installation) => keys(installation, mac, cells))),
    )

  deviceLifeCommands(device, io, run)
  resyncCommands(device, io, run)

  for (const [name, state, words] of [
    ['block', 'blocked', 'gets nothing any more'],
    ['approve', 'approved', 'gets its config'],
  ] as const) {
    device
      .command(`${name} <mac>`)
      .description(`the phone ${words}`)
      .action((mac: string) =>
        run(() =>
          withInstallation(io, async (installation) => {
            const changed = await installation.devices.setState(actor(), mac, state)
            return shown(installation, changed, [], `Phone ${formatMac(changed.mac)} ${words}.`)
          }),
        ),
      )
  }

  device
    .command('lost <mac>')
    .description('lost or stolen: blocked, its token and all its passwords are void at once')
    .action((mac: string) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const changed = await installation.devices.reportLost(actor(), mac)
          return shown(installation, changed, [], `Phone ${formatMac(changed.mac)} is reported lost; it gets nothing.`)
        }),
      ),
    )

  device
    .command('move <from> <to>')
    .description('a new phone takes the place of an old one, with new credentials')
    .option('--model <id>', 'model of the new phone; default: the same')
    .action((from: string, to: string, { model }: { model?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const moved = await installation.devices.move(actor(), from, { mac: to, model })
          return shown(installation, moved, [], `Phone ${formatMac(moved.mac)} has taken over.`)
        }),
      ),
    )

  device
    .command('remove <mac>')
    .description('remove a phone; it is told to forget its accounts for 30 days')
    .option('--purge', 'delete its record at once; the phone keeps what it has')
    .action((mac: string, { purge = false }: { purge?: boolean }) =>
      run(() =>
        withInstallation(io, async ({ devices }) => {
          await devices.remove(actor(), mac, { purge })
          return { json: { removed: requireMac(mac) }, lines: [`Phone ${formatMac(requireMac(mac))} is removed.`] }
        }),
      ),
    )

  device
    .command('reset-password <mac> <line>')
    .description('a new SIP password for one line; the phone gets it with its next config')
    .option('--when-fetched', 'the old one stays good until the phone has used the new one, 48 hours at most')
    .action((mac: string, line: string, { whenFetched = false }: { whenFetched?: boolean }) =>
      run(() =>
        withInstallation(io, async ({ devices }) => {
          const when = whenFetched ? 'fetched' : 'now'
          const password = await devices.resetLinePassword(actor(), mac, Number(line), when)
          return {
            json: { mac: requireMac(mac), line: Number(line), password: password.reveal() },
            lines: [`Password of line ${line}: ${password.reveal()}`],
          }
        }),
      ),
    )
}

function describe(device: DeviceView, bindings: readonly Binding[]): Record<string, unknown> {
  return {
    mac: device.mac,
    model: device.model,
    name: device.name,
    state: device.state,
    lines: device.lines.map((line) => ({
      position: line.position,
      extension: line.extension,
      displayName: line.displayName,
      label: line.label,
      authUser: line.authUsername,
      registered: bindings.some(({ lineId }) => lineId === line.id),
    })),
    firmware: device.firmwareVersion,
    lastSeen: shownTime(device.lastSeenAt),
    lastSeenIp: device.lastSeenIp,
    registered: bindings.some(({ lineId }) => device.lines.some(({ id }) => id === lineId)),
  }
}

function bindingsOf({ databases }: Installation): Promise<Binding[]> {
  return new KnexBindingStore(databases.live).load(Date.now())
}

async function list(installation: Installation): Promise<Report> {
  const bindings = await bindingsOf(installation)
  const registeredLines = new Map(bindings.map((binding) => [binding.lineId, binding]))
  const found = await installation.devices.list()
  const described = found.map((device) =>
    describe(
      device,
      device.lines.flatMap(({ id }) => registeredLines.get(id) ?? []),
    ),
  )
  return {
    json: described,
    lines: table(
      ['MAC', 'MODEL', 'LINES', 'STATE', 'REGISTERED', 'LAST SEEN', 'NAME'],
      found.map((device, index) => [
        formatMac(device.mac),
        device.model,
        device.lines.map(({ extension }) => extension).join(' '),
        device.state,
        described[index]?.registered ? 'yes' : 'no',
        shownTime(device.lastSeenAt) ?? 'never',
        device.name,
      ]),
    ),
  }
}

function shown({ catalog }: Installation, device: DeviceView, bindings: readonly Binding[], first?: string): Report {
  const model = catalog.model(device.model)
  return {
    json: describe(device, bindings),
    lines: [
      ...(first === undefined ? [] : [first]),
      `MAC        ${formatMac(device.mac)}`,
      `Model      ${device.model}${model ? ` (${model.name})` : ', which is not in the catalogue any more'}`,
      ...(device.name === undefined ? [] : [`Name       ${device.name}`]),
      `State      ${device.state}`,
      ...device.lines.map((line) => {
        const binding = bindings.find(({ lineId }) => lineId === line.id)
        const where = binding ? `registered from ${binding.received} by ${binding.transport}` : 'not registered'
        return `Line ${line.position}     ${line.extension} ${line.displayName}, auth user ${line.authUsername}, ${where}`
      }),
      `Firmware   ${device.firmwareVersion ?? 'not known yet'}`,
      `Last seen  ${shownTime(device.lastSeenAt) ?? 'never'}${device.lastSeenIp === undefined ? '' : ` at ${device.lastSeenIp}`}`,
    ],
  }
}

async function keys(installation: Installation, mac: string, cells: readonly string[]): Promise<Report> {
  if (cells.length > 0) {
    const inputs = cells
      .filter((cell) => cell !== 'none')
      .map((cell) => {
        const place = /^([\w-]+)@(\d+)=(.+)$/.exec(cell)
        if (!place) throw new AppError('USAGE', `${cell}: write bank@place=kind:value:label`, { field: 'key' })
        return { bank: place[1], position: Number(place[2]), ...requireKeyCell(place[3] ?? '') }
      })
    await installation.devices.setKeys(actor(), mac, inputs)
  }
  return layoutOfPhone(installation, mac)
}
