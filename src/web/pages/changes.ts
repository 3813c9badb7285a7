import type { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import { wallTime } from '../../settings/local-time.js'
import { ask, done, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import type { Layer } from '../../domain/entities.js'
import { settingLabel } from '../program-texts.js'
import { closingText, layerTitle, shownValue } from './setting-values.js'
import { layerPath } from './settings.js'

interface Changes {
  items: { mac: string; name?: string; model: string; files: { name: string; servedAt: string }[] }[]
  total: number
  same: number
  unknown: number
  closedNext?: string
}

interface Planned {
  id: string
  at: string
  layer: Layer
  owner: string
  key: string
  value?: unknown
  state: 'waiting' | 'done' | 'failed' | 'cancelled'
  changed?: number
  asked?: number
  reason?: string
  createdBy: string
  revision: number
}

/** Phones listed; more are counted. */
const LISTED = 200

async function changes(call: PageCall): Promise<PageAnswer> {
  const found = await ask<Changes>(call, 'listChanges', { query: { limit: String(LISTED) } })
  return {
    view: 'changes',
    title: call.words.t('changes.title'),
    menu: 'settings',
    data: {
      ...found,
      closing: closingText(call, found.closedNext),
      more: found.total > found.items.length ? found.items.length : undefined,
      phones: found.items.map((one) => ({
        ...one,
        macText: formatMac(one.mac as Mac),
        modelName: call.parts.catalog.model(one.model)?.name ?? one.model,
        servedAt: Math.max(...one.files.map(({ servedAt }) => Date.parse(servedAt))),
        fileNames: one.files.map(({ name }) => name).join(', '),
      })),
    },
  }
}

async function planned(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const { items, zone } = await ask<{ items: Planned[]; zone: string }>(call, 'listScheduledChanges')
  return {
    view: 'planned',
    title: call.words.t('planned.title'),
    menu: 'settings',
    ...(refused ? { status: 409 } : {}),
    data: {
      zone,
      items: items.map((one) => ({
        ...one,
        when: wallTime(zone, Date.parse(one.at)).replace('T', ' '),
        label: settingLabel(call.words, one.key),
        where: layerTitle(call, one.layer, one.owner === '-' ? '' : one.owner),
        path: `${layerPath(one.layer, one.owner)}/${encodeURIComponent(one.key)}`,
        what: one.value === undefined ? call.words.t('settings.reset') : shownValue(call, one.value),
        stateText: call.words.t(`planned.state.${one.state}`, one as unknown as Record<string, unknown>),
        waits: one.state === 'waiting',
      })),
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

export const changePages = [
  page({ id: 'changes', method: 'get', path: '/changes', of: 'listChanges', run: changes }),
  page({
    id: 'tellChanged',
    method: 'post',
    path: '/changes/resync',
    of: 'resyncChanged',
    run: async (call) => {
      const { mac, at } = call.form
      const body = { ...(mac === undefined ? {} : { phones: [mac] }), ...(at === undefined ? {} : { at }) }
      await ask(call, 'resyncChanged', { body })
      return { to: done('/changes', at === undefined ? 'asked' : 'askedLater') }
    },
  }),
  page({ id: 'planned', method: 'get', path: '/planned', of: 'listScheduledChanges', run: (call) => planned(call) }),
  page({
    id: 'cancelPlanned',
    method: 'post',
    path: '/planned/{id}/cancel',
    of: 'cancelScheduledChange',
    run: async (call) => {
      await ask(call, 'cancelScheduledChange', { params: call.params })
      return { to: done('/planned', 'cancelled') }
    },
    refused: planned,
  }),
]
