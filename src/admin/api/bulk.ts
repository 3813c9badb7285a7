import { z } from 'zod'
import type { ImportRow } from '../../bulk/row.js'
import { AppError, type Problem } from '../../domain/errors.js'
import { requireExtensionNumber } from '../../domain/extension-number.js'
import { requireMac } from '../../domain/mac-address.js'
import { requireEmail, requireName, requirePassword } from '../../extensions/rules.js'
import { route, type Call } from '../route.js'
import { importOptions, importQuery, importReport } from './import-schemas.js'
import { flag, mac, number, text } from './schemas.js'

const TAG = 'Many at once'

function mistakes(problems: readonly Problem[]): AppError {
  return new AppError('CSV_INVALID', `${problems.length} mistake(s) in the file; nothing was changed`, { problems })
}
const MACS_MAX = 1_000
const ROWS_MAX = 10_000

const row = z.strictObject({
  extension: number.optional(),
  mac: mac.optional(),
  model: text.optional(),
  line: z.number().int().min(1).max(1_000).optional(),
  name: text.optional(),
  email: text.optional(),
  password: text.optional(),
})

/** As a row of a CSV file; its number counts from 1. */
function importRow(given: z.output<typeof row>, index: number): ImportRow {
  const { extension, mac: address, model, line, name, email, password } = given
  return {
    row: index + 1,
    ...(extension === undefined ? {} : { extension: requireExtensionNumber(extension) }),
    ...(address === undefined ? {} : { mac: requireMac(address) }),
    ...(model === undefined ? {} : { model }),
    ...(line === undefined ? {} : { line }),
    ...(name === undefined ? {} : { name: requireName(name) }),
    ...(email === undefined ? {} : { email: requireEmail(email) }),
    ...(password === undefined ? {} : { password: requirePassword(password) }),
  }
}

function importRows(given: readonly z.output<typeof row>[]): ImportRow[] {
  const problems: Problem[] = []
  const rows = given.flatMap((one, index) => {
    try {
      return [importRow(one, index)]
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const column = error.details.field ?? 'row'
      const message = `row ${index + 1}, column ${column}: ${error.message}`
      problems.push({ row: index + 1, column, code: error.code, message })
      return []
    }
  })
  if (problems.length === 0) return rows
  throw new AppError('CSV_INVALID', `${problems.length} mistake(s) in the rows; nothing was changed`, { problems })
}

const ACTIONS = ['block', 'approve', 'remove', 'set-group'] as const

/** A phone that cannot be changed does not hold up the others; each outcome is told. */
async function changeOne(
  { use, by }: Call,
  address: string,
  action: (typeof ACTIONS)[number],
  groupId: string | undefined,
): Promise<{ mac: string; done: boolean; code?: string; message?: string }> {
  try {
    if (action === 'remove') await use.devices.remove(by.actor, address)
    else if (action === 'set-group') await use.devices.update(by.actor, address, { groupId })
    else await use.devices.setState(by.actor, address, action === 'block' ? 'blocked' : 'approved')
    return { mac: address, done: true }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'DATABASE_UNUSABLE') throw error
    return { mac: address, done: false, code: error.code, message: error.message }
  }
}

export const bulkRoutes = [
  route({
    id: 'importCsv',
    method: 'post',
    path: '/import',
    tag: TAG,
    summary: 'Add and change people and phones from a CSV file at one go: all rows or none',
    access: 'bulk.import',
    query: {
      ...importQuery,
      dryRun: flag.optional().meta({ description: 'Only tell what would happen' }),
      confirm: text.optional().meta({ description: 'Token of a dry run: refused when another thing would happen now' }),
    },
    takes: 'text/csv',
    body: z.instanceof(Uint8Array),
    answer: importReport,
    handle: async ({ use, by, body, query: { dryRun = false, confirm, ...query } }) => {
      const options = importOptions(query)
      const report = await use.bulk.importCsv(by.actor, body, { ...options, dryRun, confirm })
      if (dryRun && report.obstacles.length > 0) throw mistakes(report.obstacles)
      return { body: report }
    },
  }),
  route({
    id: 'importRows',
    method: 'post',
    path: '/bulk/rows',
    tag: TAG,
    summary: 'Add and change people and phones: all rows or none',
    access: 'bulk.import',
    query: { dryRun: flag.optional().meta({ description: 'Only tell what would happen' }) },
    body: z.array(row).min(1).max(ROWS_MAX),
    answer: importReport,
    handle: async ({ use, by, body, query: { dryRun = false } }) => ({
      body: await use.bulk.importRows(by.actor, importRows(body), { dryRun }),
    }),
  }),
  route({
    id: 'changeDevices',
    method: 'post',
    path: '/bulk/devices',
    tag: TAG,
    summary: 'Block, approve, remove or group many phones; each is told for itself',
    access: 'phones.write',
    body: z.strictObject({
      action: z.enum(ACTIONS),
      macs: z.array(mac).min(1).max(MACS_MAX),
      group: text.optional().meta({ description: 'For set-group; absent: out of any group' }),
    }),
    answer: z.object({
      items: z.array(
        z.object({
          mac: z.string(),
          done: z.boolean(),
          code: z.string().optional(),
          message: z.string().optional(),
        }),
      ),
    }),
    handle: async (call) => {
      const { action, macs, group } = call.body
      const groupId = group === undefined ? '' : (await call.use.groups.find(group)).id
      const items = []
      for (const address of macs) items.push(await changeOne(call, address, action, groupId))
      return { body: { items } }
    },
  }),
]
