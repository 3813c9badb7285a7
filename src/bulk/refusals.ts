import { AppError } from '../domain/errors.js'
import type { Prepared } from './prepare.js'

/** Throws CSV_INVALID with every mistake that keeps this from being run. */
export function refuseObstacles({ obstacles }: Pick<Prepared, 'obstacles'>, source = 'the file'): void {
  if (obstacles.length === 0) return
  throw new AppError('CSV_INVALID', `${obstacles.length} mistake(s) in ${source}; nothing was changed`, {
    problems: obstacles,
  })
}

export function changed(what: readonly string[]): AppError {
  return new AppError('IMPORT_CHANGED', whatChanged(what), { hint: 'Look at the new preview and confirm that' })
}

export function whatChanged(what: readonly string[]): string {
  const more = what.length > 5 ? ` and ${what.length - 5} more` : ''
  return `since the preview this changed: ${what.slice(0, 5).join(', ')}${more}`
}

export function wrongState(why: string): AppError {
  return new AppError('IMPORT_STATE', why)
}

/** What is told of a refusal where there is one line for it. */
export function told({ message, details }: AppError): string {
  return details.hint === undefined ? message : `${message}. ${details.hint}`
}
