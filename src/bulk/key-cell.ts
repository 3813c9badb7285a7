import { KEY_KINDS, type KeyKind } from '../domain/entities.js'
import { parseExtensionNumber } from '../domain/extension-number.js'

/** One key of a person, from a cell such as `blf:102:Bob`. */
export interface ImportKey {
  kind: KeyKind
  value?: string
  label?: string
  /** Line that it uses; absent: the file says nothing of it. */
  line?: number
  /** The person cannot change it; absent: the file says nothing of it. */
  locked?: true
}

/** `blf`, `blf@2` on line 2, `blf!` locked, `blf@2!`. */
const KIND = /^([a-z-]+)(?:@(\d{1,4}))?(!)?$/

/** Kind, value and the rest: a colon after a backslash does not part, and the rest may hold colons. */
function splitCell(text: string): [kind: string, value: string, label: string] {
  if (!text.includes('\\')) {
    const [kind = '', value = '', ...label] = text.split(':')
    return [kind, value, label.join(':')]
  }
  const parts: [string, string, string] = ['', '', '']
  let part = 0
  for (let at = 0; at < text.length; at += 1) {
    const one = text.charAt(at)
    const next = text.charAt(at + 1)
    if (one === '\\' && (next === ':' || next === '\\')) {
      parts[part] += next
      at += 1
    } else if (one === ':' && part < 2) part += 1
    else parts[part] += one
  }
  return parts
}

/** `blf:102:Bob`, `speed-dial:0301234`, `dnd`; a bare number is a BLF key. Returns what is wrong, as text. */
export function readKeyCell(text: string): ImportKey | string {
  if (parseExtensionNumber(text) !== undefined) return { kind: 'blf', value: text }
  const url = /^url:((?:https?|tftp):\/\/[^\\]*)$/i.exec(text)?.[1]
  if (url !== undefined) return { kind: 'url', value: url }
  const [kind, value, label] = splitCell(text)
  const [, name, line, lock] = KIND.exec(kind.trim().toLowerCase()) ?? []
  const known = KEY_KINDS.find((one) => one === name)
  if (known === undefined)
    return `"${kind.slice(0, 30)}" is no kind of key; write kind:value:label, kinds are ${KEY_KINDS.join(', ')}`
  const key: ImportKey = { kind: known }
  if (value.trim() !== '') key.value = value.trim()
  if (label.trim() !== '') key.label = label.trim()
  if (line !== undefined) key.line = Number(line)
  if (lock !== undefined) key.locked = true
  return key
}

/** The reverse of `readKeyCell`. */
export function keyCell({ kind, value, label, line, locked }: ImportKey): string {
  const escaped = (part: string): string => part.replace(/[\\:]/g, '\\$&')
  return [
    `${kind}${line === undefined ? '' : `@${line}`}${locked ? '!' : ''}`,
    ...(value === undefined && label === undefined ? [] : [escaped(value ?? '')]),
    ...(label === undefined ? [] : [escaped(label)]),
  ].join(':')
}
