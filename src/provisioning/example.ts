import { z } from 'zod'
import { nameOfFile, type Catalog } from '../catalog/catalog.js'
import type { PhoneModel } from '../catalog/manifest.js'
import type { TimeZones } from '../catalog/time-zones.js'
import { KEY_KINDS, type Device, type Extension, type Layer, type Line, type LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import { requireMac } from '../domain/mac-address.js'
import { Secret, type Sealed } from '../domain/secret.js'
import type { Vocabulary } from '../settings/vocabulary.js'
import type { DeviceRecord, ExtensionRecord, LayerValues, Snapshot } from '../snapshot/snapshot.js'
import type { ServerAddress } from './file-view.js'
import type { Renderer } from './render.js'
import { buildDeviceView, buildModelView, type BuiltView, type ViewSources } from './view.js'

const keySchema = z.strictObject({
  kind: z.enum(KEY_KINDS),
  value: z.string().optional(),
  label: z.string().optional(),
  line: z.number().int().optional(),
})

/** `examples/<case>/given.yaml`: a phone with its people, in the words of the CLI. */
const givenSchema = z.strictObject({
  mac: z.string().default('001565aabbcc'),
  /** Firmware the phone is known to run. */
  firmware: z.string().optional(),
  server: z
    .strictObject({
      host: z.string(),
      httpPort: z.number(),
      httpsPort: z.number(),
      tftpPort: z.number(),
      sipPort: z.number(),
      sipsPort: z.number(),
    })
    .partial()
    .optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
  /** Raw vendor parameters. */
  raw: z.record(z.string(), z.string()).default({}),
  people: z
    .array(z.strictObject({ number: z.string(), name: z.string().default(''), keys: z.array(keySchema).default([]) }))
    .default([]),
  lines: z
    .array(
      z.strictObject({
        position: z.number().int().optional(),
        extension: z.string(),
        label: z.string().optional(),
        authUser: z.string().optional(),
        password: z.string().optional(),
      }),
    )
    .default([]),
  keys: z.array(keySchema.extend({ bank: z.string(), position: z.number().int() })).default([]),
  /** Keys of the phone's group. */
  groupKeys: z.array(keySchema).default([]),
  adminPassword: z.string().default('4dm1nPassw0rd'),
  cleared: z.boolean().default(false),
})
export type Given = z.infer<typeof givenSchema>

/** Reads given.yaml's content. Throws TEMPLATES_INVALID. */
export function parseGiven(content: unknown, where: string): Given {
  const parsed = givenSchema.safeParse(content ?? {})
  if (parsed.success) return parsed.data
  throw new AppError('TEMPLATES_INVALID', `${where}: ${z.prettifyError(parsed.error)}`)
}

const SERVER: ServerAddress = {
  ...{ host: '192.0.2.5', httpPort: 8080, httpsPort: 8443, tftpPort: 69, sipPort: 5060, sipsPort: 5061 },
}
const TOKEN = '0123456789abcdefghjkmnpqrstvwxyz'
const SITE = { id: 'site', slug: 'default', name: 'Example', revision: 1 }

export interface ExampleParts {
  catalog: Catalog
  vocabulary: Vocabulary
  zones: TimeZones
  render: Renderer
}

/** Renders every file an example's phone would get: file name -> bytes, in the order of the manifest. */
export function renderExample(parts: ExampleParts, model: PhoneModel, given: Given): Map<string, Uint8Array> {
  const device = deviceOf(model, given)
  const sources: ViewSources = {
    snapshot: snapshotOf(given, device),
    vocabulary: parts.vocabulary,
    zones: parts.zones,
    // Examples are public: "sealed" is the text itself.
    open: (sealed: Sealed) => new Secret(sealed),
  }
  const server = { ...SERVER, ...dropUndefined(given.server ?? {}) }
  const files = new Map<string, Uint8Array>()
  for (const file of parts.catalog.files(model.model)) {
    const name = nameOfFile(model, file, device.mac)
    if (file.expectedMiss || name === undefined) continue
    const built: BuiltView =
      file.scope === 'device'
        ? buildDeviceView(sources, model, device, server, given.cleared)
        : buildModelView(sources, model, server)
    files.set(name, parts.render({ model, file, view: built.view, raw: built.raw }).body)
  }
  return files
}

function dropUndefined(server: NonNullable<Given['server']>): Partial<ServerAddress> {
  return Object.fromEntries(Object.entries(server).filter(([, value]) => value !== undefined))
}

function keysOf(owner: LineKey['owner'], keys: readonly z.infer<typeof keySchema>[]): LineKey[] {
  return keys.map((key, index) => ({
    id: `${owner.id}-key-${index + 1}`,
    owner,
    position: 'position' in key ? Number(key.position) : index + 1,
    kind: key.kind,
    ...('bank' in key ? { bank: String(key.bank) } : {}),
    ...(key.value === undefined ? {} : { value: key.value }),
    ...(key.label === undefined ? {} : { label: key.label }),
    ...(key.line === undefined ? {} : { line: key.line }),
  }))
}

function deviceOf(model: PhoneModel, given: Given): DeviceRecord {
  const lines: Line[] = given.lines.map((line, index) => ({
    id: `line-${index + 1}`,
    deviceId: 'device',
    position: line.position ?? index + 1,
    extensionId: `extension-${line.extension}`,
    authUsername: line.authUser ?? `${line.extension}-abc123`,
    sealedPassword: (line.password ?? `password-of-${line.extension}`) as Sealed,
    ...(line.label === undefined ? {} : { label: line.label }),
  }))
  const device: Device = {
    id: 'device',
    siteId: SITE.id,
    mac: requireMac(given.mac),
    model: model.model,
    state: 'approved',
    sealedToken: TOKEN as Sealed,
    tokenHash: '',
    sealedAdminPassword: given.adminPassword as Sealed,
    revision: 1,
    ...(given.firmware === undefined ? {} : { firmwareVersion: given.firmware }),
    ...(given.groupKeys.length === 0 ? {} : { groupId: 'group' }),
  }
  return { ...device, lines, keys: keysOf({ kind: 'device', id: 'device' }, given.keys) }
}

function peopleOf(given: Given): ExtensionRecord[] {
  return given.people.map(({ number, name, keys }) => {
    const id = `extension-${number}`
    const extension: Extension = {
      id,
      siteId: SITE.id,
      number: requireExtensionNumber(number),
      displayName: name,
      authUsername: number,
      sealedPassword: 'unused' as Sealed,
      enabled: true,
      revision: 1,
    }
    return { ...extension, keys: keysOf({ kind: 'extension', id }, keys) }
  })
}

function snapshotOf(given: Given, device: DeviceRecord): Snapshot {
  const people = peopleOf(given)
  const family = device.model.split('/')[0] ?? ''
  const values = new Map<string, unknown>(Object.entries(given.settings))
  for (const [name, value] of Object.entries(given.raw)) values.set(`raw.${family}.${name}`, value)
  const global: LayerValues = { revision: 1, values }
  const none: LayerValues = { revision: 0, values: new Map() }
  const group: LayerValues = { ...none, keys: keysOf({ kind: 'group', id: 'group' }, given.groupKeys) }
  return {
    version: {},
    deviceByMac: (mac) => (mac === device.mac ? device : undefined),
    deviceByTokenHash: () => undefined,
    deviceByLine: () => undefined,
    device: (id) => (id === device.id ? device : undefined),
    extension: (id) => people.find((person) => person.id === id),
    extensionByNumber: (_siteId, number) => people.find((person) => person.number === number),
    digestUser: () => undefined,
    someDigestName: () => undefined,
    site: () => SITE,
    siteByDomain: () => undefined,
    defaultSite: () => SITE,
    layer: (layer: Layer) => (layer === 'global' ? global : layer === 'group' ? group : none),
    counts: () => ({ devices: 1, extensions: people.length }),
  }
}
