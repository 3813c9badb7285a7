import { AppError } from '../domain/errors.js'

/** How files begin that are no text with rows, and what to do instead. */
const KINDS: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  [/^PK\x03\x04/, 'a workbook of Excel or LibreOffice', 'Save the sheet as "CSV UTF-8" and choose that file'],
  [/^\xd0\xcf\x11\xe0/, 'an old workbook of Excel', 'Save the sheet as "CSV UTF-8" and choose that file'],
  [/^%PDF-/, 'a PDF', 'Ask for the list as a spreadsheet, or export it as CSV'],
  [/^\x1f\x8b/, 'a packed file', 'Unpack it first'],
  [
    /^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|table|\?xml)/i,
    'a web page or XML',
    'Open it in a spreadsheet and save it as "CSV UTF-8"',
  ],
  [/^(?:\xef\xbb\xbf)?\s*\[?\s*\{\s*"/, 'JSON', 'Use the API for it, or save the list as CSV'],
]
/** As much of a file as tells what it is. */
const HEAD = 256

/** Throws CSV_INVALID for a file that is something else than a text with rows. */
export function refuseOtherKinds(bytes: Uint8Array): void {
  const head = Array.from(bytes.subarray(0, HEAD), (byte) => String.fromCharCode(byte)).join('')
  const kind = KINDS.find(([start]) => start.test(head))
  if (!kind) return
  throw new AppError('CSV_INVALID', `this is ${kind[1]}, not a CSV file`, { hint: kind[2] })
}
