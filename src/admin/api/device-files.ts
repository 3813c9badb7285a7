import { z } from 'zod'
import { ALL_SITES, may } from '../../accounts/permissions.js'
import { fileNamed, nameOfFile } from '../../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../../catalog/manifest.js'
import type { Author } from '../../database/change.js'
import { LAYERS } from '../../domain/entities.js'
import { AppError } from '../../domain/errors.js'
import { diffEntries } from '../../provisioning/kept-diff.js'
import { originsOf } from '../../provisioning/origins.js'
import { requireCatalogModel } from '../../provisioning/preview.js'
import { buildDeviceView, buildModelView } from '../../provisioning/view.js'
import { READERS, type ReaderName } from '../../readers/index.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import { ownerNames } from '../settings-place.js'
import { whoSet } from '../who-set.js'
import { route, type Call } from '../route.js'
import { diffSchema } from './effects.js'
import { mac, settingValue, text } from './schemas.js'
import { isoTime } from './views.js'

const SOURCES = ['setting', 'raw', 'person', 'key', 'phone', 'server', 'model'] as const
const MASK = '********'

const lineSchema = z
  .object({
    text: z.string(),
    parameter: z.string().optional(),
    from: z.enum(SOURCES).optional().meta({ description: 'Absent for lines without a parameter' }),
    settings: z
      .array(
        z.object({
          key: z.string(),
          value: settingValue,
          layer: z.enum(['shipped', ...LAYERS]),
          owner: z.string(),
          setBy: z.string().optional(),
          setAt: z.string().optional(),
        }),
      )
      .meta({ description: 'With another value of one of these the line would be another' }),
  })
  .meta({ id: 'OriginLine' })

export type OriginLineView = z.output<typeof lineSchema>

const diffAnswer = z
  .object({
    state: z.enum(['same', 'changed', 'unknown']).meta({ description: 'unknown: it never asked, or too long ago' }),
    servedAt: z.string().optional(),
    kept: z.boolean().meta({ description: 'The file as it was given is there to compare with' }),
    diff: diffSchema,
    since: z
      .array(
        z.object({ at: z.string(), actor: z.string(), action: z.string(), entity: z.string(), entityId: z.string() }),
      )
      .meta({ description: 'What was changed since, where it is not kept' }),
  })
  .meta({ id: 'ServedDiff' })

export type ServedDiff = z.output<typeof diffAnswer>

function requireFile({ parts }: Call, device: DeviceRecord, name: string): { model: PhoneModel; file: PhoneFile } {
  const model = requireCatalogModel(parts.catalog, device.model)
  const file = fileNamed(parts.catalog, model, device.mac, name)
  if (file) return { model, file }
  throw new AppError('FILE_NOT_FOUND', `${name.slice(0, 80)} is not a file of this phone`, { field: 'file' })
}

const told = (author: Author | undefined): { setBy?: string; setAt?: string } =>
  author ? { setBy: author.actor, setAt: isoTime(author.at) } : {}

const maySeeAudit = ({ by, site }: Call): boolean =>
  may(by.rights, 'audit.read', site.id) || may(by.rights, 'audit.read', ALL_SITES)

const LATEST = 20

export const deviceFileRoutes = [
  route({
    id: 'showFileOrigins',
    method: 'get',
    path: '/devices/{mac}/files/{name}/origins',
    tag: 'State',
    summary:
      'Where each line of a file comes from: setting, layer, who set it and when; else person, key, phone, server',
    access: 'files.read',
    params: { mac, name: text },
    answer: z.object({ lines: z.array(lineSchema) }),
    handle: async (call) => {
      const { parts, use, params } = call
      const device = await use.devices.show(params.mac)
      const { model, file } = requireFile(call, device, params.name)
      const turns = parts.turns()
      const lines = await originsOf({ ...parts, turns }, model, file, device, parts.serverAddress())
      const nameOf = await ownerNames(call)
      const authorOf = maySeeAudit(call) ? await whoSet((query) => parts.audit(query), lines) : () => undefined
      return {
        body: {
          lines: lines.map((line) => ({
            ...line,
            settings: line.settings.map(({ key, origin, value }) => ({
              ...{ key, layer: origin.layer, owner: nameOf(origin), ...told(authorOf({ key, origin })) },
              value: (value !== null && parts.isSecretSetting(key) ? MASK : (value ?? null)) as z.input<
                typeof settingValue
              >,
            })),
          })),
        },
      }
    },
  }),
  route({
    id: 'showFileDiff',
    method: 'get',
    path: '/devices/{mac}/files/{name}/diff',
    tag: 'State',
    summary:
      'What is different between a file as the phone was given it last and as it would get it now, secrets masked',
    access: 'files.read',
    params: { mac, name: text },
    answer: diffAnswer,
    handle: async (call) => {
      const { parts, use, params } = call
      const device = await use.devices.show(params.mac)
      const { model, file } = requireFile(call, device, params.name)
      const name = nameOfFile(model, file, device.mac) ?? ''
      const changed = await parts.waiting.look(device)
      const other = changed?.find((one) => one.name === name)
      if (!other) {
        return { body: { state: changed === undefined ? 'unknown' : 'same', kept: false, diff: [], since: [] } }
      }
      const bytes = await parts.keptFile(other.servedSha256)
      const before = bytes && READERS[file.reader as ReaderName](bytes)
      const served = { state: 'changed' as const, servedAt: isoTime(other.servedAt) }
      if (!before?.ok)
        return { body: { ...served, kept: false, diff: [], since: await changesSince(call, other.servedAt) } }
      const server = parts.serverAddress()
      const { view, raw } =
        file.scope === 'device'
          ? buildDeviceView(parts.viewSources, model, device, server)
          : buildModelView(parts.viewSources, model, server)
      const { entries } = parts.render({ model, file, view, raw })
      return { body: { ...served, kept: true, diff: diffEntries(model, before.entries, entries), since: [] } }
    },
  }),
]

/** Honest where the file is not kept: what was changed since, of all that may bear on it. */
async function changesSince(call: Call, since: number): Promise<ServedDiff['since']> {
  if (!maySeeAudit(call)) return []
  const all = may(call.by.rights, 'audit.read', ALL_SITES)
  const entries = await call.parts.audit({ siteId: all ? undefined : call.site.id, limit: 200 })
  return entries
    .filter(({ at, entity }) => at >= since && ['setting', 'extension', 'device', 'group'].includes(entity))
    .slice(0, LATEST)
    .map(({ at, actor, action, entity, entityId }) => ({ at: isoTime(at), actor, action, entity, entityId }))
}
