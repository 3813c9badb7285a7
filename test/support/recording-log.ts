import type { Log, LogFields } from '../../src/observe/log.js'

/** A log that keeps its lines for the test to look at. */
export interface RecordingLog extends Log {
  readonly lines: { level: 'debug' | 'info' | 'warn' | 'error'; fields: LogFields; message: string }[]
}

/** @returns a log that prints nothing and keeps every line. */
export function recordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = []
  const at = (level: RecordingLog['lines'][number]['level']) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
