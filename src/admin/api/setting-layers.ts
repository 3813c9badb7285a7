import { z } from 'zod'
import { ALL_SITES, may } from '../../accounts/permissions.js'
import type { Layer } from '../../domain/entities.js'
import { requireCatalogModel } from '../../provisioning/preview.js'
import { deviceLayers, lineLayers } from '../../provisioning/view.js'
import { resolveSettings, type LayerInput, type Origin } from '../../settings/resolve.js'
import { parseRawKey } from '../../settings/vocabulary.js'
import { route, type Call } from '../route.js'
import { ownerId, ownerNames } from '../settings-place.js'
import { settingParams } from './settings.js'
import { layer, settingValue } from './schemas.js'
import { isoTime } from './views.js'

const SECRET = '[secret]'

const originSchema = z.object({
  layer: z.enum(['shipped', ...layer.options]),
  owner: z.string().meta({ description: 'By name; empty for shipped, global and site' }),
})

const layerSetting = z
  .object({
    key: z.string(),
    set: z.boolean(),
    value: settingValue.meta({ description: 'What this layer says; else what it would say' }),
    inherited: settingValue.meta({ description: 'What weaker layers say, as far as they are the same for all' }),
    origin: originSchema.meta({ description: 'Where the inherited value comes from' }),
    setBy: z.string().optional(),
    setAt: z.string().optional(),
  })
  .meta({ id: 'LayerSetting' })

/** Weaker layers that are the same whatever phone the layer's values reach. */
async function weakerLayers(call: Call, of: Layer, owner: string): Promise<{ layers: LayerInput[]; family: string }> {
  const { parts, site, use } = call
  const { snapshot } = parts.viewSources
  const at = (one: Layer, id: string): LayerInput => ({ layer: one, owner: id, values: snapshot.layer(one, id).values })
  const general = [at('global', ''), at('site', site.id)]
  switch (of) {
    case 'global':
      return { layers: [], family: '' }
    case 'site':
      return { layers: general.slice(0, 1), family: '' }
    case 'vendor':
      return { layers: general, family: owner }
    case 'model': {
      const model = requireCatalogModel(parts.catalog, owner)
      return { layers: [...general, at('vendor', model.family)], family: model.family }
    }
    case 'group':
    case 'extension':
      return { layers: general, family: '' }
    case 'device':
    case 'line': {
      const device = await use.devices.show(owner.replace(/\.\d+$/, ''))
      const model = requireCatalogModel(parts.catalog, device.model)
      const line = device.lines.find(({ position }) => owner.endsWith(`.${position}`))
      const all =
        of === 'line' && line ? lineLayers(snapshot, model, device, line) : deviceLayers(snapshot, model, device)
      return { layers: all.filter((input) => input.layer !== of), family: model.family }
    }
  }
}

export const settingLayerRoutes = [
  route({
    id: 'explainLayer',
    method: 'get',
    path: '/settings/{layer}/{owner}/explained',
    tag: 'Settings',
    summary: 'Every setting that can be set at a layer: what is set, what it inherits and from where',
    access: 'settings.read',
    params: settingParams,
    answer: z.object({ revision: z.number().int(), items: z.array(layerSetting) }),
    handle: async (call) => {
      const { parts, use, site, by } = call
      const { layer: of, owner } = call.params
      const id = await ownerId(parts, use, site.id, of, owner)
      const own = new Map((await use.settings.list(of, id)).map(({ key, value }) => [key, value]))
      const { layers, family } = await weakerLayers(call, of, owner)
      const { vocabulary } = parts.viewSources
      const resolved = resolveSettings(vocabulary, layers, family)
      const masked = (key: string, value: unknown): unknown =>
        value !== null && value !== undefined && value !== '' && parts.isSecretSetting(key) ? SECRET : (value ?? null)
      const keys = [...vocabulary].filter(([, { layers: allowed }]) => allowed.includes(of)).map(([key]) => key)
      const raw = [...own.keys()].filter((key) => parseRawKey(key) !== undefined)
      const nameOf = await ownerNames(call)
      const whose = may(by.rights, 'audit.read', site.id) || may(by.rights, 'audit.read', ALL_SITES)
      const items = await Promise.all(
        [...keys, ...raw].map(async (key) => {
          const inherited = resolved.values[key] ?? resolved.raw.get(parseRawKey(key)?.parameter ?? '') ?? null
          const origin: Origin = resolved.origin(key)
          const [setting] =
            whose && own.has(key)
              ? await parts.audit({ entity: 'setting', entityId: `${of}:${id}:${key}`, limit: 1 })
              : []
          return {
            key,
            set: own.has(key),
            value: masked(key, own.has(key) ? own.get(key) : inherited) as z.input<typeof settingValue>,
            inherited: masked(key, inherited) as z.input<typeof settingValue>,
            origin: { layer: origin.layer, owner: nameOf(origin) },
            ...(setting ? { setBy: setting.actor, setAt: isoTime(setting.at) } : {}),
          }
        }),
      )
      const revision = await use.settings.revision(of, id)
      return { body: { revision, items }, entity: { id: `${of}:${id}`, revision } }
    },
  }),
]
