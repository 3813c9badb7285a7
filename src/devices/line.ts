import type { Line } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import { requireExtensionNumber } from '../domain/extension-number.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { withLine, type DraftParts } from './draft.js'
import type { DeviceWrites } from './store.js'

/** A line that a phone is to get. */
export interface LineInput {
  /** Number of the extension. */
  extension: string
  /** 1-based; default: the first free one. */
  position?: number | undefined
  label?: string | undefined
}

/** The line without the password that it had before. */
export function withoutFormer(line: Line): Line {
  const bare = { ...line }
  delete bare.former
  return bare
}

/** The phone with one line more. Throws EXTENSION_NOT_FOUND, LINE_INVALID. */
export async function addLine(
  parts: DraftParts,
  writes: DeviceWrites,
  device: DeviceRecord,
  line: LineInput,
): Promise<DeviceRecord> {
  const number = requireExtensionNumber(line.extension)
  const extension = await writes.extensionByNumber(device.siteId, number)
  if (!extension) throw new AppError('EXTENSION_NOT_FOUND', `there is no extension ${number}`, { field: 'extension' })
  // A name that somebody typed in by hand elsewhere may be taken; a drawn one hits it once in a billion.
  for (let attempt = 0; ; attempt += 1) {
    const drafted = withLine(parts, device, { ...line, extension })
    const names = drafted.lines.filter(({ id }) => !device.lines.some((old) => old.id === id))
    const taken = await Promise.all(names.map((each) => writes.authUsernameTaken(device.siteId, each.authUsername)))
    if (!taken.includes(true) || attempt === 3) return drafted
  }
}

/** Throws LINE_INVALID where a line has a user name that is another's. */
export async function refuseTakenNames(writes: DeviceWrites, device: DeviceRecord): Promise<void> {
  for (const line of device.lines) {
    if (await writes.authUsernameTaken(device.siteId, line.authUsername)) {
      throw new AppError('LINE_INVALID', `the user name ${line.authUsername} is taken`, { field: 'lines' })
    }
  }
}

/** Throws LINE_INVALID naming the lines there are. */
export function requireLine(device: DeviceRecord, position: number): DeviceRecord['lines'][number] {
  const line = device.lines.find((each) => each.position === position)
  if (!line) {
    const have = device.lines.map((each) => each.position).join(', ') || 'none'
    throw new AppError('LINE_INVALID', `the phone has no line ${position}`, { field: 'line', hint: `It has ${have}` })
  }
  return line
}
