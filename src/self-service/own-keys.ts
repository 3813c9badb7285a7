import type { LineKey } from '../domain/entities.js'
import type { KeyInput } from '../extensions/keys.js'
import type { ExtensionRecord } from '../snapshot/snapshot.js'

/** Kinds of keys whose number is the person's own business. */
const FREE_KINDS: ReadonlySet<string> = new Set(['speed-dial', 'blf'])

/** Left free by the admin, and of a kind that is the person's own business. */
export function isFreeKey({ kind, locked }: Pick<LineKey, 'kind'> & { locked?: true | undefined }): boolean {
  return locked !== true && FREE_KINDS.has(kind)
}

/** The person's keys with what the form says of those that are free; all others stay as they are. */
export function changedKeys({ keys }: Pick<ExtensionRecord, 'keys'>, form: URLSearchParams): KeyInput[] {
  return keys.map((key) => {
    const { position, bank, kind, line, locked } = key
    const isFree = isFreeKey(key)
    const value = isFree ? (form.get(`value-${position}`)?.trim() ?? key.value) : key.value
    const label = isFree ? (form.get(`label-${position}`)?.trim() ?? key.label) : key.label
    return {
      position,
      kind,
      locked,
      ...(bank === undefined ? {} : { bank }),
      ...(line === undefined ? {} : { line }),
      ...(value ? { value } : {}),
      ...(label ? { label } : {}),
    }
  })
}
