export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1251', 'windows-1252'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** What a file's bytes turned out to be. */
export interface Decoded {
  text: string
  encoding: Encoding
  /** Lines that were in another encoding than the rest; absent: none. */
  mixed?: number
}

/** Cyrillic letters as windows-1251 writes them, several in a row: no windows-1252 text looks like this. */
const CYRILLIC_RUN = /[\u0410-\u044f\u0401\u0451]{3,}/
/** As much of a file as tells its encoding and delimiter. */
const HEAD = 64 * 1024
const LINE_FEED = 10
/** So many more lines that are no UTF-8 than lines that are: it is a file of the other encoding. */
const MIXED_AHEAD = 50

/**
 * Text of a spreadsheet export: by byte order mark, else strict UTF-8, else UTF-16 by its zero bytes, else
 * windows-1251 when it gives runs of Cyrillic, else windows-1252. Of a file that was put together of several, each line
 * by itself. The mark itself is not part of the text.
 * With `forced` as told, the mark still left out.
 */
export function decodeText(bytes: Uint8Array, forced?: Encoding): Decoded {
  const marked = encodingByMark(bytes)
  if (forced !== undefined) {
    return decodeAs(forced, marked?.encoding === forced ? bytes.subarray(marked.length) : bytes)
  }
  if (marked) return decodeAs(marked.encoding, bytes.subarray(marked.length))
  const head = bytes.subarray(0, 200)
  const zeroes = head.filter((byte) => byte === 0).length
  if (zeroes > head.length / 4) return decodeAs(bytes[0] === 0 ? 'utf-16be' : 'utf-16le', bytes)
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' }
  } catch {
    const cyrillic = new TextDecoder('windows-1251').decode(bytes.subarray(0, HEAD))
    const legacy = CYRILLIC_RUN.test(cyrillic) ? 'windows-1251' : 'windows-1252'
    return decodeLines(bytes, legacy) ?? decodeAs(legacy, bytes)
  }
}

/** Undefined: most lines with more than ASCII are no UTF-8. */
function decodeLines(bytes: Uint8Array, legacy: Encoding): Decoded | undefined {
  const strict = new TextDecoder('utf-8', { fatal: true })
  const old = new TextDecoder(legacy)
  let [text, good, mixed] = ['', 0, 0]
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, at) + 1 || bytes.length
    const line = bytes.subarray(at, end)
    at = end
    try {
      const read = strict.decode(line)
      if (read.length < line.length) good += 1
      text += read
    } catch {
      mixed += 1
      text += old.decode(line)
    }
    if (mixed > good + MIXED_AHEAD) return undefined
  }
  return mixed > good ? undefined : { text, encoding: 'utf-8', mixed }
}

function encodingByMark([first, second, third]: Uint8Array): { encoding: Encoding; length: number } | undefined {
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', length: 2 }
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', length: 2 }
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', length: 3 }
  return undefined
}

function decodeAs(encoding: Encoding, bytes: Uint8Array): Decoded {
  return { text: new TextDecoder(encoding).decode(bytes), encoding }
}

export const DELIMITERS = [',', ';', '\t', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]

/** `sep=;` in the first line, as Excel writes and obeys it. */
const SEPARATOR_LINE = /^sep=(.)\r?\n/i

/** The text without Excel's line `sep=;`, and what that line says. */
export function withoutSeparatorLine(text: string): { text: string; delimiter?: Delimiter; lines: number } {
  const match = SEPARATOR_LINE.exec(text)
  const delimiter = DELIMITERS.find((one) => one === match?.[1])
  if (!match || delimiter === undefined) return { text, lines: 0 }
  return { text: text.slice(match[0].length), delimiter, lines: 1 }
}

/** The delimiter that cuts the first lines into the most, and equally many, columns. */
export function detectDelimiter(text: string): Delimiter {
  const lines = text
    .slice(0, HEAD)
    .replace(/"[^"]*"/g, 'x')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('# '))
  const head = lines.slice(0, 5)
  let best: { delimiter: Delimiter; columns: number } = { delimiter: ',', columns: 1 }
  for (const delimiter of DELIMITERS) {
    const counts = head.map((line) => line.split(delimiter).length)
    const header = counts[0] ?? 1
    if (header > best.columns && counts.every((count) => count === header)) best = { delimiter, columns: header }
  }
  if (best.columns > 1) return best.delimiter
  // Ragged rows: the header decides, and the rows are refused one by one later. A title has no delimiters.
  const header =
    lines.find((line) => DELIMITERS.some((delimiter) => line.split(delimiter).length > 2)) ?? lines[0] ?? ''
  return DELIMITERS.reduce((winner, delimiter) =>
    header.split(delimiter).length > header.split(winner).length ? delimiter : winner,
  )
}
