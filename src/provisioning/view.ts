import { generationOf, isSecretParameter } from '../catalog/catalog.js'
import { layOutKeys, type KeyLayout } from '../catalog/key-bank.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { timeView } from '../catalog/time-zones.js'
import { Secret, type Sealed } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { Resolved } from '../settings/resolve.js'
import { personLayers } from '../snapshot/person-layers.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import type { FileView, ServerAddress } from './file-view.js'
import { equippedModel, layOutPhone } from './key-layout.js'
import { keyViews } from './key-view.js'
import { deviceLayers, modelLayers, resolveLayers } from './layers.js'
import { lineView, type ViewSources } from './line-view.js'
import { fixedOf } from './model-view.js'
import { withoutOldTls } from './old-tls.js'
import { withOwnMobile } from './own-mobile.js'
import { phonebookView } from './phonebook-view.js'
import { reportsView } from './reports.js'

export { deviceLayers, lineLayers } from './layers.js'
export type { ViewSources } from './line-view.js'

export interface BuiltView {
  view: FileView
  /** Raw vendor parameters by name, passwords opened. */
  raw: ReadonlyMap<string, string | Secret>
  resolved: Resolved
  /** What did not fit onto the phone. */
  overflow: KeyLayout['overflow']
}

/** The view of a file of scope `model` or `vendor`. */
export function buildModelView(sources: ViewSources, model: PhoneModel, server: ServerAddress): BuiltView {
  const site = sources.snapshot.defaultSite()
  const layers = modelLayers(sources.snapshot, model, site.id)
  const resolved = tellable(model, resolveLayers(sources.vocabulary, model, layers))
  return {
    view: baseView(sources, model, server, resolved, undefined),
    raw: rawParameters(sources, model, resolved),
    resolved,
    overflow: [],
  }
}

/**
 * The view of one phone's own file. With `cleared` every account is off and every key unused: what a phone is given
 * that was deleted or moved away (decision 8).
 */
export function buildDeviceView(
  sources: ViewSources,
  model: PhoneModel,
  device: DeviceRecord,
  server: ServerAddress,
  cleared = false,
): BuiltView {
  const { snapshot, vocabulary } = sources
  const layers = deviceLayers(snapshot, model, device)
  const owner = (): ReturnType<typeof personLayers> => personLayers(snapshot, device, device.lines[0]?.extensionId)
  const resolved = tellable(model, resolveLayers(vocabulary, model, layers), owner)
  const base = baseView(sources, model, server, resolved, device.firmwareVersion)
  const token = sources.open(device.sealedToken, SEAL_CONTEXTS.deviceToken(device.id)).reveal()
  const lines = Array.from({ length: model.lines }, (_, i) => lineView(sources, model, device, i + 1, base, cleared))
  const activeLines = lines.filter(({ enabled }) => enabled)
  const equipped = equippedModel(snapshot, model, device)
  const layout = cleared ? layOutKeys(equipped, [], [], []) : layOutPhone(snapshot, equipped, device)
  const scheme = String(resolved.values.provisioningScheme)
  const path = `${authority(server, scheme)}/${token}/`
  const configUrl = `${scheme}://${path}`
  const overHttp = scheme === 'tftp' ? `http://${authority(server, 'http')}/${token}/` : configUrl
  const imagesUrl = model.capabilities?.tftpFirmware === false ? overHttp : configUrl
  // By HTTP where the files come by TFTP: a phone's browser speaks nothing else.
  if (!cleared) base.phonebook = phonebookView(resolved.values, overHttp)
  if (!cleared) base.reports = reportsView(resolved.values, overHttp)
  const view: FileView = {
    ...base,
    cleared,
    mac: device.mac,
    MAC: device.mac.toUpperCase(),
    server: {
      ...base.server,
      configUrl: new Secret(configUrl),
      configPath: new Secret(path.replace(/\/$/, '')),
      // With the token, or phones outside the trusted networks would be refused the certificate.
      caUrl: new Secret(`http://${authority(server, 'http')}/${token}/${CA_FILE}`),
    },
    admin: {
      password: sources.open(device.sealedAdminPassword, SEAL_CONTEXTS.deviceAdminPassword(device.id)),
    },
    firmware: firmwareView(model, device, resolved, imagesUrl, path),
    lines,
    activeLines,
    keys: keyViews(sources.snapshot, model, device, layout, lines, base, resolved),
  }
  return { view, raw: rawParameters(sources, model, resolved), resolved, overflow: layout.overflow }
}

/** Raw parameters of the phone's family; those that hold passwords come as secrets. */
function rawParameters(
  { open }: ViewSources,
  model: PhoneModel,
  { raw, origin }: Resolved,
): ReadonlyMap<string, string | Secret> {
  const opened = new Map<string, string | Secret>()
  for (const [name, value] of raw) {
    const key = `raw.${model.family}.${name}`
    const { layer, owner } = origin(key)
    const sealed = value !== '' && layer !== 'shipped' && isSecretParameter(model, name)
    opened.set(name, sealed ? open(value as Sealed, SEAL_CONTEXTS.settingValue(layer, owner, key)) : value)
  }
  return opened
}

/** Name of our CA's certificate; request-path.ts answers it. */
const CA_FILE = 'phoneboot-ca.crt'

function tellable(model: PhoneModel, resolved: Resolved, owner?: () => ReturnType<typeof personLayers>): Resolved {
  const values = withOwnMobile(withoutOldTls(model, resolved.values), owner)
  return values === resolved.values ? resolved : { ...resolved, values }
}

function authority(server: ServerAddress, scheme: string): string {
  const [port, usual] =
    scheme === 'https' ? [server.httpsPort, 443] : scheme === 'tftp' ? [server.tftpPort, 69] : [server.httpPort, 80]
  return port === usual ? server.host : `${server.host}:${port}`
}

function baseView(
  sources: ViewSources,
  model: PhoneModel,
  server: ServerAddress,
  resolved: Resolved,
  firmwareVersion: string | undefined,
): FileView {
  const known = generationOf(model, firmwareVersion)
  const [lowest, highest] = known === undefined ? [model.generations.min, model.generations.max] : [known, known]
  const { fixed, era } = fixedOf(model, lowest, highest)
  const scheme = String(resolved.values.provisioningScheme)
  return {
    model: fixed,
    era,
    server: {
      host: server.host,
      sipPort: server.sipPort,
      sipsPort: server.sipsPort,
      baseUrl: `${scheme}://${authority(server, scheme)}/`,
      configUrl: null,
      configPath: null,
      caUrl: `http://${authority(server, 'http')}/${CA_FILE}`,
    },
    settings: resolved.values,
    phonebook: null,
    reports: null,
    time: timeView(sources.zones, String(resolved.values.timezone)),
    cleared: false,
  }
}

function firmwareView(
  model: PhoneModel,
  device: DeviceRecord,
  { values }: Resolved,
  imagesUrl: string,
  path: string,
): NonNullable<FileView['firmware']> | null {
  const wanted = values.firmwareVersion
  const known = device.firmwareVersion
  // Unknown: not sent. A phone that is told to load what it runs may do so at every poll (yealink.md §6).
  if (typeof wanted !== 'string' || known === undefined || known === wanted || !model.firmware) return null
  // A group may hold several models: an image for other hardware is never offered.
  if (!new RegExp(model.firmware.version).test(wanted)) return null
  const directory = `firmware/${model.model}/${wanted}`
  const file = model.firmware.file.replaceAll('{version}', wanted)
  return {
    version: wanted,
    url: new Secret(`${imagesUrl}${directory}/${file}`),
    directory: new Secret(`${path}${directory}`),
  }
}
