/** Where a line of the program's log goes. pino's logger fits; a test passes its own. Fields hold no secrets. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
