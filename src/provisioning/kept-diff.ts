import { isSecretParameter } from '../catalog/catalog.js'
import type { PhoneModel } from '../catalog/manifest.js'
import { maskTokens } from '../observe/mask.js'
import type { Entry } from '../readers/index.js'
import { diffLines, type DiffLine } from './line-diff.js'
import type { FileEntry } from './sheet.js'

/**
 * What is different between a file as a phone was given it and as it would get it now, parameter by parameter. Secrets
 * are masked; that one is another is told all the same.
 */
export function diffEntries(model: PhoneModel, before: readonly Entry[], now: readonly FileEntry[]): DiffLine[] {
  const secretNow = new Set(now.filter(({ secret }) => secret).map(({ name }) => name))
  const old = new Map(before.map((entry) => [idOf(entry), entry.value]))
  const isSecret = (name: string): boolean =>
    secretNow.has(name) || isSecretParameter(model, name) || /passw|secret|token/i.test(name)
  const line = (entry: Entry, isOld: boolean): string => {
    const { name, value } = entry
    // An address with a token may have stood under a name that nothing has now.
    if (!isSecret(name) || value === '') return `${idOf(entry)} = ${maskTokens(value)}`
    const isOther = isOld
      ? now.find((one) => idOf(one) === idOf(entry))?.value !== value
      : old.get(idOf(entry)) !== value
    return `${idOf(entry)} = ********${isOther ? (isOld ? ' (before)' : ' (now)') : ''}`
  }
  const text = (entries: readonly Entry[], isOld: boolean): string => entries.map((one) => line(one, isOld)).join('\n')
  return diffLines(text(before, true), text(now, false))
}

function idOf({ name, attributes }: Pick<Entry, 'name' | 'attributes'>): string {
  const shown = Object.entries(attributes).map(([key, value]) => ` ${key}=${value}`)
  return `${name}${shown.join('')}`
}
