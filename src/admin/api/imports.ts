import { z } from 'zod'
import { may } from '../../accounts/permissions.js'
import { SCOPES } from '../../bulk/export-rows.js'
import { ROW_OUTCOMES, type RowOutcome } from '../../bulk/report.js'
import { AppError } from '../../domain/errors.js'
import { route, type Call } from '../route.js'
import { importChanges, importJob, importOptions, importQuery, importRow, shownImport } from './import-schemas.js'
import { flag, pageSchema, text } from './schemas.js'

const TAG = 'Imports and exports'
const ROWS_DEFAULT = 100
const ROWS_MAX = 500

const id = { id: text }
const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number)

const exportQuery = {
  scope: z
    .enum(SCOPES)
    .optional()
    .meta({ description: 'minimal, standard, full: people; all (default): phones, keys, settings too' }),
  profile: text.optional().meta({ description: 'Columns of this import profile instead' }),
  from: whole.transform(String).optional().meta({ description: 'Only numbers from here' }),
  to: whole.transform(String).optional().meta({ description: 'Only numbers up to here' }),
  q: text.optional().meta({ description: 'Only people whose number, name or e-mail address holds this' }),
  bom: flag.optional().meta({ description: 'With a byte order mark, by which Excel knows UTF-8' }),
}

/** What the export is called: with its date, as one has several. */
function exportName({ site, parts }: Call, what = ''): string {
  return `phoneboot-${site.slug}${what}-${new Date(parts.clock.now()).toISOString().slice(0, 10)}.csv`
}

/** A page of rows; the number of rows that went before is the cursor. */
async function rowsOf(
  { use }: Call,
  importId: string,
  {
    outcome,
    cursor = 0,
    limit = ROWS_DEFAULT,
  }: { outcome?: RowOutcome | 'warning' | undefined; cursor?: number | undefined; limit?: number | undefined },
) {
  const { rows, total } = await use.bulk.importReports(importId, { outcome, from: cursor, limit })
  const end = cursor + limit
  return { items: rows, ...(end < total ? { nextCursor: String(end) } : {}), total }
}

export const importRoutes = [
  route({
    id: 'openImport',
    method: 'post',
    path: '/imports',
    tag: TAG,
    summary: 'Take a CSV file in and work out, in the background, what it would do; nothing is written',
    access: 'bulk.import',
    query: { ...importQuery, fileName: text.optional() },
    takes: 'text/csv',
    body: z.instanceof(Uint8Array),
    status: 202,
    answer: importJob,
    handle: async ({ use, by, body, query: { fileName, ...query } }) => {
      const options = { ...importOptions(query), ...(fileName === undefined ? {} : { fileName }) }
      const view = await use.bulk.openImport(by.actor, body, options)
      return { body: shownImport(view), location: `/imports/${view.id}` }
    },
  }),
  route({
    id: 'listImports',
    method: 'get',
    path: '/imports',
    tag: TAG,
    summary: 'Open files and the imports of the last 90 days, newest first',
    access: 'bulk.import',
    answer: z.object({ items: z.array(importJob) }),
    handle: async ({ use }) => ({ body: { items: (await use.bulk.imports()).map(shownImport) } }),
  }),
  route({
    id: 'showImport',
    method: 'get',
    path: '/imports/{id}',
    tag: TAG,
    summary: 'An import: how far it is, what was found out, what it would do or did',
    access: 'bulk.import',
    params: id,
    answer: importJob,
    handle: async ({ use, params }) => ({ body: shownImport(await use.bulk.showImport(params.id)) }),
  }),
  route({
    id: 'listImportRows',
    method: 'get',
    path: '/imports/{id}/rows',
    tag: TAG,
    summary: 'What becomes, or became, of each row',
    access: 'bulk.import',
    params: id,
    query: {
      outcome: z.enum([...ROW_OUTCOMES, 'warning']).optional(),
      cursor: whole.optional(),
      limit: whole.pipe(z.number().min(1).max(ROWS_MAX)).optional(),
    },
    answer: pageSchema(importRow),
    handle: async (call) => ({ body: await rowsOf(call, call.params.id, call.query) }),
  }),
  route({
    id: 'changeImport',
    method: 'patch',
    path: '/imports/{id}',
    tag: TAG,
    summary:
      'Look at an open file with another profile, mapping or strategy; what is not named goes back to what is found out',
    access: 'bulk.import',
    params: id,
    body: importChanges,
    answer: importJob,
    handle: async ({ use, params, body }) => ({
      body: shownImport(await use.bulk.changeImport(params.id, importOptions(body))),
    }),
  }),
  route({
    id: 'confirmImport',
    method: 'post',
    path: '/imports/{id}/confirm',
    tag: TAG,
    summary: 'Run what the preview with this token told; refused, with a new preview, when the data changed since',
    access: 'bulk.import',
    params: id,
    body: z.strictObject({ token: text }),
    status: 202,
    answer: importJob,
    handle: async ({ use, by, params, body }) => ({
      body: shownImport(await use.bulk.confirmImport(by.actor, params.id, body.token)),
    }),
  }),
  route({
    id: 'cancelImport',
    method: 'post',
    path: '/imports/{id}/cancel',
    tag: TAG,
    summary: 'End what is under way, or let the file go; nothing is written then',
    access: 'bulk.import',
    params: id,
    answer: importJob,
    handle: async ({ use, params }) => ({ body: shownImport(await use.bulk.cancelImport(params.id)) }),
  }),
  route({
    id: 'downloadImportResult',
    method: 'get',
    path: '/imports/{id}/result',
    tag: TAG,
    summary: 'What became of each row, as CSV',
    access: 'bulk.import',
    params: id,
    gives: 'text/csv',
    answer: z.string(),
    handle: async ({ use, params }) => ({
      body: await use.bulk.importResult(params.id),
      fileName: `import-${params.id.replace(/[^a-z0-9]/gi, '')}.csv`,
    }),
  }),
  route({
    id: 'undoImport',
    method: 'post',
    path: '/imports/{id}/undo',
    tag: TAG,
    summary: 'Put everything back to what it was; refused, naming it, when something was changed since',
    access: 'bulk.import',
    params: id,
    answer: importJob,
    handle: async ({ use, by, params }) => ({ body: shownImport(await use.bulk.undoImport(by.actor, params.id)) }),
  }),
  route({
    id: 'listImportProfiles',
    method: 'get',
    path: '/import-profiles',
    tag: TAG,
    summary: 'Whose files are known, and their columns',
    access: 'bulk.import',
    answer: z.object({
      items: z.array(z.object({ id: z.string(), title: z.string(), about: z.string(), headers: z.array(z.string()) })),
    }),
    handle: async ({ use }) => ({
      body: {
        items: (await use.bulk.profiles()).map((profile) => ({
          id: profile.id,
          title: profile.title,
          about: profile.about,
          headers: profile.columns.map(({ header }) => header),
        })),
      },
    }),
  }),
  route({
    id: 'downloadImportTemplate',
    method: 'get',
    path: '/import-profiles/{id}/template',
    tag: TAG,
    summary: 'An empty file of a profile, with example rows',
    access: 'bulk.import',
    params: id,
    gives: 'text/csv',
    answer: z.string(),
    handle: async ({ use, params }) => ({
      body: await use.bulk.template(params.id),
      fileName: `${safe(params.id)}.csv`,
    }),
  }),
  route({
    id: 'exportCsv',
    method: 'get',
    path: '/export',
    tag: TAG,
    summary: 'People and phones as a CSV file that the import reads, without passwords',
    access: 'bulk.export',
    query: exportQuery,
    gives: 'text/csv',
    answer: z.string(),
    handle: async (call) => {
      return { body: await call.use.bulk.exportCsv(call.by.actor, call.query), fileName: exportName(call) }
    },
  }),
  route({
    id: 'exportCsvWithPasswords',
    method: 'post',
    path: '/export/passwords',
    tag: TAG,
    summary: "The same with people's SIP passwords; the audit log keeps who took them",
    access: 'people.secrets',
    query: exportQuery,
    gives: 'text/csv',
    answer: z.string(),
    handle: async (call) => {
      const { by, site, use } = call
      if (!may(by.rights, 'bulk.export', site.id)) throw new AppError('FORBIDDEN', 'bulk.export is needed as well')
      const body = await use.bulk.exportCsv(by.actor, { ...call.query, passwords: true })
      return { body, fileName: exportName(call, '-passwords') }
    },
  }),
]

/** Names of profiles may come from the operator's own folder. */
function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '_')
}
