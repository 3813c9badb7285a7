import { z } from 'zod'
import { DEVICE_STATES } from '../../domain/entities.js'
import { deviceSearch } from '../../devices/search.js'
import { sortedBy } from '../../domain/search-text.js'
import { filterInTurns } from '../../domain/turns.js'
import { pageOf, type SortKeys } from '../paging.js'
import { route } from '../route.js'
import type { DeviceRecord } from '../../snapshot/snapshot.js'
import { device, lineInput } from './phone-schemas.js'
import { flag, listQuery, mac, pageSchema, text } from './schemas.js'
import { keyInput } from './key-schemas.js'
import { seenLast, shown, shownAs } from './shown-device.js'
import { deviceView, registeredNow, withPeople } from './views.js'

const TAG = 'Phones'
const SORT: SortKeys<DeviceRecord> = {
  mac: ({ mac: own }) => own,
  model: sortedBy(({ model }) => model),
  name: sortedBy(({ name }) => name),
  state: ({ state }) => state,
}

const groupName = text.nullable().meta({ description: 'Name of the group; null takes the phone out of it' })

const params = { mac }

export const deviceRoutes = [
  route({
    id: 'listDevices',
    method: 'get',
    path: '/devices',
    tag: TAG,
    summary: 'Phones, by page',
    access: 'phones.read',
    query: {
      ...listQuery(['mac', 'model', 'name', 'state', 'lastSeen'], 'mac'),
      q: text.optional().meta({
        description: 'MAC address in any spelling, or part of name, address, model, or of a number or name on a line',
      }),
      state: z.enum(DEVICE_STATES).optional().meta({ description: 'Default: all but retired' }),
      model: text.optional(),
      group: text.optional().meta({ description: 'Name of a group' }),
      registered: flag.optional(),
    },
    answer: pageSchema(device),
    handle: async ({ parts, use, site, query }) => {
      const { snapshot } = parts
      const registered = registeredNow(parts)
      const groups = await use.groups.list()
      const groupId = query.group === undefined ? undefined : (await use.groups.find(query.group)).id
      const matches = deviceSearch(query.q ?? '', parts)
      const turns = parts.turns()
      const found = await filterInTurns([...snapshot.allDevices()], turns, (one) => {
        if (one.siteId !== site.id) return false
        if (query.state === undefined ? one.state === 'retired' : one.state !== query.state) return false
        if (query.model !== undefined && one.model !== query.model) return false
        if (groupId !== undefined && one.groupId !== groupId) return false
        if (query.registered !== undefined) {
          if (one.lines.some(({ id }) => registered.byLine.has(id)) !== query.registered) return false
        }
        return matches(one)
      })
      const sort = { ...SORT, lastSeen: (one: DeviceRecord) => seenLast(parts, one).lastSeenAt ?? 0 }
      const page = await pageOf(found, query, sort, turns)
      const names = new Map(groups.map(({ id, name }) => [id, name]))
      const items = page.items.map((one) =>
        deviceView(withPeople(snapshot, seenLast(parts, one)), registered, names.get(one.groupId ?? '')),
      )
      return { body: { ...page, items } }
    },
  }),
  route({
    id: 'addDevice',
    method: 'post',
    path: '/devices',
    tag: TAG,
    summary: 'Add a phone',
    access: 'phones.write',
    body: z.strictObject({
      mac,
      model: text.meta({ example: 'yealink/t21p-e2' }),
      name: text.optional(),
      group: text.optional(),
      lines: z.array(lineInput).max(100).optional(),
    }),
    status: 201,
    answer: device,
    handle: async (call) => {
      const { group, ...input } = call.body
      const groupId = group === undefined ? undefined : (await call.use.groups.find(group)).id
      let added = await call.use.devices.add(call.by.actor, input)
      if (groupId !== undefined) added = await call.use.devices.update(call.by.actor, added.mac, { groupId })
      return { ...(await shownAs(call, added)), location: `/devices/${added.mac}` }
    },
  }),
  route({
    id: 'showDevice',
    method: 'get',
    path: '/devices/{mac}',
    tag: TAG,
    summary: 'A phone',
    access: 'phones.read',
    params,
    answer: device,
    handle: (call) => shown(call, call.params.mac),
  }),
  route({
    id: 'updateDevice',
    method: 'patch',
    path: '/devices/{mac}',
    tag: TAG,
    summary: 'Change name, model or group',
    access: 'phones.write',
    params,
    body: z.strictObject({
      name: text.optional().meta({ description: 'An empty text takes it away' }),
      model: text.optional(),
      group: groupName.optional(),
    }),
    conditional: true,
    answer: device,
    handle: async (call) => {
      const { group, ...changes } = call.body
      const groupId = group === undefined || group === null ? group : (await call.use.groups.find(group)).id
      const changed = await call.use.devices.update(call.by.actor, call.params.mac, {
        ...changes,
        groupId: groupId === null ? '' : groupId,
      })
      return shownAs(call, changed)
    },
  }),
  route({
    id: 'removeDevice',
    method: 'delete',
    path: '/devices/{mac}',
    tag: TAG,
    summary: 'Remove a phone; it is told to forget its accounts for 30 days, unless its record is purged',
    access: 'phones.write',
    params,
    query: { purge: flag.optional() },
    conditional: true,
    handle: async ({ use, by, params: { mac: own }, query: { purge = false } }) => {
      await use.devices.remove(by.actor, own, { purge })
      return {}
    },
  }),
  route({
    id: 'setDeviceKeys',
    method: 'put',
    path: '/devices/{mac}/keys',
    tag: TAG,
    summary: "Replace the phone's own keys; its people's keys stay",
    access: 'phones.write',
    params,
    body: z.array(keyInput).max(1_000),
    conditional: true,
    answer: device,
    handle: async (call) => shownAs(call, await call.use.devices.setKeys(call.by.actor, call.params.mac, call.body)),
  }),
  ...(['block', 'approve'] as const).map((action) =>
    route({
      id: `${action}Device`,
      method: 'post',
      path: `/devices/{mac}/${action}`,
      tag: TAG,
      summary: action === 'block' ? 'The phone gets nothing any more and cannot register' : 'The phone gets its config',
      access: 'phones.state',
      params,
      answer: device,
      handle: async (call) => {
        const state = action === 'block' ? 'blocked' : 'approved'
        return shownAs(call, await call.use.devices.setState(call.by.actor, call.params.mac, state))
      },
    }),
  ),
  route({
    id: 'reportDeviceLost',
    method: 'post',
    path: '/devices/{mac}/lost',
    tag: TAG,
    summary: 'Lost or stolen: it is blocked, its token and all its passwords are void at once',
    access: 'phones.state',
    params,
    answer: device,
    handle: async (call) => shownAs(call, await call.use.devices.reportLost(call.by.actor, call.params.mac)),
  }),
  route({
    id: 'moveDevice',
    method: 'post',
    path: '/devices/{mac}/move',
    tag: TAG,
    summary: 'Another phone takes the place of this one, with new credentials; this one is removed',
    access: 'phones.write',
    params,
    body: z.strictObject({ mac, model: text.optional() }),
    status: 201,
    answer: device,
    handle: async (call) => {
      const moved = await call.use.devices.move(call.by.actor, call.params.mac, call.body)
      return { ...(await shownAs(call, moved)), location: `/devices/${moved.mac}` }
    },
  }),
  route({
    id: 'resetDeviceToken',
    method: 'post',
    path: '/devices/{mac}/token',
    tag: TAG,
    summary: 'A new config token; the URL with the old one stops working',
    access: 'phones.secrets',
    params,
    handle: async ({ use, by, params: { mac: own } }) => {
      await use.devices.resetToken(by.actor, own)
      return {}
    },
  }),
  route({
    id: 'revealDeviceSecrets',
    method: 'post',
    path: '/devices/{mac}/secrets/reveal',
    tag: TAG,
    summary: "See a phone's admin password and config token; the audit log keeps who did",
    access: 'phones.secrets',
    params,
    answer: z.object({ adminPassword: z.string(), token: z.string() }),
    handle: async ({ use, by, params: { mac: own } }) => ({
      body: {
        adminPassword: (await use.devices.adminPassword(by.actor, own)).reveal(),
        token: (await use.devices.token(by.actor, own)).reveal(),
      },
    }),
  }),
]
