import type { Command } from 'commander'
import { LAYERS, type Layer } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { formatMac } from '../domain/mac-address.js'
import type { Installation } from '../installation.js'
import { isSecretSetting } from '../site-use-cases.js'
import { deviceLayers, lineLayers } from '../provisioning/view.js'
import { resolveSettings, type LayerInput, type Origin } from '../settings/resolve.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import { plan, plannedCommands, preview } from './planned.js'
import { table, type Io, type Report, type Run } from './output.js'

interface LayerOptions {
  site?: boolean
  vendor?: string
  model?: string
  group?: string
  extension?: string
  device?: string
  line?: string
}

/** `settings get|preview|set|unset|planned|cancel|explain`: each at the layer the options name, global without any. */
export function settingsCommands(program: Command, io: Io, run: Run): void {
  const settings = program.command('settings').description('settings in layers, from global to line')
  const withLayer = (command: Command): Command =>
    command
      .option('--site', 'layer of the site')
      .option('--vendor <family>', 'layer of a vendor, for example yealink')
      .option('--model <id>', 'layer of a model, for example yealink/t21p-e2')
      .option('--group <name>', 'layer of a group of phones')
      .option('--extension <number>', "layer of a person's extension")
      .option('--device <mac>', 'layer of a phone')
      .option('--line <position>', 'layer of a line of the phone named by --device')

  withLayer(settings.command('get [key]').description('what is set at a layer')).action(
    (key: string | undefined, options: LayerOptions) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const { layer, owner } = await placeOf(installation, options)
          const found = (await installation.settings.list(layer, owner)).filter(
            (value) => key === undefined || value.key === key,
          )
          return {
            json: Object.fromEntries(found.map((value) => [value.key, value.value])),
            lines: found.map((value) => `${value.key} = ${JSON.stringify(value.value)}`),
          }
        }),
      ),
  )

  withLayer(
    settings
      .command('preview <key> [value]')
      .description('what a value would do to phones; without one: what unset would'),
  ).action((key: string, value: string | undefined, options: LayerOptions) =>
    run(() =>
      withInstallation(io, async (installation) =>
        preview(installation, await placeOf(installation, options), key, value),
      ),
    ),
  )

  withLayer(settings.command('set <key> <value>').description("set a value; 'null' clears it on the phone"))
    .option(
      '--at <time>',
      "at a time by the site's clocks, such as 2026-03-31T02:30, or closed: outside office hours; the phones it changes are told then",
    )
    .action((key: string, value: string, options: LayerOptions & { at?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const { layer, owner } = await placeOf(installation, options)
          if (options.at !== undefined) return plan(installation, { layer, owner }, key, { value, at: options.at })
          const stored = await installation.settings.set(actor(), { layer, owner, key }, value)
          const shown = shownValue(installation, key, stored)
          return { json: { layer, key, value: shown }, lines: [`${key} = ${JSON.stringify(shown)} (${layer})`] }
        }),
      ),
    )

  withLayer(settings.command('unset <key>').description('back to what weaker layers say'))
    .option('--at <time>', 'at a time, as with set')
    .action((key: string, options: LayerOptions & { at?: string }) =>
      run(() =>
        withInstallation(io, async (installation) => {
          const { layer, owner } = await placeOf(installation, options)
          if (options.at !== undefined) return plan(installation, { layer, owner }, key, { at: options.at })
          const was = await installation.settings.unset(actor(), { layer, owner, key })
          return {
            json: { layer, key, unset: was },
            lines: [was ? `${key} is unset (${layer})` : `${key} was not set (${layer})`],
          }
        }),
      ),
    )

  plannedCommands(settings, io, run)

  settings
    .command('explain <mac> [key]')
    .description('where each value of a phone comes from')
    .option('--line <position>', 'as one of its lines sees it')
    .action((mac: string, key: string | undefined, { line }: { line?: string }) =>
      run(() => withInstallation(io, (installation) => explain(installation, mac, key, line))),
    )
}

/** The layer and owner that the options name. */
async function placeOf(installation: Installation, options: LayerOptions): Promise<{ layer: Layer; owner: string }> {
  const { site, vendor, model, group, extension, device, line } = options
  const named = [site ? 'site' : undefined, vendor, model, group, extension, device].filter(
    (option) => option !== undefined,
  )
  if (named.length > 1) throw new AppError('USAGE', 'name one layer only', { hint: `Layers: ${LAYERS.join(', ')}` })
  if (vendor !== undefined) {
    const known = installation.catalog.models().some(({ family }) => family === vendor)
    if (!known) throw new AppError('MODEL_UNKNOWN', `no vendor "${vendor}"`, { field: 'vendor' })
    return { layer: 'vendor', owner: vendor }
  }
  if (model !== undefined) {
    if (!installation.catalog.model(model))
      throw new AppError('MODEL_UNKNOWN', `no model "${model}"`, { field: 'model' })
    return { layer: 'model', owner: model }
  }
  if (group !== undefined) return { layer: 'group', owner: (await installation.groups.find(group)).id }
  if (extension !== undefined)
    return { layer: 'extension', owner: (await installation.extensions.show(extension)).extension.id }
  if (device !== undefined) {
    const found = await installation.devices.show(device)
    if (line === undefined) return { layer: 'device', owner: found.id }
    const owner = found.lines.find(({ position }) => position === Number(line))
    if (!owner) throw new AppError('LINE_INVALID', `the phone has no line ${line}`, { field: 'line' })
    return { layer: 'line', owner: owner.id }
  }
  if (line !== undefined) throw new AppError('USAGE', '--line goes with --device')
  return site ? { layer: 'site', owner: installation.site.id } : { layer: 'global', owner: '' }
}

async function explain(
  installation: Installation,
  mac: string,
  key: string | undefined,
  line: string | undefined,
): Promise<Report> {
  const device = await installation.devices.show(mac)
  const model = installation.catalog.model(device.model)
  if (!model) throw new AppError('MODEL_UNKNOWN', `${device.model} is not in the catalogue any more`)
  const snapshot = await readSnapshot(installation)
  let layers: LayerInput[] = deviceLayers(snapshot, model, device)
  if (line !== undefined) {
    const found = device.lines.find(({ position }) => position === Number(line))
    if (!found) throw new AppError('LINE_INVALID', `the phone has no line ${line}`, { field: 'line' })
    layers = lineLayers(snapshot, model, device, found)
  }
  const resolved = resolveSettings(installation.vocabulary, layers, model.family)
  const keys = [
    ...installation.vocabulary.keys(),
    ...[...resolved.raw.keys()].map((name) => `raw.${model.family}.${name}`),
  ]
  const wanted = keys.filter((name) => key === undefined || name === key)
  if (wanted.length === 0) throw new AppError('SETTING_UNKNOWN', `${key}: no such setting`, { field: 'key' })
  const candidatesOf = (name: string): { origin: Origin; value: unknown }[] =>
    resolved.explain(name).map(({ origin, value }) => ({ origin, value: shownValue(installation, name, value) }))
  const valueOf = (name: string): unknown => resolved.values[name] ?? candidatesOf(name).at(-1)?.value ?? null
  return {
    json: wanted.map((name) => ({
      key: name,
      value: valueOf(name),
      origin: resolved.origin(name),
      candidates: candidatesOf(name),
    })),
    lines: [
      `Phone ${formatMac(device.mac)}, ${model.name}`,
      ...table(
        ['SETTING', 'VALUE', 'FROM', ...(key === undefined ? [] : ['WEAKER'])],
        wanted.map((name) => [
          name,
          JSON.stringify(valueOf(name)),
          originText(resolved.origin(name)),
          ...(key === undefined
            ? []
            : [
                candidatesOf(name)
                  .slice(0, -1)
                  .map(({ origin, value }) => `${originText(origin)}: ${JSON.stringify(value)}`)
                  .join('; '),
              ]),
        ]),
      ),
    ],
  }
}

function originText({ layer, owner }: Origin): string {
  return layer === 'vendor' || layer === 'model' ? `${layer} ${owner}` : layer
}

/** A value for people: secrets are not shown. */
export function shownValue(installation: Installation, key: string, value: unknown): unknown {
  return value !== null && value !== '' && isSecretSetting(installation, key) ? '[secret]' : value
}
