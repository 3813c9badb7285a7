import { pino } from 'pino'
import type { Log, LogFields, LogLevel } from '../log.js'
import { maskText, maskValue } from '../mask.js'

/** Where the lines go: a file descriptor, or anything that takes text. */
export type LogTarget = number | { write(line: string): void }

/**
 * The program's log: one JSON object a line (`level`, `time` in ISO 8601, fields, `msg`), to stderr unless told
 * otherwise. Secrets are masked by type, by field name and in texts. Written in the background: a reader of stderr
 * that has stopped never stops the server; what is left is flushed when the process ends.
 */
export function createLogger(options: { level: LogLevel; target?: LogTarget }): Log {
  const target = options.target ?? 2
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    typeof target === 'number' ? pino.destination({ dest: target, sync: false }) : target,
  )
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: LogFields, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](maskValue(fields), maskText(message))
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
