import { AppError } from '../domain/errors.js'
import { formatMac, requireMac, type Mac } from '../domain/mac-address.js'
import { newId } from '../domain/random.js'
import { refuseKeyProblems, requireKeys } from '../extensions/keys.js'
import type { DeviceRecord } from '../snapshot/snapshot.js'
import { draftDevice, requireModel, type DraftParts } from './draft.js'
import { addLine } from './line.js'
import type { DeviceView, DeviceWrites } from './store.js'

/** What is thrown where a phone is there already. */
export function deviceExists(mac: Mac): AppError {
  return new AppError('DEVICE_EXISTS', `there is a phone ${formatMac(mac)} already`, { field: 'mac' })
}

/** Throws LINE_INVALID or KEY_INVALID where another model has no room for what a phone has. */
export function refuseWhatDoesNotFit({ models }: DraftParts, model: string, device: DeviceRecord): void {
  const rules = requireModel(models, model)
  const beyond = device.lines.find(({ position }) => position > rules.accounts)
  if (beyond) {
    const what = `a ${model} has ${rules.accounts} line(s); line ${beyond.position} is in use`
    throw new AppError('LINE_INVALID', what, { field: 'model', hint: 'Remove the line first' })
  }
  refuseKeyProblems(rules.checkKeys(device.keys))
}

/** The phone that takes over: lines and keys of the old one under new ids and with new credentials. */
export async function moveTarget(
  parts: DraftParts,
  writes: DeviceWrites,
  old: DeviceView,
  to: { mac: string; model?: string | undefined },
): Promise<{ device: DeviceRecord; existing: DeviceView | undefined }> {
  const mac = requireMac(to.mac)
  const existing = await writes.byMac(mac)
  const free = existing?.siteId === old.siteId && existing.lines.length === 0 && existing.id !== old.id
  if (existing && !free) throw deviceExists(mac)
  const model = to.model ?? existing?.model ?? old.model
  refuseWhatDoesNotFit(parts, model, old)
  let device = draftDevice(parts, { mac, model, name: old.name })
  for (const { extension, position, label } of old.lines) {
    device = await addLine(parts, writes, device, { extension, position, label })
  }
  const keys = requireKeys(
    old.keys.map(({ position, bank, kind, value, label, line }) => ({ position, bank, kind, value, label, line })),
    { kind: 'device', id: device.id },
    () => newId(parts.random, parts.clock.now()),
  )
  return { device: { ...device, keys }, existing: existing?.state === 'retired' ? undefined : existing }
}
