import type { Command } from 'commander'
import { nameOfFile } from '../catalog/catalog.js'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import { buildDeviceView, buildModelView } from '../provisioning/view.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import type { Io, Report, Run } from './output.js'

interface RenderOptions {
  showSecrets?: boolean
  host?: string
}

/** `render <mac> [file]`: what the phone would get now. */
export function renderCommand(program: Command, io: Io, run: Run): void {
  program
    .command('render <mac> [file]')
    .description('show what a phone would get; without a file name: all of its files')
    .option('--show-secrets', 'secrets in the clear; kept in the audit log')
    .option('--host <host>', 'as if the phone had reached the server under this name or address')
    .action((mac: string, file: string | undefined, options: RenderOptions) =>
      run(() => withInstallation(io, (installation) => render(installation, mac, file, options))),
    )
}

async function render(
  installation: Installation,
  mac: string,
  wanted: string | undefined,
  options: RenderOptions,
): Promise<Report> {
  const snapshot = await readSnapshot(installation)
  const device = await installation.devices.show(mac)
  const model = installation.catalog.model(device.model)
  if (!model) throw new AppError('MODEL_UNKNOWN', `${device.model} is not in the catalogue any more`)
  // The phone's record is looked at with its secrets: the same audit row as for showing them one by one.
  if (options.showSecrets) await installation.devices.token(actor(), mac)
  const server = serverAddress(installation, options.host)
  const sources = {
    snapshot,
    vocabulary: installation.vocabulary,
    zones: installation.zones,
    open: installation.secrets.open.bind(installation.secrets),
  }
  const shown: { name: string; text: string; overflow: number }[] = []
  for (const file of installation.catalog.files(model.model)) {
    const name = nameOfFile(model, file, device.mac)
    if (file.expectedMiss || name === undefined) continue
    if (wanted !== undefined && name.toLowerCase() !== wanted.toLowerCase()) continue
    const built =
      file.scope === 'device' ? buildDeviceView(sources, model, device, server) : buildModelView(sources, model, server)
    const rendered = installation.render({
      model,
      file,
      view: built.view,
      raw: built.raw,
      ...(options.showSecrets ? {} : { mask: '********' }),
    })
    shown.push({ name, text: Buffer.from(rendered.body).toString('utf8'), overflow: built.overflow.length })
  }
  if (shown.length === 0) {
    const names = installation.catalog.files(model.model).map((file) => nameOfFile(model, file, device.mac))
    throw new AppError('FILE_NOT_FOUND', `${wanted} is not a file of this phone`, {
      field: 'file',
      hint: `It gets ${names.filter((name) => name !== undefined).join(', ')}`,
    })
  }
  const one = wanted !== undefined
  return {
    json: shown.map(({ name, text }) => ({ file: name, text })),
    lines: shown.flatMap(({ name, text }) => [...(one ? [] : [`--- ${name}`]), ...text.replace(/\n$/, '').split('\n')]),
  }
}

function serverAddress({ config }: Installation, host: string | undefined): ServerAddress {
  return {
    host: host ?? config.host ?? '127.0.0.1',
    httpPort: config.httpPort,
    httpsPort: config.httpsPort,
    tftpPort: config.tftpPort,
    sipPort: config.sipPort,
  }
}
