import { AppError } from '../domain/errors.js'
import { csvText } from './csv-text.js'
import type { Profile } from './profile.js'

/** A file of this profile with its columns and example rows; the remarks are left out by the import. */
export function templateCsv(profiles: readonly Profile[], id: string): string {
  const profile = profiles.find((one) => one.id === id)
  if (!profile) {
    throw new AppError('PROFILE_NOT_FOUND', `there is no import profile "${id.slice(0, 40)}"`, {
      field: 'profile',
      hint: `Known are ${profiles.map((one) => one.id).join(', ')}`,
    })
  }
  const headers = profile.columns.map(({ header }) => header)
  const examples = profile.example.map((row) => headers.map((header) => row[header] ?? ''))
  return csvText([headers, ...examples])
}
