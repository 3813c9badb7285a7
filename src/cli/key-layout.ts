import { whyNoPlace, type KeyLayout, type KeyModel } from '../catalog/key-bank.js'
import type { LineKey } from '../domain/entities.js'
import { AppError } from '../domain/errors.js'
import type { Installation } from '../installation.js'
import { equippedModel, layOutPhone } from '../provisioning/key-layout.js'
import { readSnapshot } from './context.js'
import { table, type Report } from './output.js'

const WHY = {
  line: 'the phone has no such line',
  kind: 'no key of this phone can do it',
  full: 'no key is left',
  module: 'no key is left; another expansion module would have room (setting keyModules)',
  place: 'the place is taken or not there',
} as const

/** Where every key of a phone lands, as its file has it. Throws MODEL_UNKNOWN. */
export async function layoutOfPhone(installation: Installation, mac: string, modelId?: string): Promise<Report> {
  const device = await installation.devices.show(mac)
  const id = modelId ?? device.model
  const model = installation.catalog.model(id)
  if (!model) throw new AppError('MODEL_UNKNOWN', `${id} is not in the catalogue`, { field: 'model' })
  const snapshot = await readSnapshot(installation)
  const equipped = equippedModel(snapshot, model, device)
  return shownLayout(equipped, layOutPhone(snapshot, equipped, device))
}

/** A layout for people, and for programs without what points back at its owner. */
export function shownLayout(model: KeyModel, { banks, overflow, repeated }: KeyLayout): Report {
  const placed = Object.values(banks)
    .flat()
    .map(({ from, ...key }) => ({ ...key, ...(from ? { of: from.owner.kind } : {}) }))
  const whyOf = (key: LineKey): keyof typeof WHY => (key.owner.kind === 'device' ? 'place' : whyNoPlace(model, key))
  return {
    json: { keys: placed, overflow: overflow.map((key) => ({ ...key, why: whyOf(key) })), repeated },
    lines: [
      ...table(
        ['BANK', 'PLACE', 'KIND', 'VALUE', 'LABEL', 'OF'],
        placed.map(({ bank, position, kind, value, label, of }) => [bank, position, kind, value, label, of]),
      ),
      ...overflow.map((key) => `Does not fit on this phone: ${key.kind} ${key.value ?? ''} (${WHY[whyOf(key)]})`),
      ...repeated.map(({ kind, value }) => `On this phone already: ${kind} ${value ?? ''} of its group`),
    ],
  }
}
