import { z } from 'zod'
import { requireModel } from '../../catalog/catalog.js'
import { layOutKeys, type KeyLayout } from '../../catalog/key-bank.js'
import { NO_MODULES, withModules } from '../../catalog/key-modules.js'
import { keySheet } from '../../catalog/key-sheet.js'
import type { PhoneModel } from '../../catalog/manifest.js'
import { AppError } from '../../domain/errors.js'
import { equippedModel, layOutPhone } from '../../provisioning/key-layout.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import { commonModel, phonesIn, phonesOf } from '../key-phones.js'
import { route, type Answer, type Call } from '../route.js'
import { keyInput, keyLayout, keyList } from './key-schemas.js'
import { mac, number, text } from './schemas.js'
import { phoneModel } from './phone-schemas.js'
import { keyLayoutView, keyView } from './views.js'

const TAG = 'Keys'
const KEYS_MAX = 1_000
const layoutQuery = {
  model: text.optional().meta({ description: 'As if the phone were of this model', example: 'yealink/t21p-e2' }),
  modules: z.coerce.number().int().min(0).max(10).optional().meta({
    description: 'As if so many expansion modules were attached, as far as the model takes them',
  }),
}

function noPhone(what: string): AppError {
  return new AppError('MODEL_UNKNOWN', `${what}: name a model`, { field: 'model' })
}

interface As {
  modules?: number | undefined
}

/** @param lay lays keys onto the model with the modules asked for, else with those that the phone has */
function laidOut(
  { parts, site }: Call,
  model: PhoneModel,
  { modules }: As,
  lay: (equipped: PhoneModel) => KeyLayout,
  phone?: DeviceRecord,
): Answer {
  const own = phone ? equippedModel(parts.snapshot, model, phone) : withModules(model, NO_MODULES)
  const equipped = modules === undefined ? own : withModules(model, { number: modules })
  return { body: keyLayoutView(parts.snapshot, site.id, equipped, lay(equipped), phone) }
}

async function groupKeys(call: Call, name: string): Promise<Answer> {
  const found = await call.use.groups.keys(name)
  return { body: found.keys.map(keyView), entity: found }
}

export const keyRoutes = [
  route({
    id: 'showModel',
    method: 'get',
    path: '/models/{family}/{model}',
    tag: TAG,
    summary: 'Keys of a model: how many, what each can be, and where they lie on its front',
    access: 'phones.read',
    params: { family: text, model: text },
    answer: phoneModel,
    handle: ({ parts, params }) => {
      const found = parts.catalog.model(`${params.family}/${params.model}`)
      if (!found) throw new AppError('MODEL_NOT_FOUND', 'there is no such model', { field: 'model' })
      return { body: keySheet(found) }
    },
  }),
  route({
    id: 'showExtensionKeys',
    method: 'get',
    path: '/extensions/{number}/keys',
    tag: TAG,
    summary: "A person's keys, in order; they are laid onto whatever phone the person has",
    access: 'people.read',
    params: { number },
    answer: keyList,
    handle: async ({ use, params }) => {
      const { extension } = await use.extensions.show(params.number)
      return { body: extension.keys.map(keyView), entity: extension }
    },
  }),
  route({
    id: 'layOutExtensionKeys',
    method: 'get',
    path: '/extensions/{number}/keys/layout',
    tag: TAG,
    summary: "Where each of a person's keys lands on the first phone, or on a model, and what does not fit",
    access: 'people.read',
    params: { number },
    query: layoutQuery,
    answer: keyLayout,
    handle: async (call) => {
      const { extension } = await call.use.extensions.show(call.params.number)
      const [phone] = phonesOf(call.parts.snapshot, call.site.id, extension.id)
      const wanted = call.query.model ?? phone?.model
      if (wanted === undefined) throw noPhone(`${extension.number} is on line 1 of no phone`)
      const model = requireModel(call.parts.catalog, wanted)
      if (!phone) return laidOut(call, model, call.query, (equipped) => layOutKeys(equipped, [1], extension.keys, []))
      return laidOut(call, model, call.query, (equipped) => layOutPhone(call.parts.snapshot, equipped, phone), phone)
    },
  }),
  route({
    id: 'showDeviceKeys',
    method: 'get',
    path: '/devices/{mac}/keys',
    tag: TAG,
    summary: "The phone's own keys, at their places",
    access: 'phones.read',
    params: { mac },
    answer: keyList,
    handle: async ({ use, params }) => {
      const phone = await use.devices.show(params.mac)
      return { body: phone.keys.map(keyView), entity: phone }
    },
  }),
  route({
    id: 'layOutDeviceKeys',
    method: 'get',
    path: '/devices/{mac}/keys/layout',
    tag: TAG,
    summary: 'Every key of a phone as its file has it: its own, its line keys, its person’s, its group’s',
    access: 'phones.read',
    params: { mac },
    query: layoutQuery,
    answer: keyLayout,
    handle: async (call) => {
      const phone = await call.use.devices.show(call.params.mac)
      const model = requireModel(call.parts.catalog, call.query.model ?? phone.model)
      return laidOut(call, model, call.query, (equipped) => layOutPhone(call.parts.snapshot, equipped, phone), phone)
    },
  }),
  route({
    id: 'showGroupKeys',
    method: 'get',
    path: '/groups/{name}/keys',
    tag: TAG,
    summary: 'Keys that each phone of a group gets, in the places its person’s keys leave',
    access: 'phones.read',
    params: { name: text },
    answer: keyList,
    handle: (call) => groupKeys(call, call.params.name),
  }),
  route({
    id: 'setGroupKeys',
    method: 'put',
    path: '/groups/{name}/keys',
    tag: TAG,
    summary: 'Replace all keys of a group',
    access: 'phones.write',
    params: { name: text },
    body: z.array(keyInput).max(KEYS_MAX),
    conditional: true,
    answer: keyList,
    handle: async (call) => {
      await call.use.groups.setKeys(call.by.actor, call.params.name, call.body)
      return groupKeys(call, call.params.name)
    },
  }),
  route({
    id: 'layOutGroupKeys',
    method: 'get',
    path: '/groups/{name}/keys/layout',
    tag: TAG,
    summary: 'Where the keys of a group land on a phone that has no others; the model that most of its phones are of',
    access: 'phones.read',
    params: { name: text },
    query: layoutQuery,
    answer: keyLayout,
    handle: async (call) => {
      const group = await call.use.groups.keys(call.params.name)
      const wanted = call.query.model ?? commonModel(phonesIn(call.parts.snapshot, call.site.id, group.id))
      if (wanted === undefined) throw noPhone('the group has no phone')
      const model = requireModel(call.parts.catalog, wanted)
      return laidOut(call, model, call.query, (equipped) => layOutKeys(equipped, [1], [], [], group.keys))
    },
  }),
]
