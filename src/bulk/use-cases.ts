import type { Clock } from '../domain/clock.js'
import type { Id } from '../domain/entities.js'
import { AppError, type Problem } from '../domain/errors.js'
import type { Mac } from '../domain/mac-address.js'
import type { Random } from '../domain/random.js'
import type { Secret } from '../domain/secret.js'
import type { ModelLookup } from '../devices/draft.js'
import type { SecretBox } from '../secrets/seal.js'
import type { DeviceRecord, ExtensionRecord } from '../snapshot/snapshot.js'
import type { ApplyBulk } from './apply.js'
import { parseCsv, type ImportRow } from './csv.js'
import { decodeText } from './decode.js'
import { exportCsv } from './export.js'
import { planImport, type ImportPlan } from './plan.js'

export interface BulkParts {
  siteId: Id
  secrets: SecretBox
  clock: Clock
  random: Random
  models: ModelLookup
  /** Everything there is, of all sites, as stored now. */
  load(): Promise<{ extensions: Iterable<ExtensionRecord>; devices: Iterable<DeviceRecord> }>
  apply: ApplyBulk
  /** A person's own password; leaves an audit row. */
  password(actor: string, number: string): Promise<Secret>
}

export interface ImportReport {
  dryRun: boolean
  people: ImportPlan['counts']['people']
  phones: ImportPlan['counts']['phones']
  warnings: Problem[]
}

/** Many people and phones at once. */
export interface BulkUseCases {
  /** All rows of a CSV file or none; `source` names it in refusals. Throws CSV_INVALID with every mistake. */
  importCsv(actor: string, bytes: Uint8Array, options?: { dryRun?: boolean; source?: string }): Promise<ImportReport>
  /** As `importCsv`, of rows that were checked already. */
  importRows(actor: string, rows: readonly ImportRow[], options?: { dryRun?: boolean }): Promise<ImportReport>
  /** People and phones as a CSV file that `importCsv` reads; passwords only when asked for. */
  exportCsv(actor: string, options?: { passwords?: boolean }): Promise<string>
}

export function createBulkUseCases(parts: BulkParts): BulkUseCases {
  const importRows = async (
    actor: string,
    rows: readonly ImportRow[],
    { dryRun = false, source = 'the rows', mistakes = [] }: { dryRun?: boolean; source?: string; mistakes?: Problem[] },
  ): Promise<ImportReport> => {
    const existing = await loadExisting(parts)
    const foreign = rows.flatMap((row) => foreignPhone(row, existing.foreign))
    const { plan, problems, counts } = planImport(rows, existing, parts)
    const all = [...mistakes, ...foreign, ...problems].sort((a, b) => (a.row ?? 0) - (b.row ?? 0))
    const errors = all.filter(({ severity }) => severity !== 'warning')
    if (errors.length > 0) {
      throw new AppError('CSV_INVALID', `${errors.length} mistake(s) in ${source}; nothing was changed`, {
        problems: errors,
      })
    }
    if (!dryRun) await parts.apply(plan, { actor, at: parts.clock.now() })
    return { dryRun, ...counts, warnings: all.filter(({ severity }) => severity === 'warning') }
  }
  return {
    importCsv: (actor, bytes, { dryRun = false, source = 'the file' } = {}) => {
      const { rows, problems } = parseCsv(decodeText(bytes).text)
      return importRows(actor, rows, { dryRun, source, mistakes: problems })
    },
    importRows: (actor, rows, options = {}) => importRows(actor, rows, options),
    exportCsv: (actor, { passwords = false } = {}) => exportAll(parts, actor, passwords),
  }
}

async function loadExisting({ load, siteId }: BulkParts): Promise<{
  extensions: Map<string, ExtensionRecord>
  devices: Map<Mac, DeviceRecord>
  foreign: Set<Mac>
}> {
  const stored = await load()
  const devices = [...stored.devices]
  const own = devices.filter((device) => device.siteId === siteId)
  const ownMacs = new Set(own.map(({ mac }) => mac))
  return {
    extensions: new Map([...stored.extensions].filter((one) => one.siteId === siteId).map((one) => [one.number, one])),
    devices: new Map(own.map((device) => [device.mac, device])),
    foreign: new Set(devices.filter(({ mac }) => !ownMacs.has(mac)).map(({ mac }) => mac)),
  }
}

/** A MAC address is there once in all sites. */
function foreignPhone({ row, mac }: ImportRow, foreign: ReadonlySet<Mac>): Problem[] {
  if (mac === undefined || !foreign.has(mac)) return []
  const message = `row ${row}, column mac: there is a phone ${mac} already`
  return [{ code: 'DEVICE_EXISTS', row, column: 'mac', message }]
}

async function exportAll({ load, siteId, password }: BulkParts, actor: string, passwords: boolean): Promise<string> {
  const stored = await load()
  const people = [...stored.extensions].filter((one) => one.siteId === siteId)
  const numbers = new Map(people.map(({ id, number }) => [id, number]))
  const shown = []
  for (const person of people) {
    // One by one, because each look at a password is an audit row of its own.
    const own = passwords ? (await password(actor, person.number)).reveal() : undefined
    shown.push({ ...person, password: own })
  }
  const phones = [...stored.devices]
    .filter((device) => device.siteId === siteId && device.state !== 'retired')
    .sort((a, b) => (a.mac < b.mac ? -1 : 1))
    .map(({ mac, model, lines }) => ({
      mac,
      model,
      lines: lines.map(({ position, extensionId }) => ({ position, extension: numbers.get(extensionId) ?? '' })),
    }))
  return exportCsv(
    shown.sort((a, b) => (a.number < b.number ? -1 : 1)),
    phones,
  )
}
