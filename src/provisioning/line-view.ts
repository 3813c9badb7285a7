import { cutLabel } from '../catalog/key-bank.js'
import type { TimeZones } from '../catalog/time-zones.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { Secret, Sealed } from '../domain/secret.js'
import { SEAL_CONTEXTS } from '../secrets/contexts.js'
import type { SettingScalar, Vocabulary } from '../settings/vocabulary.js'
import { personLayers } from '../snapshot/person-layers.js'
import type { DeviceRecord, Snapshot } from '../snapshot/snapshot.js'
import type { FileView, LineView } from './file-view.js'
import { lineLayers, resolveLayers } from './layers.js'
import { fixedOfModel } from './model-view.js'
import { withoutOldTls } from './old-tls.js'
import { withOwnMobile } from './own-mobile.js'
import { shared } from './shared-item.js'

/** What views are built from; the same for every phone. */
export interface ViewSources {
  snapshot: Snapshot
  vocabulary: Vocabulary
  zones: TimeZones
  /** Opens a sealed value of the row that `context` names (secrets/seal.ts). */
  open(sealed: Sealed, context: string): Secret
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

/** One account: that of a line in use, or one that is switched off. */
export function lineView(
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
  const layers = lineLayers(sources.snapshot, model, device, line)
  const { values } = resolveLayers(sources.vocabulary, model, layers)
  const settings = withOwnMobile(withoutOldTls(model, values), () =>
    personLayers(sources.snapshot, device, extension.id),
  )
  const isTls = settings.transport === 'tls'
  const registrar = hostAndPort(settings.sipServer)
  const host = registrar?.host ?? server.host
  const port =
    typeof settings.sipPort === 'number'
      ? settings.sipPort
      : (registrar?.port ?? (isTls ? server.sipsPort : server.sipPort))
  const proxy = hostAndPort(settings.outboundProxy)
  return {
    n,
    n0: n - 1,
    slot,
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
    outboundPort: proxy ? (proxy.port ?? (isTls ? 5061 : 5060)) : null,
    settings,
  }
}

/** Splits a setting of type host: `name`, `name:port`, `[2001:db8::1]:port`. */
function hostAndPort(value: SettingScalar | undefined): { host: string; port?: number } | undefined {
  const [, host, port] = /^(.+?)(?::(\d+))?$/.exec(typeof value === 'string' ? value : '') ?? []
  if (host === undefined) return undefined
  return port === undefined ? { host } : { host, port: Number(port) }
}
