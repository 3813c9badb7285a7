import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { systemErrorCode, AppError } from '../../domain/errors.js'
import type { Pace } from '../pace.js'
import { parseProfile, type Profile } from '../profile.js'

const FOLDER = 'import-profiles'

/**
 * Reads `import-profiles/*.yaml` of each folder of phone data; one of a later folder replaces its namesake. All of them
 * take a tenth of a second, so it gives way between files. Throws TEMPLATES_INVALID naming the file.
 */
export async function loadProfiles(roots: readonly string[], pace: Pace): Promise<Profile[]> {
  const profiles = new Map<string, Profile>()
  for (const profile of profilesIn(roots)) {
    profiles.set(profile.id, profile)
    await pace()
  }
  return [...profiles.values()]
}

/** The profiles of each folder, read as they are asked for. */
export function* profilesIn(roots: readonly string[]): Generator<Profile> {
  for (const root of roots) {
    for (const name of namesIn(join(root, FOLDER))) {
      yield parseProfile(name.replace(/\.yaml$/, ''), parseYaml(join(root, FOLDER, name)))
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort()
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new AppError('TEMPLATES_INVALID', `${path}: ${error.message.split('\n')[0] ?? ''}`)
  }
}
