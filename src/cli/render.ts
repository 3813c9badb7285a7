import type { Command } from 'commander'
import type { Installation } from '../installation.js'
import type { ServerAddress } from '../provisioning/file-view.js'
import { previewFile, previewFiles, type FilePreviewSources } from '../provisioning/preview.js'
import type { ListedSnapshot } from '../snapshot/snapshot.js'
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
  // The phone's record is looked at with its secrets: the same audit row as for showing them one by one.
  if (options.showSecrets) await installation.devices.token(actor(), mac)
  const sources = sourcesOf(installation, snapshot)
  const how = { host: options.host, secrets: options.showSecrets ?? false }
  const shown =
    wanted === undefined
      ? previewFiles(sources, device, how)
      : [previewFile(sources, device, { ...how, wanted })].filter((file) => file !== undefined)
  const one = wanted !== undefined
  return {
    json: shown.map(({ name, text }) => ({ file: name, text })),
    lines: shown.flatMap(({ name, text }) => [...(one ? [] : [`--- ${name}`]), ...text.replace(/\n$/, '').split('\n')]),
  }
}

/** What files are rendered from, outside of the server. */
export function sourcesOf(installation: Installation, snapshot: ListedSnapshot): FilePreviewSources {
  const { catalog, vocabulary, zones, secrets, render } = installation
  return {
    ...{ catalog, render, snapshot },
    viewSources: { snapshot, vocabulary, zones, open: secrets.open.bind(secrets) },
    serverAddress: (host?: string) => serverAddress(installation, host),
  }
}

function serverAddress({ config }: Installation, host: string | undefined): ServerAddress {
  return {
    host: host ?? config.host ?? '127.0.0.1',
    httpPort: config.httpPort,
    httpsPort: config.httpsPort,
    tftpPort: config.tftpPort,
    sipPort: config.sipPort,
    sipsPort: config.sipsPort,
  }
}
