import { open, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { parseCsv } from '../bulk/csv.js'
import { decodeText } from '../bulk/decode.js'
import { createKnexApplyBulk } from '../bulk/edge/knex-apply.js'
import { exportCsv } from '../bulk/export.js'
import { planImport } from '../bulk/plan.js'
import { systemClock } from '../domain/edge/system-clock.js'
import { systemRandom } from '../domain/edge/system-random.js'
import { AppError } from '../domain/errors.js'
import { MemorySnapshot } from '../snapshot/memory-snapshot.js'
import { loadSnapshot } from '../snapshot/edge/load-snapshot.js'
import type { Installation } from '../installation.js'
import { actor, withInstallation } from './context.js'
import type { Io, Report, Run } from './output.js'

/** `import <csv>`, `export` */
export function bulkCommands(program: Command, io: Io, run: Run): void {
  program
    .command('import <csv>')
    .description('add and change people and phones from a CSV file (- is standard input): all rows or none')
    .option('--dry-run', 'only tell what would happen')
    .action((file: string, { dryRun = false }: { dryRun?: boolean }) => run(() => importFile(io, file, dryRun)))

  program
    .command('export')
    .description('people and phones as a CSV file that import reads')
    .option('--output <path>', 'default: standard output')
    .option('--with-passwords', "with people's own SIP passwords; kept in the audit log")
    .action(({ output, withPasswords = false }: { output?: string; withPasswords?: boolean }) =>
      run(() => exportFile(io, output, withPasswords)),
    )
}

async function importFile(io: Io, file: string, dryRun: boolean): Promise<Report> {
  const { text } = decodeText(await readBytes(io, file))
  const { rows, problems: mistakes } = parseCsv(text)
  return withInstallation(io, async (installation) => {
    const { databases, secrets, site, models } = installation
    const { content } = await loadSnapshot(databases.main)
    const existing = {
      extensions: new Map(
        [...content.extensions.values()]
          .filter(({ siteId }) => siteId === site.id)
          .map((one) => [one.number as string, one]),
      ),
      devices: new Map([...content.devices.values()].map((device) => [device.mac, device])),
    }
    const parts = { secrets, clock: systemClock, random: systemRandom, siteId: site.id, models }
    const { plan, problems, counts } = planImport(rows, existing, parts)
    const all = [...mistakes, ...problems].sort((a, b) => (a.row ?? 0) - (b.row ?? 0))
    const errors = all.filter(({ severity }) => severity !== 'warning')
    const warnings = all.filter(({ severity }) => severity === 'warning')
    if (errors.length > 0) {
      throw new AppError('CSV_INVALID', `${errors.length} mistake(s) in ${file}; nothing was changed`, {
        problems: errors,
      })
    }
    if (!dryRun) await createKnexApplyBulk(databases.main)(plan, { actor: actor(), at: systemClock.now() })
    const { people, phones } = counts
    const would = dryRun ? 'would be ' : ''
    return {
      json: { dryRun, ...counts, warnings },
      lines: [
        ...warnings.map(({ message }) => `Warning: ${message}`),
        `People: ${people.added} ${would}added, ${people.changed} ${would}changed, ${people.unchanged} unchanged`,
        `Phones: ${phones.added} ${would}added, ${phones.changed} ${would}changed, ${phones.unchanged} unchanged`,
      ],
    }
  })
}

async function readBytes(io: Io, file: string): Promise<Uint8Array> {
  if (file === '-') return Buffer.from(await io.readInput(), 'utf8')
  try {
    return await readFile(resolve(io.folder, file))
  } catch (error) {
    throw new AppError('FILE_NOT_FOUND', `${file}: cannot be read`, { field: 'csv' }, { cause: error })
  }
}

async function exportFile(io: Io, output: string | undefined, withPasswords: boolean): Promise<Report> {
  return withInstallation(io, async (installation) => {
    const csv = await exportText(installation, withPasswords)
    const rows = csv.split('\r\n').length - 2
    if (output === undefined) return { json: { rows, csv }, lines: [csv.replace(/\r\n$/, '').replaceAll('\r\n', '\n')] }
    await writeExport(resolve(io.folder, output), csv, withPasswords)
    return { json: { rows, output }, lines: [`${rows} row(s) written to ${output}`] }
  })
}

/** With passwords the file is for its owner alone, also one that was there before and open to others. */
async function writeExport(path: string, csv: string, secret: boolean): Promise<void> {
  const file = await open(path, 'w', secret ? 0o600 : 0o644)
  try {
    if (secret && (await file.stat()).isFile()) await file.chmod(0o600)
    await file.writeFile(csv)
  } finally {
    await file.close()
  }
}

async function exportText({ databases, site, extensions }: Installation, withPasswords: boolean): Promise<string> {
  const snapshot = new MemorySnapshot((await loadSnapshot(databases.main)).content)
  const people = [...snapshot.content.extensions.values()].filter(({ siteId }) => siteId === site.id)
  const shown = []
  for (const person of people) {
    // One by one, because each look at a password is an audit row of its own.
    const password = withPasswords ? (await extensions.password(actor(), person.number)).reveal() : undefined
    shown.push({ ...person, password })
  }
  const phones = [...snapshot.content.devices.values()]
    .filter(({ siteId, state }) => siteId === site.id && state !== 'retired')
    .sort((a, b) => (a.mac < b.mac ? -1 : 1))
    .map(({ mac, model, lines }) => ({
      mac,
      model,
      lines: lines.map(({ position, extensionId }) => ({
        position,
        extension: snapshot.extension(extensionId)?.number ?? '',
      })),
    }))
  return exportCsv(
    shown.sort((a, b) => (a.number < b.number ? -1 : 1)),
    phones,
  )
}
