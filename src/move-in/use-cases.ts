import type { ImportReport } from '../bulk/at-once.js'
import type { ImportView } from '../bulk/open-import.js'
import type { BulkUseCases } from '../bulk/use-cases.js'
import type { DeviceAdmin } from '../devices/use-cases.js'
import type { Id } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Log } from '../observe/log.js'
import type { SettingsAdmin } from '../settings/use-cases.js'
import type { MoveInDesk, OpenMoveIn, SettingsState } from './desk.js'
import type { OldFile } from './gather.js'
import { modelFinder, usualZones, type KnownModels } from './models.js'
import { moveIn, type MoveIn, type MoveInParts } from './move-in.js'

export interface MoveInAdminParts {
  siteId: Id
  desk: MoveInDesk
  /** Read when first asked for. */
  learning(): Omit<MoveInParts, 'preferredZones' | 'modelOf'>
  knownModels(): Promise<KnownModels>
  /** Time zone of this machine. */
  zoneHere: string
  bulk: BulkUseCases
  settings: SettingsAdmin
  devices: Pick<DeviceAdmin, 'show'>
  log: Log
}

/** Files of another provisioning server, what they hold, and the import that comes of them. */
export interface MoveInView {
  readonly id: Id
  readonly name: string
  readonly found: MoveIn
  readonly settings: SettingsState
  readonly imported: ImportView
}

interface MoveInInput {
  /** What people call it: the folder. */
  name: string
  files: readonly OldFile[]
  /** For phones whose files do not tell: `family/model`, or `mac=family/model`. */
  models?: readonly string[] | undefined
}

/** Taking over from another provisioning server: people, phones and keys are one import, settings come after it. */
export interface MoveInAdmin {
  /** At one go; nothing is changed without `apply`. Throws MOVE_IN_EMPTY, MODEL_UNKNOWN, CSV_INVALID. */
  atOnce(actor: string, input: MoveInInput & { apply: boolean }): Promise<{ found: MoveIn; imported: ImportReport }>
  /** Reads the files and begins to work out what their import would do. Throws MOVE_IN_EMPTY, MODEL_UNKNOWN. */
  open(actor: string, input: MoveInInput): Promise<MoveInView>
  /** The same files with other models: another one comes of them. Throws IMPORT_NOT_FOUND, as all below. */
  change(actor: string, id: Id, models: readonly string[]): Promise<MoveInView>
  show(id: Id): Promise<MoveInView>
  /** Runs the import that was shown, then sets the settings if they are wanted. Throws as `confirmImport`. */
  confirm(actor: string, id: Id, token: string, options: { settings: boolean }): Promise<MoveInView>
  /** Lets the files go. */
  cancel(id: Id): Promise<void>
}

/** Import profile that the CSV files of plans are written in. */
const PROFILE = 'phoneboot'

export function createMoveInAdmin(parts: MoveInAdminParts): MoveInAdmin {
  const { desk, bulk, siteId } = parts
  const view = async ({ id, name, found, settings }: OpenMoveIn): Promise<MoveInView> => {
    return { id, name, found, settings, imported: await bulk.showImport(id) }
  }
  const open = async (actor: string, input: MoveInInput): Promise<MoveInView> => {
    const { name, files } = input
    const found = await read(parts, input)
    // With nothing but phones whose model is to be told there is something to look at.
    if (found.phones.length === 0 && found.unsure.length === 0) throw nothingFound(found)
    const bytes = Buffer.from(found.plan.csv, 'utf8')
    const { id } = await bulk.openImport(actor, bytes, { profile: PROFILE, fileName: name })
    return view(desk.put({ id, siteId, name, files, found }))
  }
  return {
    atOnce: async (actor, { apply, ...input }) => {
      const found = await read(parts, input)
      if (found.phones.length === 0) throw nothingFound(found)
      const options = { profile: PROFILE, fileName: input.name, dryRun: !apply }
      const imported = await bulk.importCsv(actor, Buffer.from(found.plan.csv, 'utf8'), options)
      if (apply) await takeSettings(parts, actor, found)
      return { found, imported }
    },
    open,
    change: async (actor, id, models) => {
      const { name, files } = desk.require(siteId, id)
      const next = await open(actor, { name, files, models })
      desk.drop(id)
      await bulk.cancelImport(id)
      return next
    },
    show: async (id) => view(desk.require(siteId, id)),
    confirm: async (actor, id, token, { settings }) => {
      const one = desk.require(siteId, id)
      await bulk.confirmImport(actor, id, token)
      one.settings = { state: settings ? 'waiting' : 'left' }
      if (settings) void settle(parts, actor, one)
      return view(one)
    },
    cancel: async (id) => {
      desk.require(siteId, id)
      desk.drop(id)
      await bulk.cancelImport(id)
    },
  }
}

async function read(parts: MoveInAdminParts, { files, models = [] }: MoveInInput): Promise<MoveIn> {
  const learning = parts.learning()
  const zone = (await parts.settings.list('site', parts.siteId)).find(({ key }) => key === 'timezone')?.value
  const modelOf = modelFinder(learning.catalog, models, await parts.knownModels())
  return moveIn({ ...learning, preferredZones: usualZones(zone, parts.zoneHere), modelOf }, files)
}

/** Sets what was common once its phones are there. */
async function settle(parts: MoveInAdminParts, actor: string, one: OpenMoveIn): Promise<void> {
  try {
    const { state } = await parts.bulk.settledImport(one.id)
    if (state !== 'done') one.settings = { state: 'failed', error: 'the import was not done' }
    else one.settings = { state: 'set', count: await takeSettings(parts, actor, one.found) }
  } catch (error) {
    const why = error instanceof AppError ? error.message : 'internal error'
    if (!(error instanceof AppError)) parts.log.error({ err: error }, 'settings of a move-in could not be set')
    one.settings = { state: 'failed', error: why }
  }
}

/** Those of the site and of phones; those of people are in the import. Returns how many. */
async function takeSettings(
  { settings, devices, siteId }: MoveInAdminParts,
  actor: string,
  { plan }: MoveIn,
): Promise<number> {
  const byOwner = new Map<string, Record<string, unknown>>()
  for (const { layer, owner, key, value } of plan.settings) {
    if (layer === 'extension') continue
    byOwner.set(owner, { ...byOwner.get(owner), [key]: value })
  }
  let count = 0
  for (const [owner, values] of byOwner) {
    const of =
      owner === ''
        ? { layer: 'site' as const, owner: siteId }
        : { layer: 'device' as const, owner: (await devices.show(owner)).id }
    await settings.setAll(actor, of, values)
    count += Object.keys(values).length
  }
  return count
}

function nothingFound({ problems, strange }: MoveIn): AppError {
  return new AppError('MOVE_IN_EMPTY', 'no phone was found in these files', {
    field: 'folder',
    problems,
    hint:
      strange.length === 0
        ? 'Files are named like 001565aabbcc.cfg, snomD120-000413AABBCC.htm or cfg000b82aabbcc.xml'
        : `Not known: ${strange.slice(0, 8).join(', ')}`,
  })
}
