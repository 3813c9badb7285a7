import type { PhoneModel } from '../catalog/manifest.js'
import type { LineKey } from '../domain/entities.js'
import { parseRawKey, phoneVocabulary, type Vocabulary } from '../settings/vocabulary.js'
import type { DeviceRecord, LayerValues, Snapshot } from '../snapshot/snapshot.js'

/** Numbers for contents of layers: the same number means that a phone is told the same. */
class Contents {
  readonly #numbers = new Map<string, number>()
  readonly #known = new WeakMap<LayerValues['values'], number>()

  constructor(private readonly vocabulary: Vocabulary) {}

  number(values: LayerValues['values']): number {
    if (values.size === 0) return 0
    let number = this.#known.get(values)
    if (number !== undefined) return number
    const told = [...values].filter(([key]) => this.vocabulary.has(key) || parseRawKey(key) !== undefined)
    const text = told.length === 0 ? '' : JSON.stringify(told.sort(([a], [b]) => (a < b ? -1 : 1)))
    number = text === '' ? 0 : (this.#numbers.get(text) ?? this.#numbers.size + 1)
    if (number > 0) this.#numbers.set(text, number)
    this.#known.set(values, number)
    return number
  }
}

/**
 * Tells phones apart as far as a change of settings can: those with the same text have the same model, firmware,
 * settings at every layer, and lines and keys of the same kind at the same places. Names, numbers and passwords differ,
 * but no setting takes effect by them.
 */
export function likenessIn(
  snapshot: Snapshot,
  vocabulary: Vocabulary,
): (model: PhoneModel, device: DeviceRecord) => string {
  const contents = new Contents(phoneVocabulary(vocabulary))
  const keys = (own: readonly LineKey[], device: DeviceRecord): string => {
    let text = ''
    for (const { bank, position, kind, line, value, label } of own) {
      const target = value === undefined ? '-' : snapshot.extensionByNumber(device.siteId, value) ? 'p' : 'v'
      text += `${bank ?? ''}${position}${kind}${line ?? ''}${target}${label === undefined ? '' : 'l'},`
    }
    return text
  }
  return (model, device) => {
    const { groupId = '', siteId, firmwareVersion = '' } = device
    let text = `${model.model} ${siteId} ${groupId} ${firmwareVersion} ${contents.number(snapshot.layer('device', device.id).values)}`
    for (const { position, extensionId, id, label } of device.lines) {
      const person = snapshot.extension(extensionId)
      const own = contents.number(snapshot.layer('extension', extensionId).values)
      const line = contents.number(snapshot.layer('line', id).values)
      const mobile = snapshot.layer('extension', extensionId).values.has('mobileNumber') ? 'm' : ''
      const groups = person?.groups?.join('+') ?? ''
      text += ` ${position}${mobile}${groups}${person?.enabled ? '' : 'x'}${label === undefined ? '' : 'l'}.${own}.${line}`
    }
    const owner = snapshot.extension(device.lines[0]?.extensionId ?? '')
    return `${text}|${keys(owner?.keys ?? [], device)}|${keys(device.keys, device)}`
  }
}
