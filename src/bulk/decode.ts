/** What a file's bytes turned out to be. */
export interface Decoded {
  text: string
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1251' | 'windows-1252'
}

/** Cyrillic letters as windows-1251 writes them, several in a row: no windows-1252 text looks like this. */
const CYRILLIC_RUN = /[\u0410-\u044f\u0401\u0451]{3,}/

/**
 * Text of a spreadsheet export: by byte order mark, else strict UTF-8, else UTF-16 by its zero bytes, else
 * windows-1251 when it gives runs of Cyrillic, else windows-1252. The mark itself is not part of the text.
 */
export function decodeText(bytes: Uint8Array): Decoded {
  const [first, second, third] = bytes
  if (first === 0xff && second === 0xfe) return decodeAs('utf-16le', bytes.subarray(2))
  if (first === 0xfe && second === 0xff) return decodeAs('utf-16be', bytes.subarray(2))
  if (first === 0xef && second === 0xbb && third === 0xbf) return decodeAs('utf-8', bytes.subarray(3))
  const head = bytes.subarray(0, 200)
  const zeroes = head.filter((byte) => byte === 0).length
  if (zeroes > head.length / 4) return decodeAs(bytes[0] === 0 ? 'utf-16be' : 'utf-16le', bytes)
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    const cyrillic = decodeAs('windows-1251', bytes)
    return CYRILLIC_RUN.test(cyrillic.text) ? cyrillic : decodeAs('windows-1252', bytes)
  }
}

function decodeAs(encoding: Decoded['encoding'], bytes: Uint8Array): Decoded {
  return { text: new TextDecoder(encoding).decode(bytes), encoding }
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** The delimiter that cuts the first lines into the most, and equally many, columns. */
export function detectDelimiter(text: string): string {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 5)
  let best: { delimiter: string; columns: number } = { delimiter: ',', columns: 1 }
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => line.replace(/"[^"]*"/g, '').split(delimiter).length)
    const header = counts[0] ?? 1
    if (header > best.columns && counts.every((count) => count === header)) best = { delimiter, columns: header }
  }
  if (best.columns > 1) return best.delimiter
  // Ragged rows: the header decides, and the rows are refused one by one later.
  const header = lines[0] ?? ''
  return DELIMITERS.reduce((winner, delimiter) =>
    header.split(delimiter).length > header.split(winner).length ? delimiter : winner,
  )
}
