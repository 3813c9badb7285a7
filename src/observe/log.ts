/** Facts of a log line by name. Secrets do not belong here; those that slip in are masked (mask.ts). */
export type LogFields = Readonly<Record<string, unknown>>

/** Where log lines go. Injected, so that a test can read them and the core needs no logger. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

/** From the quietest: nothing below the level is written. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A log that nobody reads. */
export const SILENT_LOG: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {}
