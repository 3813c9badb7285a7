import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import type { OldFile } from '../move-in/gather.js'
import { actor, withInstallation } from './context.js'
import { moveInReport } from './move-in-report.js'
import type { Io, Report, Run } from './output.js'
import { writeOut } from './write-file.js'

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

async function moveInFolder({ moveIns }: Installation, folder: string, flags: Flags, io: Io): Promise<Report> {
  const { model: models = [], apply = false, csv } = flags
  const input = { name: basename(folder), files: await readFolder(folder), models }
  const { found, imported } = await moveIns.atOnce(actor(), { ...input, apply })
  if (csv !== undefined) await writeOut(resolve(io.folder, csv), found.plan.csv, true)
  return moveInReport(found, imported, apply)
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
