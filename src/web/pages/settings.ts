import type { AppError } from '../../domain/errors.js'
import type { Layer } from '../../domain/entities.js'
import { parseRawKey } from '../../settings/vocabulary.js'
import { ask, done, hiddenHere, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { FEATURE_SETTINGS, type Feature } from '../../admin/features.js'
import { ownerId } from '../../admin/settings-place.js'
import { settingHelp, settingLabel } from '../program-texts.js'
import { closingText, fieldText, isLayer, layerTitle, shownValue, valueField } from './setting-values.js'

/** A setting of a layer, as the API gives it. */
interface LayerSetting {
  key: string
  set: boolean
  value: unknown
  inherited: unknown
  origin: { layer: Layer | 'shipped'; owner: string }
  setBy?: string
  setAt?: string
}

interface Effect {
  id: string
  complete: boolean
  looked: number
  of: number
  changed?: number
  restarting?: number
  failing?: number
  failure?: string
  failed?: string
  phones?: string[]
  sample?: { mac: string; files: { name: string; diff: { kind: string; text: string }[] }[] }
}

const ofLayer = ({ params }: PageCall): { layer: string; owner: string } => {
  const { layer = '', owner = '' } = params
  return { layer, owner }
}

/** Address of a layer's page. */
export function layerPath(layer: string, owner: string): string {
  return `/settings/${layer}/${encodeURIComponent(owner === '' ? '-' : owner)}`
}

const settingPath = (call: PageCall): string => {
  const { layer, owner } = ofLayer(call)
  return `${layerPath(layer, owner)}/${encodeURIComponent(call.params.key ?? '')}`
}

async function overview(call: PageCall): Promise<PageAnswer> {
  const { parts, words } = call
  const { items: groups } = await ask<{ items: { name: string; id: string }[] }>(call, 'listGroups')
  const { snapshot } = parts.viewSources
  const row = (layer: Layer, owner: string, id: string): object => ({
    path: layerPath(layer, owner),
    name: layerTitle(call, layer, owner),
    count: snapshot.layer(layer, id).values.size,
  })
  const models = [...parts.catalog.models()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const used = new Set([...parts.snapshot.allDevices()].map(({ model }) => model))
  return {
    view: 'settings',
    title: words.t('settings.title'),
    menu: 'settings',
    data: {
      general: [row('global', '-', ''), row('site', '-', call.site.id)],
      vendors: [...new Set(models.map(({ family }) => family))].sort().map((family) => row('vendor', family, family)),
      groups: groups.map(({ name, id }) => row('group', name, id)),
      // Models that nobody has are many.
      models: models
        .filter(({ model }) => used.has(model) || snapshot.layer('model', model).values.size > 0)
        .map(({ model }) => row('model', model, model)),
    },
  }
}

async function explained(call: PageCall): Promise<{ revision: number; items: LayerSetting[] }> {
  return ask(call, 'explainLayer', { params: ofLayer(call) })
}

function settingRow(call: PageCall, one: LayerSetting): object {
  const { layer, owner } = ofLayer(call)
  const definition = call.parts.viewSources.vocabulary.get(one.key)
  return {
    ...one,
    setBy: one.setBy,
    label: settingLabel(call.words, one.key),
    help: settingHelp(call.words, one.key, call.parts.viewSources.vocabulary),
    unit: definition?.unit,
    shown: shownValue(call, one.value),
    from: layerTitle(call, one.origin.layer, one.origin.owner),
    at: one.setAt === undefined ? undefined : Date.parse(one.setAt),
    path: `${layerPath(layer, owner)}/${encodeURIComponent(one.key)}`,
  }
}

async function layerPage(call: PageCall): Promise<PageAnswer> {
  const { layer, owner } = ofLayer(call)
  const { items } = await explained(call)
  const { vocabulary } = call.parts.viewSources
  const { q = '', only } = call.query
  const wanted = q.trim().toLowerCase()
  const hidden: readonly (Feature | undefined)[] = hiddenHere(call)
  const fits = (one: LayerSetting): boolean =>
    !hidden.includes(FEATURE_SETTINGS[one.key]) &&
    (only === undefined || one.set) &&
    [one.key, settingLabel(call.words, one.key), settingHelp(call.words, one.key, vocabulary)].some((text) =>
      text?.toLowerCase().includes(wanted),
    )
  const shown = items.filter(fits)
  const by = (who: string) =>
    shown.filter(({ key }) => vocabulary.get(key)?.actedOnBy === who).map((one) => settingRow(call, one))
  const sections = [
    { id: 'phone', title: call.words.t('settings.phone'), rows: by('phone') },
    { id: 'server', title: call.words.t('settings.server'), rows: by('server') },
    {
      id: 'raw',
      title: call.words.t('settings.raw'),
      rows: shown.filter(({ key }) => parseRawKey(key)).map((one) => settingRow(call, one)),
    },
    { id: 'pbx', title: call.words.t('settings.pbx'), rows: hidden.includes('pbx-fields') ? [] : by('pbx') },
  ]
  return {
    view: 'setting-layer',
    title: isLayer(layer) ? layerTitle(call, layer, owner === '-' ? '' : owner) : layer,
    menu: 'settings',
    data: {
      sections: sections.filter(({ rows }) => rows.length > 0),
      state: { q: q === '' ? undefined : q, only },
      here: layerPath(layer, owner),
    },
  }
}

/** A setting that is named at once, such as a maker's own parameter, has its page at once. */
function layerOrSetting(call: PageCall): Promise<PageAnswer> | PageAnswer {
  const { layer, owner } = ofLayer(call)
  const key = (call.query.key ?? '').trim()
  return key === '' ? layerPage(call) : { to: `${layerPath(layer, owner)}/${encodeURIComponent(key)}` }
}

interface Shown {
  refused?: AppError | undefined
  /** What is to be saved: from the form. */
  typed?: string | undefined
  reset?: boolean
  effect?: Effect | undefined
}

/** The page of one setting: its form, and once a value is given what it would change, with the ways to save it. */
async function settingPage(call: PageCall, { refused, typed, reset = false, effect }: Shown = {}): Promise<PageAnswer> {
  const { layer, owner } = ofLayer(call)
  const { key = '' } = call.params
  const { revision, items } = await explained(call)
  const definition = call.parts.viewSources.vocabulary.get(key)
  const stored = items.find((one) => one.key === key)
  const inherited = stored?.inherited ?? null
  const origin = stored?.origin ?? { layer: 'shipped' as const, owner: '' }
  const value = typed ?? (definition?.type === 'secret' ? '' : fieldText(stored?.set ? stored.value : inherited))
  const planned = mayUse(call, 'listScheduledChanges')
    ? await ask<{ zone: string; closedNext?: string }>(call, 'listScheduledChanges', { query: { limit: '1' } })
    : undefined
  return {
    view: 'setting',
    title: settingLabel(call.words, key) ?? key,
    menu: 'settings',
    ...(refused ? { status: refused.code === 'REVISION_CONFLICT' ? 412 : 422 } : {}),
    data: {
      ...{
        key,
        value,
        reset,
        zone: planned?.zone,
        closing: closingText(call, planned?.closedNext),
        label: settingLabel(call.words, key),
      },
      help: settingHelp(call.words, key, call.parts.viewSources.vocabulary),
      where: isLayer(layer) ? layerTitle(call, layer, owner === '-' ? '' : owner) : layer,
      seen: await seenOf(call, revision),
      field: valueField(call, key, definition, value),
      set: stored?.set ?? false,
      now: shownValue(call, stored?.value ?? null),
      inherits: call.words.t('settings.inherits', {
        value: shownValue(call, inherited),
        origin: layerTitle(call, origin.layer, origin.owner),
      }),
      shownNew: shownValue(call, typed === 'true' ? true : typed === 'false' ? false : typed),
      ...{ here: settingPath(call), back: layerPath(layer, owner) },
      effect: effect && effectShown(call, effect),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

async function seenOf(call: PageCall, revision: number): Promise<{ id: string; revision: number }> {
  const { layer, owner } = ofLayer(call)
  return { id: `${layer}:${await ownerId(call.parts, call.use, call.site.id, layer as Layer, owner)}`, revision }
}

/** An effect as the page shows it. */
function effectShown({ parts }: PageCall, effect: Effect): object {
  const named = (effect.phones ?? []).map((mac) => {
    const phone = parts.snapshot.deviceByMac(mac as never)
    return { mac, name: phone?.name, macText: mac.replace(/(..)(?=.)/g, '$1:') }
  })
  const { changed, restarting, failing, failure, failed, sample } = effect
  return { ...effect, changed, restarting, failing, failure, failed, sample, named }
}

/** What the form says: a value, or that the inherited one is to hold. */
const changeOf = ({ form }: PageCall): { value?: string } => (form.reset === 'yes' ? {} : { value: form.value ?? '' })

const shownAgain = (call: PageCall, refused: AppError): Promise<PageAnswer> =>
  settingPage(call, { refused, typed: call.form.value })

export const settingPages = [
  page({ id: 'settings', method: 'get', path: '/settings', of: 'listSettings', run: overview }),
  page({ id: 'effect', method: 'get', path: '/effects/{id}', of: 'showEffect', run: showEffect }),
  page({
    id: 'settingLayer',
    method: 'get',
    path: '/settings/{layer}/{owner}',
    of: 'explainLayer',
    run: layerOrSetting,
  }),
  page({
    id: 'setting',
    method: 'get',
    path: '/settings/{layer}/{owner}/{key}',
    of: 'explainLayer',
    run: (call) => settingPage(call),
  }),
  page({
    id: 'previewSetting',
    method: 'post',
    path: '/settings/{layer}/{owner}/{key}/preview',
    of: 'previewSetting',
    run: async (call) => {
      const effect = await ask<Effect>(call, 'previewSetting', { params: call.params, body: changeOf(call) })
      return settingPage(call, { effect, reset: call.form.reset === 'yes', typed: call.form.value })
    },
    refused: shownAgain,
  }),
  page({
    id: 'saveSetting',
    method: 'post',
    path: '/settings/{layer}/{owner}/{key}',
    of: 'setSetting',
    run: async (call) => {
      const { value } = changeOf(call)
      const resync = call.form.tell === 'yes'
      if (value === undefined) {
        await ask(call, 'unsetSetting', { params: call.params, query: { resync: String(resync) } })
      } else await ask(call, 'setSetting', { params: call.params, body: { value, resync } })
      return { to: done(backTo(call), resync ? 'told' : value === undefined ? 'reset' : 'saved') }
    },
    refused: shownAgain,
  }),
  page({
    id: 'planSetting',
    method: 'post',
    path: '/settings/{layer}/{owner}/{key}/plan',
    of: 'addScheduledChange',
    run: async (call) => {
      const { layer, owner, key } = call.params
      const body = { layer, owner, key, ...changeOf(call), at: call.form.at ?? '' }
      await ask(call, 'addScheduledChange', { body })
      return { to: done('/planned', 'planned') }
    },
    refused: shownAgain,
  }),
]

const backTo = (call: PageCall): string => layerPath(ofLayer(call).layer, ofLayer(call).owner)

async function showEffect(call: PageCall): Promise<PageAnswer> {
  const effect = await ask<Effect>(call, 'showEffect', { params: call.params })
  return { view: 'effect', title: call.words.t('effect.title'), data: { effect: effectShown(call, effect) } }
}
