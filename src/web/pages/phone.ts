import type { AppError } from '../../domain/errors.js'
import { parseMac, formatMac, requireMac, type Mac } from '../../domain/mac-address.js'
import { moduleRules, moduleType } from '../../catalog/key-modules.js'
import { modulesOn } from '../../provisioning/key-layout.js'
import { ask, done, hiddenHere, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import type { Device } from './records.js'
import { modelChoices, phoneRow } from './phones.js'
import { registrationsThat } from './registrations.js'
import { timeline } from './timeline.js'

export const macOf = ({ params: { mac = '' } }: PageCall): { mac: string } => ({ mac })

/** Address of the phone's page. */
export const phonePath = (call: PageCall): string => `/phones/${requireMac(call.params.mac ?? '')}`

/** One phone with everything that is known of it. */
async function phonePage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const phone = await ask<Device>(call, 'showDevice', { params: macOf(call) })
  const files = mayUse(call, 'listDeviceFiles')
    ? (await ask<{ items: object[] }>(call, 'listDeviceFiles', { params: macOf(call) })).items
    : undefined
  return {
    view: 'phone',
    title: phone.name ?? formatMac(phone.mac as Mac),
    menu: 'phones',
    ...(refused ? { status: refused.code === 'REVISION_CONFLICT' ? 412 : 422 } : {}),
    data: {
      phone: phoneRow(call, phone),
      values: refused && call.form.model !== undefined ? call.form : { name: phone.name ?? '', model: phone.model },
      models: modelChoices(call),
      modules: modulesOf(call, phone),
      registrations: registrationsThat(call, ({ lineId }) => isLineOf(call, phone, lineId)),
      files,
      others: await otherFiles(call, phone),
      ...(mayUse(call, 'showTimeline') ? await timeline(call, phone) : { steps: undefined, diagnoses: [] }),
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: refused?.code === 'REVISION_CONFLICT' ? `${phone.name ?? '–'}, ${phone.model}` : undefined,
    },
  }
}

/** Its expansion modules, where its model takes some, and where their number is set. */
function modulesOf(call: PageCall, { mac, model: id }: Device): object | undefined {
  const { parts } = call
  if (hiddenHere(call).includes('expansion-modules')) return undefined
  const device = parts.snapshot.deviceByMac(mac as Mac)
  const model = parts.catalog.model(id)
  const rules = model && moduleRules(model)
  if (!device || !rules) return undefined
  const attached = modulesOn(parts.snapshot, model, device)
  return {
    ...attached,
    max: rules.max,
    name: moduleType(rules, attached)?.name,
    path: `/settings/device/${mac}/keyModules`,
  }
}

function isLineOf({ parts }: PageCall, { id }: Device, lineId: string | undefined): boolean {
  return lineId !== undefined && parts.snapshot.deviceByLine(lineId)?.id === id
}

/** How many files are others now than the phone has. */
async function otherFiles({ parts }: PageCall, { mac }: Device): Promise<number> {
  const device = parts.snapshot.deviceByMac(mac as Mac)
  if (device?.state !== 'approved') return 0
  return ((await parts.waiting.look(device)) ?? []).length
}

export const phoneDetailPages = [
  page({
    id: 'phone',
    method: 'get',
    path: '/phones/{mac}',
    of: 'showDevice',
    run: (call) => {
      const mac = parseMac(call.params.mac ?? '')
      return mac === undefined || mac === call.params.mac ? phonePage(call) : { to: `/phones/${mac}` }
    },
  }),
  page({
    id: 'savePhone',
    method: 'post',
    path: '/phones/{mac}',
    of: 'updateDevice',
    run: async (call) => {
      const { name = '', model = '' } = call.form
      await ask(call, 'updateDevice', { params: macOf(call), body: { name, model } })
      return { to: done(phonePath(call), 'saved') }
    },
    refused: phonePage,
  }),
  page({
    id: 'addPhoneLine',
    method: 'post',
    path: '/phones/{mac}/lines',
    of: 'addDeviceLine',
    run: async (call) => {
      const extension = (call.form.number ?? '').trim()
      await ask(call, 'addDeviceLine', { params: macOf(call), body: { extension } })
      return { to: done(phonePath(call), 'saved') }
    },
    refused: phonePage,
  }),
  page({
    id: 'removePhoneLine',
    method: 'post',
    path: '/phones/{mac}/lines/{position}/remove',
    of: 'removeDeviceLine',
    run: async (call) => {
      const { position = '' } = call.params
      await ask(call, 'removeDeviceLine', { params: { ...macOf(call), position } })
      return { to: done(phonePath(call), 'saved') }
    },
    refused: phonePage,
  }),
]
