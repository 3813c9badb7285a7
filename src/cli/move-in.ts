import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import { formatMac, requireMac, type Mac } from '../domain/mac-address.js'
import type { Installation } from '../installation.js'
import type { OldFile } from '../move-in/gather.js'
import { moveIn, type MoveIn } from '../move-in/move-in.js'
import type { MoveInPlan } from '../move-in/plan.js'
import { readStrangers } from '../provisioning/edge/event-reads.js'
import { READERS } from '../readers/index.js'
import { actor, readSnapshot, withInstallation } from './context.js'
import { moveInReport } from './move-in-report.js'
import type { Io, Report, Run } from './output.js'

interface Flags {
  model?: string[]
  apply?: boolean
  csv?: string
}

/** Larger files are no configuration of a phone. */
const MOST_BYTES = 2 * 1024 * 1024
const MOST_FILES = 20_000

/** `move-in <folder>`: people, phones, keys and settings out of the files of another provisioning server. */
export function moveInCommand(program: Command, io: Io, run: Run): void {
  program
    .command('move-in <folder>')
    .description(
      'take over phones from a folder of configs (Yealink, Snom, Grandstream); tells what it would do unless --apply',
    )
    .option(
      '--model <model>',
      'for phones whose files do not tell: family/model, or mac=family/model; may be repeated',
      (one: string, all: string[] = []) => [...all, one],
    )
    .option('--csv <path>', 'write people, phones and keys to a CSV file for import; it holds their SIP passwords')
    .option('--apply', 'do it: import people and phones, and set what most phones have in common for the site')
    .action((folder: string, flags: Flags) =>
      run(() =>
        withInstallation(io, (installation) => moveInFolder(installation, resolve(io.folder, folder), flags, io)),
      ),
    )
}

async function moveInFolder(installation: Installation, folder: string, flags: Flags, io: Io): Promise<Report> {
  const { catalog, vocabulary, zones, render, bulk } = installation
  const found = moveIn(
    {
      ...{ catalog, vocabulary, zones, render, readers: READERS },
      preferredZones: await usualZones(installation),
      modelOf: await modelFinder(installation, flags.model ?? []),
    },
    await readFolder(folder),
  )
  const { plan } = found
  if (found.phones.length === 0) throw nothingFound(folder, found)
  if (flags.csv !== undefined) await writeFile(resolve(io.folder, flags.csv), plan.csv, { mode: 0o600 })
  const imported = await bulk.importCsv(actor(), Buffer.from(plan.csv, 'utf8'), {
    profile: 'phoneboot',
    fileName: basename(folder),
    dryRun: flags.apply !== true,
  })
  if (flags.apply === true) await setSettings(installation, plan)
  return moveInReport(found, imported, flags.apply === true)
}

async function setSettings({ settings, devices, site }: Installation, plan: MoveInPlan): Promise<void> {
  for (const { layer, owner, key, value } of plan.settings) {
    if (layer === 'site') await settings.set(actor(), { layer, owner: site.id, key }, value)
    if (layer === 'device') {
      const { id } = await devices.show(owner)
      await settings.set(actor(), { layer, owner: id, key }, value)
    }
  }
}

/** Files of the folder and of those in it. Throws FILE_NOT_FOUND, USAGE. */
async function readFolder(folder: string): Promise<OldFile[]> {
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory()) throw new AppError('FILE_NOT_FOUND', `there is no folder ${folder}`, { field: 'folder' })
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile())
  if (names.length > MOST_FILES) throw new AppError('USAGE', `the folder has more than ${MOST_FILES} files`)
  const files: OldFile[] = []
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name)
    if ((await stat(path)).size <= MOST_BYTES) files.push({ name: entry.name, bytes: await readFile(path) })
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A phone's model: as told, as we have it, or as it said itself when it called here. */
async function modelFinder(
  installation: Installation,
  told: readonly string[],
): Promise<(mac: Mac) => string | undefined> {
  const { catalog, databases } = installation
  const byMac = new Map<Mac, string>()
  const byFamily = new Map<string, string>()
  for (const text of told) {
    const [model = '', mac] = text.includes('=') ? text.split('=', 2).reverse() : [text]
    const found = catalog.model(model)
    if (!found) throw new AppError('MODEL_UNKNOWN', `there is no model "${model.slice(0, 40)}"`, { field: 'model' })
    if (mac === undefined) byFamily.set(found.family, model)
    else byMac.set(requireMac(mac), model)
  }
  const snapshot = await readSnapshot(installation)
  const claims = new Map<Mac, string>()
  for (const { lastMac, lastUserAgent } of await readStrangers(databases.events, { limit: 10_000 })) {
    const claim = lastUserAgent === undefined ? undefined : catalog.userAgent(lastUserAgent)
    const model = claim && catalog.modelByToken(claim.family, claim.model)
    if (model && lastMac !== undefined) claims.set(lastMac, model.model)
  }
  return (mac) =>
    byMac.get(mac) ?? snapshot.deviceByMac(mac)?.model ?? claims.get(mac) ?? familyDefault(catalog, byFamily, mac)
}

/** Every model that was named for its family; the files of a phone tell which family it is of. */
function familyDefault(
  catalog: Installation['catalog'],
  byFamily: ReadonlyMap<string, string>,
  mac: Mac,
): string | undefined {
  const prefix = formatMac(mac).slice(0, 8)
  for (const [family, model] of byFamily) {
    const known = catalog.models().find((one) => one.family === family)
    if (known?.oui.some((oui) => oui.toLowerCase() === prefix)) return model
  }
  return byFamily.size === 1 ? [...byFamily.values()][0] : undefined
}

/** The zone of the site, that of this machine, and those of the largest cities. */
async function usualZones({ settings, site }: Installation): Promise<string[]> {
  const own = (await settings.list('site', site.id)).find(({ key }) => key === 'timezone')?.value
  const cities = [
    'Europe/Berlin',
    'Europe/London',
    'Europe/Athens',
    'Europe/Moscow',
    'America/New_York',
    'America/Chicago',
  ]
  const more = [
    'America/Denver',
    'America/Los_Angeles',
    'America/Sao_Paulo',
    'Asia/Shanghai',
    'Asia/Tokyo',
    'Asia/Kolkata',
    'Australia/Sydney',
  ]
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return [...(typeof own === 'string' ? [own] : []), here, ...cities, ...more]
}

function nothingFound(folder: string, { problems, strange }: MoveIn): AppError {
  return new AppError('FILE_NOT_FOUND', `no phone was found in ${folder}`, {
    field: 'folder',
    problems,
    hint:
      strange.length === 0
        ? 'Files are named like 001565aabbcc.cfg, snomD120-000413AABBCC.htm or cfg000b82aabbcc.xml'
        : `Not known: ${strange.slice(0, 8).join(', ')}`,
  })
}
