import { InvalidArgumentError } from 'commander'
import { AppError } from '../domain/errors.js'
import { WHAT_TO_DO } from './what-to-do.js'

/** What a command talks to; tests pass their own. */
export interface Io {
  out(text: string): void
  err(text: string): void
  /** All of standard input as text. */
  readInput(): Promise<string>
  env: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths start from, and where phoneboot.yaml lies. */
  folder: string
  /** Standard output as a terminal, for live views. */
  terminal: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  /** Standard error, where the server logs, is read by a person. Default: it is not. */
  logIsTerminal?: boolean
  /** Resolves when the user or the system asks the program to end. */
  stopped(): Promise<void>
}

/** Exit codes, documented in docs/operations.md. */
export const EXIT = {
  ok: 0,
  /** Refused or failed; the reason is on standard error. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The command did its work and found problems: phone check, doctor, simulate. */
  problems: 3,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** What a finished command shows: data for --json, and lines for people. */
export interface Report {
  json: unknown
  lines: readonly string[]
  exit?: ExitCode
}

/** Runs the work of a command and shows its report, or its refusal. */
export type Run = (work: () => Promise<Report>) => Promise<void>

/** Columns of equal width, for people. Empty cells stay empty. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string[] {
  const texts = [header, ...rows].map((row) => row.map((cell) => withoutControls(String(cell ?? ''))))
  const widths = header.map((_title, column) =>
    texts.reduce((width, row) => Math.max(width, [...(row[column] ?? '')].length), 0),
  )
  return texts.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  )
}

/** File names and User-Agents come from strangers: nothing in them may steer the admin's terminal. */
function withoutControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** A whole number of 0 or more, for commander's options. */
export function numberOption(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

/** ISO 8601 in UTC, without milliseconds. */
export function shownTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Writes a report: one JSON document, or its lines. */
export function writeReport(io: Io, report: Report, asJson: boolean): ExitCode {
  if (asJson) io.out(`${JSON.stringify(report.json, null, 2)}\n`)
  else for (const line of report.lines) io.out(`${line}\n`)
  return report.exit ?? EXIT.ok
}

/** One clear line, what to do, and every problem of many; a stack only for a bug. */
export function writeError(io: Io, error: unknown, asJson: boolean): ExitCode {
  if (!(error instanceof AppError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
    io.err(`phoneboot: internal error, please report it\n${stack}\n`)
    return EXIT.failed
  }
  const { field, hint = WHAT_TO_DO[error.code], problems } = error.details
  if (asJson) {
    io.err(
      `${JSON.stringify({ error: { code: error.code, message: error.message, field, hint, problems } }, null, 2)}\n`,
    )
  } else {
    io.err(`phoneboot: ${error.message}\n`)
    for (const problem of problems ?? []) if (problem.message !== error.message) io.err(`  ${problem.message}\n`)
    if (hint !== undefined) io.err(`  ${hint}\n`)
  }
  return error.code === 'USAGE' ? EXIT.usage : EXIT.failed
}
