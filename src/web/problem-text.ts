import type { Words } from './words/words.js'

/** A mistake of a file, as use cases and the API tell it. */
export interface Mistake {
  readonly code: string
  readonly row?: number | undefined
  readonly column?: string | undefined
  readonly message: string
}

/** The same, in the visitor's language as far as our texts go. */
export interface ProblemText {
  /** Where it is and what it is; empty where the server's own words say it in the visitor's language. */
  text: string
  /** The server's own words, in English: they name the value. */
  detail: string
}

/** Where a message says that it is, which is told in the visitor's language instead. */
const PLACE = /^row \d+(?:, column [^:]*)?: /

/** Says nothing that the message does not say better. */
const UNTOLD = 'CSV_INVALID'

export function problemText(words: Words, { code, row, column, message }: Mistake): ProblemText {
  if (words.language === 'en') return { text: '', detail: message }
  const place =
    row === undefined
      ? undefined
      : column === undefined
        ? words.t('import.problem.row', { row })
        : words.t('import.problem.column', { row, column })
  const own = code === UNTOLD ? undefined : words.find(`error.${code}`)
  const text = [place, own].filter((one) => one !== undefined).join(': ')
  return { text, detail: message.replace(PLACE, '') }
}
