import { z } from 'zod'
import { deviceLayers, lineLayers } from '../../provisioning/view.js'
import { requireCatalogModel } from '../../provisioning/preview.js'
import { resolveSettings, type Origin } from '../../settings/resolve.js'
import { AppError } from '../../domain/errors.js'
import { route, type Answer, type Call } from '../route.js'
import { saveSetting } from '../save-setting.js'
import { ownerId } from '../settings-place.js'
import type { Layer } from '../../domain/entities.js'
import { explained, flag, layer, linePosition, mac, pageSchema, settingValue, settings, text } from './schemas.js'

const TAG = 'Settings'
export const settingParams = {
  layer,
  owner: text.meta({
    description:
      'global and site: -; vendor: family; model: id; group: name; extension: number; device: MAC; line: MAC.position',
  }),
}
const params = settingParams
const SECRET = '[secret]'

const resync = z
  .boolean()
  .optional()
  .meta({ description: 'Ask the phones whose files this changes, and no others, to fetch them' })

export async function shownSettings(call: Call, of: Layer, owner: string, asked?: number): Promise<Answer> {
  const id = await ownerId(call.parts, call.use, call.site.id, of, owner)
  const values = await call.use.settings.list(of, id)
  const revision = await call.use.settings.revision(of, id)
  return {
    body: {
      ...{ layer: of, owner, revision, asked },
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    },
    entity: { id: `${of}:${id}`, revision },
  }
}

export const settingRoutes = [
  route({
    id: 'listSettings',
    method: 'get',
    path: '/vocabulary',
    tag: TAG,
    summary: 'Every setting there is, with type, unit, default and layers',
    access: 'settings.read',
    answer: z.array(
      z.object({
        key: z.string(),
        type: z.string(),
        actedOnBy: z.enum(['phone', 'server', 'pbx']).meta({ description: 'pbx: kept for the switchboard only' }),
        structure: z.string().optional(),
        values: z.array(z.string()).optional(),
        min: z.number().optional(),
        max: z.number().optional(),
        unit: z.string().optional(),
        default: settingValue,
        layers: z.array(layer),
        help: z.string(),
      }),
    ),
    handle: ({ parts }) => ({
      body: [...parts.viewSources.vocabulary].map(([key, definition]) => ({ key, ...definition })),
    }),
  }),
  route({
    id: 'showSettings',
    method: 'get',
    path: '/settings/{layer}/{owner}',
    tag: TAG,
    summary: 'What is set at a layer; secret values are not shown',
    access: 'settings.read',
    params,
    answer: settings,
    handle: (call) => shownSettings(call, call.params.layer, call.params.owner),
  }),
  route({
    id: 'setSetting',
    method: 'put',
    path: '/settings/{layer}/{owner}/{key}',
    tag: TAG,
    summary: 'Set a value',
    access: 'settings.write',
    params: { ...params, key: text },
    body: z.strictObject({ value: settingValue, resync }),
    conditional: true,
    answer: settings,
    handle: async (call) => {
      const asked = await saveSetting(call, call.params, call.body.value, call.body.resync ?? false)
      return shownSettings(call, call.params.layer, call.params.owner, asked)
    },
  }),
  route({
    id: 'unsetSetting',
    method: 'delete',
    path: '/settings/{layer}/{owner}/{key}',
    tag: TAG,
    summary: 'Back to what weaker layers say',
    access: 'settings.write',
    params: { ...params, key: text },
    query: { resync: flag.optional() },
    conditional: true,
    answer: settings,
    handle: async (call) => {
      const asked = await saveSetting(call, call.params, undefined, call.query.resync ?? false)
      return shownSettings(call, call.params.layer, call.params.owner, asked)
    },
  }),
  route({
    id: 'explainSettings',
    method: 'get',
    path: '/devices/{mac}/settings',
    tag: TAG,
    summary: 'Every setting of a phone, where it comes from, and what weaker layers say',
    access: 'settings.read',
    params: { mac },
    query: { line: linePosition.optional() },
    answer: pageSchema(explained),
    handle: async ({ parts, use, params: { mac: own }, query }) => {
      const device = await use.devices.show(own)
      const model = requireCatalogModel(parts.catalog, device.model)
      const { snapshot, vocabulary } = parts.viewSources
      const line = query.line === undefined ? undefined : device.lines.find(({ position }) => position === query.line)
      if (query.line !== undefined && !line) {
        throw new AppError('LINE_INVALID', `the phone has no line ${query.line}`, { field: 'line' })
      }
      const layers = line ? lineLayers(snapshot, model, device, line) : deviceLayers(snapshot, model, device)
      const resolved = resolveSettings(vocabulary, layers, model.family)
      const raw = [...resolved.raw.keys()].map((name) => `raw.${model.family}.${name}`)
      const masked = (key: string, value: unknown): unknown =>
        value !== null && value !== '' && parts.isSecretSetting(key) ? SECRET : value
      const items = [...vocabulary.keys(), ...raw].map((key) => {
        const candidates = resolved.explain(key).map((one) => ({ origin: one.origin, value: masked(key, one.value) }))
        const value = resolved.values[key] ?? candidates.at(-1)?.value ?? null
        return { key, value: masked(key, value), origin: resolved.origin(key) satisfies Origin, candidates }
      })
      return { body: { items, total: items.length } }
    },
  }),
]
