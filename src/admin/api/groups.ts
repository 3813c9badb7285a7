import { z } from 'zod'
import { sortedBy } from '../../domain/search-text.js'
import { route, type Answer, type Call } from '../route.js'
import { pageOf } from '../paging.js'
import { group } from './phone-schemas.js'
import { listQuery, pageSchema, text } from './schemas.js'

const TAG = 'Groups'
const params = { name: text }

async function shown({ use }: Call, name: string): Promise<Answer> {
  const found = await use.groups.find(name)
  return { body: found, entity: found }
}

export const groupRoutes = [
  route({
    id: 'listGroups',
    method: 'get',
    path: '/groups',
    tag: TAG,
    summary: 'Groups of people and phones that share settings',
    access: 'phones.read',
    query: listQuery(['name', 'devices', 'people'], 'name'),
    answer: pageSchema(group),
    handle: async ({ use, query }) => ({
      body: await pageOf(await use.groups.list(), query, {
        name: sortedBy(({ name }) => name),
        devices: ({ devices }) => devices,
        people: ({ people }) => people,
      }),
    }),
  }),
  route({
    id: 'addGroup',
    method: 'post',
    path: '/groups',
    tag: TAG,
    summary: 'Add a group',
    access: 'phones.write',
    body: z.strictObject({ name: text }),
    status: 201,
    answer: group,
    handle: async (call) => {
      const { name } = await call.use.groups.add(call.by.actor, call.body.name)
      return { ...(await shown(call, name)), location: `/groups/${encodeURIComponent(name)}` }
    },
  }),
  route({
    id: 'showGroup',
    method: 'get',
    path: '/groups/{name}',
    tag: TAG,
    summary: 'A group',
    access: 'phones.read',
    params,
    answer: group,
    handle: (call) => shown(call, call.params.name),
  }),
  route({
    id: 'renameGroup',
    method: 'patch',
    path: '/groups/{name}',
    tag: TAG,
    summary: 'Give a group another name',
    access: 'phones.write',
    params,
    body: z.strictObject({ name: text }),
    conditional: true,
    answer: group,
    handle: async ({ use, by, params: { name }, body }) => {
      const renamed = await use.groups.rename(by.actor, name, body.name)
      return { body: renamed, entity: renamed }
    },
  }),
  route({
    id: 'removeGroup',
    method: 'delete',
    path: '/groups/{name}',
    tag: TAG,
    summary: 'Remove a group that nobody is in, with its settings',
    access: 'phones.write',
    params,
    conditional: true,
    handle: async ({ use, by, params: { name } }) => {
      await use.groups.remove(by.actor, name)
      return {}
    },
  }),
]
