import { generationOf, isSecretParameter } from '../catalog/catalog.js'
import { layOutKeys, type KeyLayout } from '../catalog/key-bank.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { timeView, type TimeZones } from '../catalog/time-zones.js'
import type { Line } from '../domain/entities.js'
import { Secret, type Sealed } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import { resolveSettings, type LayerInput, type Resolved } from '../settings/resolve.js'
import type { SettingScalar, Vocabulary } from '../settings/vocabulary.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { FileView, LineView, ServerAddress } from './file-view.js'
import { cutLabel, keyViews } from './key-view.js'
import { shared } from './shared-item.js'

/** What views are built from; the same for every phone. */
export interface ViewSources {
  snapshot: Snapshot
  vocabulary: Vocabulary
  zones: TimeZones
  /** Opens a sealed value of the row that `context` names (secrets/seal.ts). */
  open(sealed: Sealed, context: string): Secret
}

export interface BuiltView {
  view: FileView
  /** Raw vendor parameters by name, passwords opened. */
  raw: ReadonlyMap<string, string | Secret>
  resolved: Resolved
  /** What did not fit onto the phone. */
  overflow: KeyLayout['overflow']
}

const NOTHING: ReadonlyMap<string, unknown> = new Map()

/** The layers that bear on a device, weakest first; `extension` is the one on its first line. */
export function deviceLayers(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord): LayerInput[] {
  const owner = device.lines[0]?.extensionId
  return [
    ...modelLayers(snapshot, model, device.siteId),
    ...(device.groupId ? [layer(snapshot, 'group', device.groupId)] : []),
    ...(owner ? [layer(snapshot, 'extension', owner)] : []),
    layer(snapshot, 'device', device.id),
  ]
}

/** The layers of a file that is the same for every phone of a model. */
function modelLayers(snapshot: Snapshot, model: PhoneModel, siteId: string): LayerInput[] {
  return [
    layer(snapshot, 'global', ''),
    layer(snapshot, 'site', siteId),
    layer(snapshot, 'vendor', model.family),
    layer(snapshot, 'model', model.model),
  ]
}

/** As `deviceLayers`, for one line: its own extension's layer, and the line's on top. */
export function lineLayers(snapshot: Snapshot, model: PhoneModel, device: DeviceRecord, line: Line): LayerInput[] {
  const layers = deviceLayers(snapshot, model, device).filter((input) => input.layer !== 'extension')
  const own = layers.pop()
  return [
    ...layers,
    layer(snapshot, 'extension', line.extensionId),
    ...(own ? [own] : []),
    layer(snapshot, 'line', line.id),
  ]
}

function layer(snapshot: Snapshot, name: LayerInput['layer'], owner: string): LayerInput {
  return { layer: name, owner, values: snapshot.layer(name, owner).values ?? NOTHING }
}

interface LayersResolved {
  vocabulary: Vocabulary
  /** Values of the layers that hold any; a layer that changes gets other values. */
  values: readonly LayerInput[]
  resolved: Resolved
}

const LAST_RESOLVED = new WeakMap<PhoneModel, LayersResolved>()

/** As `resolveSettings`; phones of a model mostly have the same settings, and then are given the same object. */
function resolveLayers(vocabulary: Vocabulary, model: PhoneModel, layers: readonly LayerInput[]): Resolved {
  const values = layers.filter((input) => input.values.size > 0)
  const last = LAST_RESOLVED.get(model)
  const isSame = last?.vocabulary === vocabulary && last.values.length === values.length
  if (isSame && values.every((input, index) => input.values === last.values[index]?.values)) return last.resolved
  const resolved = resolveSettings(vocabulary, values, model.family)
  LAST_RESOLVED.set(model, { vocabulary, values, resolved })
  return resolved
}

/** The view of a file of scope `model` or `vendor`. */
export function buildModelView(sources: ViewSources, model: PhoneModel, server: ServerAddress): BuiltView {
  const site = sources.snapshot.defaultSite()
  const layers = modelLayers(sources.snapshot, model, site.id)
  const resolved = reachable(model, resolveLayers(sources.vocabulary, model, layers))
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
  const resolved = reachable(model, resolveLayers(vocabulary, model, deviceLayers(snapshot, model, device)))
  const base = baseView(sources, model, server, resolved, device.firmwareVersion)
  const token = sources.open(device.sealedToken, SEAL_CONTEXTS.deviceToken(device.id)).reveal()
  const lines = Array.from({ length: model.lines }, (_, i) => lineView(sources, model, device, i + 1, base, cleared))
  const activeLines = lines.filter(({ enabled }) => enabled)
  const owner = snapshot.extension(device.lines[0]?.extensionId ?? '')
  const layout = layOutKeys(
    model,
    activeLines.map(({ n }) => n),
    cleared ? [] : (owner?.keys ?? []),
    cleared ? [] : device.keys,
  )
  const scheme = String(resolved.values.provisioningScheme)
  const path = `${authority(server, scheme)}/${token}/`
  const configUrl = `${scheme}://${path}`
  const imagesUrl =
    scheme === 'tftp' && model.capabilities?.tftpFirmware === false
      ? `http://${authority(server, 'http')}/${token}/`
      : configUrl
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

/** A phone whose TLS no server of today accepts would never be heard of again after an https URL: it is given http. */
function reachable(model: PhoneModel, resolved: Resolved): Resolved {
  const { values } = resolved
  if (model.capabilities?.https !== false || values.provisioningScheme !== 'https') return resolved
  return { ...resolved, values: { ...values, provisioningScheme: 'http' } }
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
      baseUrl: `${scheme}://${authority(server, scheme)}/`,
      configUrl: null,
      configPath: null,
      caUrl: `http://${authority(server, 'http')}/${CA_FILE}`,
    },
    settings: resolved.values,
    time: timeView(sources.zones, String(resolved.values.timezone)),
    cleared: false,
  }
}

interface Fixed {
  model: FileView['model']
  eras: Map<string, FileView['era']>
  unused: WeakMap<object, Map<number, LineView>>
}

const FIXED = new WeakMap<PhoneModel, Fixed>()

/** What is the same for all phones of a model, made once, so that what is written of it can be kept. */
function fixedOfModel(model: PhoneModel): Fixed {
  const known = FIXED.get(model)
  if (known) return known
  const { model: id, name, match, lines, capabilities = {} } = model
  const fixed: Fixed = {
    model: { id, name, token: match.model, lines, capabilities },
    eras: new Map(),
    unused: new WeakMap(),
  }
  FIXED.set(model, fixed)
  return fixed
}

function fixedOf(
  model: PhoneModel,
  lowest: number,
  highest: number,
): { fixed: FileView['model']; era: FileView['era'] } {
  const { model: fixed, eras } = fixedOfModel(model)
  const key = `${lowest} ${highest}`
  const known = eras.get(key)
  if (known) return { fixed, era: known }
  const era: Record<string, boolean> = {}
  for (const [name, { min = 0, max = Infinity }] of Object.entries(model.eras))
    era[name] = lowest <= max && highest >= min
  eras.set(key, era)
  return { fixed, era }
}

function unusedLine(model: PhoneModel, n: number, settings: LineView['settings']): LineView {
  const { unused } = fixedOfModel(model)
  let lines = unused.get(settings)
  if (!lines) unused.set(settings, (lines = new Map()))
  let line = lines.get(n)
  if (!line) {
    line = shared({ n, n0: n - 1, slot: model.accounts?.[n - 1] ?? {}, ...UNUSED, settings })
    lines.set(n, line)
  }
  return line
}

const UNUSED = {
  enabled: false,
  number: null,
  authUser: null,
  password: null,
  displayName: null,
  label: null,
  server: null,
  port: null,
  serverPort: null,
  outboundHost: null,
  outboundPort: null,
}

function lineView(
  sources: ViewSources,
  model: PhoneModel,
  device: DeviceRecord,
  n: number,
  { server, settings: common }: FileView,
  cleared: boolean,
): LineView {
  const line = device.lines.find(({ position }) => position === n)
  const extension = line && sources.snapshot.extension(line.extensionId)
  if (!line || !extension || !extension.enabled || cleared) return unusedLine(model, n, common)
  const slot = model.accounts?.[n - 1] ?? {}
  const place = { n, n0: n - 1, slot }
  const layers = lineLayers(sources.snapshot, model, device, line)
  const { values: settings } = resolveLayers(sources.vocabulary, model, layers)
  const registrar = hostAndPort(settings.sipServer)
  const host = registrar?.host ?? server.host
  const port = typeof settings.sipPort === 'number' ? settings.sipPort : (registrar?.port ?? server.sipPort)
  const proxy = hostAndPort(settings.outboundProxy)
  return {
    ...place,
    enabled: true,
    number: extension.number,
    authUser: line.authUsername,
    password: sources.open(line.sealedPassword, SEAL_CONTEXTS.linePassword(line.id)),
    displayName: extension.displayName || extension.number,
    label: cutLabel(line.label ?? (extension.displayName || extension.number), model.limits?.label),
    server: host,
    port,
    serverPort: `${host}:${port}`,
    outboundHost: proxy?.host ?? null,
    outboundPort: proxy ? (proxy.port ?? 5060) : null,
    settings,
  }
}

/** Splits a setting of type host: `name`, `name:port`, `[2001:db8::1]:port`. */
function hostAndPort(value: SettingScalar | undefined): { host: string; port?: number } | undefined {
  const [, host, port] = /^(.+?)(?::(\d+))?$/.exec(typeof value === 'string' ? value : '') ?? []
  if (host === undefined) return undefined
  return port === undefined ? { host } : { host, port: Number(port) }
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
