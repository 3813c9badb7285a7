import type { AppError } from '../../domain/errors.js'
import { formatMac, type Mac } from '../../domain/mac-address.js'
import { phoneState } from '../states.js'
import { ask, done, mayUse, page, refusalOf, type PageAnswer, type PageCall } from '../page.js'
import { PAGE_ROWS } from './phones.js'
import type { Device, Group, Person } from './records.js'

/** Groups are few; a house with more has an API. */
const GROUPS_SHOWN = '500'

const pathOf = (name: string): string => `/groups/${encodeURIComponent(name)}`
const params = ({ params: { name = '' } }: PageCall): { name: string } => ({ name })

async function list(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const found = await ask<{ items: Group[] }>(call, 'listGroups', { query: { sort: 'name', limit: GROUPS_SHOWN } })
  return {
    view: 'groups',
    title: call.words.t('groups.title'),
    menu: 'groups',
    ...(refused ? { status: 422 } : {}),
    data: {
      groups: found.items.map((group) => ({ ...group, path: pathOf(group.name) })),
      values: { name: refused ? call.form.name : '' },
      refusal: refused ? refusalOf(call, refused) : undefined,
    },
  }
}

async function groupPage(call: PageCall, refused?: AppError): Promise<PageAnswer> {
  const group = await ask<Group>(call, 'showGroup', { params: params(call) })
  const keys = await ask<object[]>(call, 'showGroupKeys', { params: params(call) })
  const found = await ask<{ items: Device[] }>(call, 'listDevices', {
    query: { group: group.name, sort: 'mac', limit: PAGE_ROWS },
  })
  const { items: people } = mayUse(call, 'listExtensions')
    ? await ask<{ items: Person[] }>(call, 'listExtensions', {
        query: { group: group.name, sort: 'name', limit: PAGE_ROWS },
      })
    : { items: [] }
  const isConflict = refused?.code === 'REVISION_CONFLICT'
  return {
    view: 'group',
    title: group.name,
    menu: 'groups',
    ...(refused ? { status: isConflict ? 412 : 422 } : {}),
    data: {
      group: { ...group, path: pathOf(group.name) },
      keys: keys.length,
      phones: found.items.map((phone) => phoneRow(call, phone)),
      more: group.devices > found.items.length,
      people,
      morePeople: group.people > people.length,
      values: {
        name: refused && call.form.name !== undefined ? call.form.name : group.name,
        mac: refused ? (call.form.mac ?? '') : '',
      },
      settings: mayUse(call, 'showSettings') ? `/settings/group/${encodeURIComponent(group.name)}` : undefined,
      refusal: refused ? refusalOf(call, refused) : undefined,
      conflict: isConflict ? group.name : undefined,
    },
  }
}

function phoneRow({ parts, live }: PageCall, phone: Device): object {
  return {
    ...phone,
    macText: formatMac(phone.mac as Mac),
    modelName: parts.catalog.model(phone.model)?.name ?? phone.model,
    shown: phoneState(phone, live.askedAt(phone.id), parts.clock.now()),
    dnd: live.isDoNotDisturb(phone.id),
  }
}

/** Puts a phone into the group of the page, or takes it out of it. */
async function setMember(call: PageCall, mac: string, group: string | null): Promise<PageAnswer> {
  await ask(call, 'updateDevice', { params: { mac }, body: { group } })
  return { to: done(pathOf(params(call).name), 'saved') }
}

export const groupPages = [
  page({ id: 'groups', method: 'get', path: '/groups', of: 'listGroups', run: (call) => list(call) }),
  page({
    id: 'addGroup',
    method: 'post',
    path: '/groups',
    of: 'addGroup',
    run: async (call) => {
      const added = await ask<Group>(call, 'addGroup', { body: { name: call.form.name ?? '' } })
      return { to: done(pathOf(added.name), 'added') }
    },
    refused: list,
  }),
  page({ id: 'group', method: 'get', path: '/groups/{name}', of: 'showGroup', run: (call) => groupPage(call) }),
  page({
    id: 'renameGroup',
    method: 'post',
    path: '/groups/{name}',
    of: 'renameGroup',
    run: async (call) => {
      const body = { name: call.form.name ?? '' }
      const renamed = await ask<Group>(call, 'renameGroup', { params: params(call), body })
      return { to: done(pathOf(renamed.name), 'saved') }
    },
    refused: groupPage,
  }),
  page({
    id: 'addGroupPhone',
    method: 'post',
    path: '/groups/{name}/phones',
    of: 'updateDevice',
    run: (call) => setMember(call, (call.form.mac ?? '').trim(), params(call).name),
    refused: groupPage,
  }),
  page({
    id: 'removeGroupPhone',
    method: 'post',
    path: '/groups/{name}/phones/{mac}/remove',
    of: 'updateDevice',
    run: (call) => setMember(call, call.params.mac ?? '', null),
    refused: groupPage,
  }),
  page({
    id: 'removeGroup',
    method: 'post',
    path: '/groups/{name}/remove',
    of: 'removeGroup',
    run: async (call) => {
      await ask(call, 'removeGroup', { params: params(call) })
      return { to: done('/groups', 'removed') }
    },
    refused: groupPage,
  }),
]
