import { z } from 'zod'
import { may } from '../../accounts/permissions.js'
import { AppError } from '../../domain/errors.js'
import type { MoveInView } from '../../move-in/use-cases.js'
import { route, type Call } from '../route.js'
import { importJob, shownImport } from './import-schemas.js'
import { problem, text } from './schemas.js'

const TAG = 'Imports and exports'
const id = { id: text }
const count = z.number().int()

const models = z
  .array(text)
  .max(20_000)
  .meta({ description: 'For phones whose files do not tell: `family/model`, or `mac=family/model` for one phone' })

export const moveInReport = z
  .object({
    id: z.string().meta({ description: 'Of the import that comes of it, too' }),
    name: z.string(),
    phones: z.array(
      z.object({
        mac: z.string(),
        model: z.string(),
        lines: z.array(z.object({ position: count, number: z.string(), name: z.string() })),
        keys: count,
      }),
    ),
    people: z.array(z.object({ number: z.string(), name: z.string() })),
    unsure: z
      .array(z.object({ mac: z.string(), models: z.array(z.string()), model: z.string().optional() }))
      .meta({ description: 'Phones whose files could be those of several models; without `model` they are left out' }),
    settings: z.array(
      z.object({
        layer: z.enum(['site', 'extension', 'device']),
        owner: z.string(),
        key: z.string(),
        value: z.unknown(),
        phones: count,
      }),
    ),
    differences: z
      .array(z.object({ family: z.string(), name: z.string(), theirs: z.string(), ours: z.string(), phones: count }))
      .meta({ description: 'Parameters that our files give another value' }),
    untaken: z
      .array(z.object({ family: z.string(), name: z.string(), value: z.string(), phones: count, old: z.boolean() }))
      .meta({ description: 'Parameters that no setting stands for; `old`: it names the old server' }),
    left: z.array(z.object({ mac: z.string(), text: z.string() })),
    problems: z.array(problem),
    strange: z.array(z.string()).meta({ description: 'Files that no phone we know would ask for' }),
    settingsState: z
      .object({
        state: z.enum(['open', 'waiting', 'set', 'left', 'failed']),
        count: count.optional(),
        error: z.string().optional(),
      })
      .meta({ description: 'What became of the settings of the site and of phones' }),
    import: importJob,
  })
  .meta({ id: 'MoveIn' })

function shownMoveIn({ id: own, name, found, settings, imported }: MoveInView): z.input<typeof moveInReport> {
  const { plan, phones, unsure, differences, problems, strange } = found
  return {
    id: own,
    name,
    phones: phones.map(({ mac, model, lines, keys }) => ({
      ...{ mac, model, keys: keys.length },
      lines: lines.map(({ position, number, name: person }) => ({ position, number, name: person })),
    })),
    people: [...plan.people],
    unsure: unsure.map((one) => ({ ...one, models: [...one.models] })),
    settings: [...plan.settings],
    differences: [...differences],
    untaken: [...plan.untaken],
    left: phones.flatMap(({ mac, left }) => left.map((what) => ({ mac, text: what }))),
    problems: [...problems],
    strange: [...strange],
    settingsState: settings,
    import: shownImport(imported),
  }
}

function requireSettingsRight({ by, site }: Pick<Call, 'by' | 'site'>): void {
  if (!may(by.rights, 'settings.write', site.id)) throw new AppError('FORBIDDEN', 'settings.write is needed as well')
}

/** Taking over from another provisioning server; undone as the import that it is. */
export const moveInRoutes = [
  route({
    id: 'openMoveIn',
    method: 'post',
    path: '/move-ins',
    tag: TAG,
    summary:
      'Take in the configuration files of another provisioning server (fields `file`) and tell what would become of them; nothing is written',
    access: 'bulk.import',
    takes: 'multipart/form-data',
    body: z.object({
      files: z.array(z.object({ name: z.string(), bytes: z.instanceof(Uint8Array) })),
      name: text.optional().meta({ description: 'What the folder is called' }),
      model: text.optional().meta({ description: '`family/model` for phones whose files do not tell' }),
    }),
    status: 202,
    answer: moveInReport,
    handle: async ({ use, by, body: { files, name, model } }) => {
      const input = { name: name ?? 'move-in', files, models: model === undefined ? [] : [model] }
      const view = await use.moveIns.open(by.actor, input)
      return { body: shownMoveIn(view), location: `/move-ins/${view.id}` }
    },
  }),
  route({
    id: 'showMoveIn',
    method: 'get',
    path: '/move-ins/{id}',
    tag: TAG,
    summary: 'What was found in the files, what would become of it, and how far that is',
    access: 'bulk.import',
    params: id,
    answer: moveInReport,
    handle: async ({ use, params }) => ({ body: shownMoveIn(await use.moveIns.show(params.id)) }),
  }),
  route({
    id: 'changeMoveIn',
    method: 'patch',
    path: '/move-ins/{id}',
    tag: TAG,
    summary: 'Read the same files with other models; another import, with an id of its own, comes of it',
    access: 'bulk.import',
    params: id,
    body: z.strictObject({ models }),
    answer: moveInReport,
    handle: async ({ use, by, params, body }) => {
      const view = await use.moveIns.change(by.actor, params.id, body.models)
      return { body: shownMoveIn(view), location: `/move-ins/${view.id}` }
    },
  }),
  route({
    id: 'confirmMoveIn',
    method: 'post',
    path: '/move-ins/{id}/confirm',
    tag: TAG,
    summary: 'Import people, phones and keys as the preview with this token told, then set what phones had in common',
    access: 'bulk.import',
    params: id,
    body: z.strictObject({
      token: text,
      settings: z.boolean().optional().meta({ description: 'Set them (default); needs `settings.write` as well' }),
    }),
    status: 202,
    answer: moveInReport,
    handle: async ({ use, by, site, params, body: { token, settings = true } }) => {
      if (settings) requireSettingsRight({ by, site })
      return { body: shownMoveIn(await use.moveIns.confirm(by.actor, params.id, token, { settings })) }
    },
  }),
  route({
    id: 'cancelMoveIn',
    method: 'post',
    path: '/move-ins/{id}/cancel',
    tag: TAG,
    summary: 'Let the files go; nothing is written',
    access: 'bulk.import',
    params: id,
    handle: async ({ use, params }) => {
      await use.moveIns.cancel(params.id)
      return {}
    },
  }),
]
