import { AppError } from './errors.js'

/** What people dial to reach a person: 1 to 20 of the digits 0-9, * and #. */
export type ExtensionNumber = string & { readonly __brand: 'ExtensionNumber' }

/** Returns undefined when `text` (outer blanks ignored) is not an extension number. */
export function parseExtensionNumber(text: string): ExtensionNumber | undefined {
  const trimmed = text.trim()
  return /^[0-9*#]{1,20}$/.test(trimmed) ? (trimmed as ExtensionNumber) : undefined
}

/** As `parseExtensionNumber`, but refuses with NUMBER_INVALID. */
export function requireExtensionNumber(text: string, field = 'extension'): ExtensionNumber {
  const number = parseExtensionNumber(text)
  if (number === undefined) {
    throw new AppError('NUMBER_INVALID', `${field}: "${text.slice(0, 40)}" is not an extension number`, {
      field,
      hint: 'Use 1 to 20 of the characters 0-9 * #',
    })
  }
  return number
}
